"""Words between tasks that are long under way: kept when they are sent, until the test lets them come."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from streams.task import Task
from streams.testing import Pipeline


class Held:
    """Of a pipeline of one task: `words` in the order in which they were sent."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline, self.words = pipeline, list[Any]()

    def come(self, *words: Any, at: int | None = None) -> None:
        """These, or all; `at`: the wall clock, where it is not the pipeline's."""
        (task,), (store,) = self.pipeline.tasks, self.pipeline.stores
        assert words or self.words, "nothing was held"
        task._route(list(words or self.words))
        task._drain()
        store.write(task.run([], self.pipeline.now if at is None else at, 0).changes)


@contextmanager
def holding(pipeline: Pipeline, keeps: Callable[[Any], bool]) -> Iterator[Held]:
    """Within the block whatever it says yes to is held."""
    held, route = Held(pipeline), Task._route

    def routed(task: Task, sends: list[Any]) -> None:
        late = [keeps(sent) for sent in sends]
        held.words.extend(sent for sent, is_late in zip(sends, late, strict=True) if is_late)
        route(task, [sent for sent, is_late in zip(sends, late, strict=True) if not is_late])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Task, "_route", routed)
        yield held
