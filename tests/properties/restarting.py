"""A pipeline whose tasks die: in the midst of a unit of work, or between two, when a new one goes on from the store."""
from __future__ import annotations

from random import Random
from typing import Any

from streams.task import Task, TaskSettings
from streams.testing import Pipeline
from streams.unit import Inbound


class Restarting(Pipeline):
    """`Pipeline`, drained between messages as ever. crashes: how likely a unit of work is lost before its commit, and how
    likely a new process takes over before it."""

    def __init__(self, definitions: dict[str, Any], partitions: int, chance: Random, crashes: float) -> None:
        self._chance, self._crashes = chance, crashes
        super().__init__(definitions, partitions)

    def _run(self, index: int, batch: list[Inbound], timers_until: int) -> None:
        if self._chance.random() < self._crashes:
            self._begin(index)
        while self._chance.random() < self._crashes:
            said = len(self.collected.outputs), len(self.collected.rejected)
            self.tasks[index].run(batch, self.now, timers_until)
            del self.collected.outputs[said[0]:], self.collected.rejected[said[1]:]
            self._begin(index)
        super()._run(index, batch, timers_until)

    def _begin(self, index: int) -> None:
        settings = TaskSettings(profile_key="backtest", view_after=None, arrivals=self._next_arrival)
        self.tasks[index] = Task(index, len(self.tasks), self.stores[index], settings, self._codec, self.collected)
