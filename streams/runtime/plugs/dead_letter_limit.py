"""Stops a worker whose input is mostly refused: then it is the input or this program that is wrong, not single records.

Counted after the commit: the unit that crosses the limit is committed with its dead letters, so a restarted worker goes on
behind it. Uncommitted, the same records would be refused for ever. What strangers sent to the collector does not count: one
request of theirs could stop every worker.
"""
from __future__ import annotations

from collections import deque

from streams.runtime.exits import Exit, Stop
from streams.unit import Outcome

WINDOW = 10_000
"""Records over which the ratio is taken."""
LEAST = 1_000
"""Records before the ratio says anything."""


class DeadLetterLimit:
    """Counts for one task. `ratio` 1 and `run` 0 switch the two limits off."""

    def __init__(self, ratio: float, run: int) -> None:
        self._ratio, self._run = ratio, run
        self._units: deque[tuple[int, int]] = deque()
        self._records = self._rejected = self._in_a_row = 0

    def count(self, outcome: Outcome) -> None:
        """Adds a committed unit; Stop(DEAD_LETTERS) if that crosses a limit. Any good record in a unit ends the run, as the
        order within a unit is not known here."""
        rejected = outcome.rejected - outcome.strange
        if not outcome.applied + rejected:
            return
        self._in_a_row = 0 if outcome.applied else self._in_a_row + rejected
        self._units.append((outcome.applied + rejected, rejected))
        self._records += self._units[-1][0]
        self._rejected += rejected
        while self._records - self._units[0][0] >= WINDOW:
            records, rejected = self._units.popleft()
            self._records -= records
            self._rejected -= rejected
        if 0 < self._run <= self._in_a_row:
            raise Stop(Exit.DEAD_LETTERS, _sentence(f"{self._in_a_row} in a row", "AUDIENCE_DEAD_LETTER_RUN"))
        if self._records >= LEAST and self._rejected > self._ratio * self._records:
            share = f"{self._rejected} of the last {self._records}"
            raise Stop(Exit.DEAD_LETTERS, _sentence(share, "AUDIENCE_DEAD_LETTER_RATIO"))


def _sentence(found: str, setting: str) -> str:
    return (f"Too many records were refused: {found}. They are committed to the topic `dead-letters`, each with its reason "
            f"(`audience dead-letters list`). Mend the source and start the worker again, or raise {setting}")
