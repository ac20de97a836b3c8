"""Whose turn it is to work in the background: one task of a worker at a time, and none twice while another waits.

A lock would not do: a task with nothing else to do would take it again at once, and one that has events to handle, and asks
only between its units, would never find it free. While events come in, turns also leave room for them: on a machine without
a spare core, every turn delays what else is under way."""
from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

REST = 2.0
"""After a turn, so many times as long passes without one while events come in. With 1.0 the p95 of live events beside a
press of 100,000 was 2.3 times that before it (one run), with 2.0 1.7 and 1.4 (`tests.bench.press`)."""
QUIET = 1.0
"""Seconds after an event in which the next is expected."""


class Turns:
    """Shared by the threads of all tasks; each names itself by its partition. No call blocks."""

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._waiting: set[int] = set()
        self._holder: int | None = None
        self._last: int | None = None
        self._event_at = self._taken_at = self._free_at = -QUIET

    def events_came(self) -> None:
        """Some task got events."""
        self._event_at = self._seconds()

    def take(self, task: int) -> bool:
        """True: the turn is yours until you give it back. False: you are noted as waiting, so the task that had the last
        turn gets none before you; ask again, or withdraw."""
        with self._lock:
            is_others = self._holder is not None or (self._last == task and self._waiting - {task})
            if is_others or self._is_resting():
                self._waiting.add(task)
                return False
            self._holder = self._last = task
            self._taken_at = self._seconds()
            self._waiting.discard(task)
            return True

    def give_back(self) -> None:
        with self._lock:
            self._holder, now = None, self._seconds()
            self._free_at = now + REST * (now - self._taken_at)

    def _is_resting(self) -> bool:
        now = self._seconds()
        return now < self._free_at and now - self._event_at < QUIET

    def is_waited_for(self, task: int) -> bool:
        """Whether the task has asked in vain, and so should ask before its next unit."""
        return task in self._waiting

    def withdraw(self, task: int) -> None:
        """The task no longer wants a turn."""
        with self._lock:
            self._waiting.discard(task)
