"""Words between tasks that are long under way: kept when they are sent, until the test lets them come."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from streams.task import Task
from streams.task.routing import Router
from streams.testing import Pipeline


class Held:
    """`words` in the order in which they were sent, and the task that sent each."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline, self.words, self.senders = pipeline, list[Any](), list[Task]()

    def come_all(self) -> None:
        """Whoever sent them; and all that follows."""
        assert self.words, "nothing was held"
        for task, word in zip(self.senders, self.words, strict=True):
            task._follow([word])
        for number, _ in enumerate(self.pipeline.tasks):
            self.pipeline._run(number, [], 0)
        self.pipeline._drain()

    def come(self, *words: Any, at: int | None = None) -> None:
        """These, or all, in a pipeline of one task; `at`: the wall clock, where it is not the pipeline's."""
        (task,), (store,) = self.pipeline.tasks, self.pipeline.stores
        assert words or self.words, "nothing was held"
        task._follow(list(words or self.words))
        store.write(task.run([], self.pipeline.now if at is None else at, 0).changes)


@contextmanager
def holding(pipeline: Pipeline, keeps: Callable[[Any], bool]) -> Iterator[Held]:
    """Within the block whatever it says yes to is held."""
    held, route = Held(pipeline), Router.route

    def routed(router: Router, sends: list[Any], at: int) -> None:
        late = [keeps(sent) for sent in sends]
        held.words.extend(sent for sent, is_late in zip(sends, late, strict=True) if is_late)
        held.senders.extend([task for task in pipeline.tasks if task._router is router] * sum(late))
        route(router, [sent for sent, is_late in zip(sends, late, strict=True) if not is_late], at)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Router, "route", routed)
        yield held
