"""A worker's processor that notes every decision of the sequencer in its state, and dies where it is told to.

Notes are rows of `meta`, written in the unit of work that decides: a decision whose unit was not committed leaves none.
DIES_AT is `function:call` of `streams.core.handover`, several with commas: in the middle of that call, of those in this
process, the process kills itself with -9; each happens once, for all workers that share the folder DIES_IN.
"""
from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import astuple
from pathlib import Path
from typing import Any
from unittest.mock import patch

from streams.core import handover
from streams.core.homes import REALM
from streams.core.messages import Sent
from streams.runtime import processor
from streams.runtime.settings import Settings
from streams.task import Task
from streams.task.partitioning import partition_of
from streams.task.rows import pack, unpack
from streams.unit import Change, Inbound, Outcome, Processor, Store
from tests.properties.retracing import Noted, decisions_noted

NOTE = b"~"
_FOR_GOOD = ExitStack()


def task_factory(settings: Settings) -> Callable[[int, int, Store], Processor]:
    """As the pipeline's own, but for the notes and deaths."""
    noted = _FOR_GOOD.enter_context(decisions_noted())

    class Noting(Task):
        def run(
            self, batch: Sequence[Inbound], wall: int, timers_until: int, portion: float = 1.0, *, has_turn: bool = True,
        ) -> Outcome:
            outcome = super().run(batch, wall, timers_until, portion, has_turn=has_turn)
            if self.partition == partition_of(REALM, settings.partitions):
                outcome.changes += [_note(number, noted[number]) for number in sorted(noted)]
                noted.clear()
            return outcome

    _FOR_GOOD.enter_context(patch.object(processor, "Task", Noting))
    for death in filter(None, os.environ.get("DIES_AT", "").split(",")):
        name, _, call = death.partition(":")
        _die_in(name, int(call), Path(os.environ["DIES_IN"]) / f"died-{name}")
    return processor.task_factory(settings)


def _note(number: int, what: Noted) -> Change:
    return Change("meta", NOTE + number.to_bytes(8, "big"), pack(astuple(what)))


def _die_in(name: str, last: int, mark: Path) -> None:
    step, calls = getattr(handover, name), iter(range(1, 1 << 60))

    def dying(*arguments: Any) -> list[Sent]:
        sends: list[Sent] = step(*arguments)
        if next(calls) == last and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return sends

    _FOR_GOOD.enter_context(patch.object(handover, name, dying))


def notes(stores: Iterable[Store]) -> dict[int, Noted]:
    """Number of the decision -> what was decided on."""
    rows = [row for store in stores for row in store.scan("meta", NOTE, NOTE + b"\xff" * 9, 1 << 30)]
    return {int.from_bytes(key[len(NOTE):], "big"): Noted(*unpack(value)) for key, value in rows}
