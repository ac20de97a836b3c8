"""What a change of definitions would do, asked of all tasks before it is applied: for the command line and the console."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial

from streams.core.definitions import Definitions
from streams.core.errors import Misconfigured
from streams.core.values import Json
from streams.definitions.lists import as_bytes
from streams.runtime.outside.asking import ask
from streams.runtime.outside.definitions_log import history
from streams.runtime.outside.estimates import Estimates, estimates
from streams.runtime.settings import Settings
from streams.task.wire import Ask

InForce = Callable[[], Mapping[str, Json]]
"""Gives the documents in force."""


def preview_written(
    settings: Settings, load: Callable[[InForce], tuple[Definitions, tuple[str, ...]]], people: int, within: float,
    shown: int = 0,
) -> tuple[Estimates, tuple[str, ...], Mapping[int, Json]]:
    """Of what `load` reads (`load_file`, `load_text`) among the definitions in force; with it the ids of its segments, and
    the answers by task. Misconfigured with all its faults, or as `preview`, whose parameters the others are."""
    in_force = cache(lambda: history(settings).documents)
    definitions, segments = load(in_force)
    changed = {key: document for key, document in definitions.sources.items() if in_force().get(key) != document}
    found, answers = preview(settings, changed, people, within, segments, shown)
    return found, segments, answers


def preview(
    settings: Settings, changed: Mapping[str, Json], people: int, within: float, segments: Iterable[str] = (),
    shown: int = 0,
) -> tuple[Estimates, Mapping[int, Json]]:
    """What these changed definitions (None: deleted) would do, by the tasks that answer `within` so many seconds; and their
    answers. people: profiles to look at, 0 for all. segments: to be counted even if nothing changes for them. shown: members
    of each to name. Misconfigured if a task says that the change does not fit what is in force there."""
    question = partial(Ask, documents=as_bytes(changed), people=-(-people // settings.partitions), shown=shown,
                       segments=tuple(segments))
    answers = ask(settings, question, within)
    for task, body in answers.items():
        if "fault" in body:
            raise Misconfigured((f"task {task}: {body['fault']}; is an apply under way? try again",))
    return estimates(answers, shown), answers
