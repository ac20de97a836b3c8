"""Whose turn it is to work in the background: one task of a worker at a time, and none for long before another.

Not a lock alone: a task with nothing else to do would take it again at once, and one that has events to handle, and asks
only between its units, would never find it free.
"""
from __future__ import annotations

import threading


class Turns:
    """For the threads of all tasks; each gives its own partition as its name. No call waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[int] = set()
        self._holder: int | None = None
        self._last: int | None = None

    def take(self, task: int) -> bool:
        """True: it is yours until you give it back. False: you are waited for; ask again, or withdraw."""
        with self._lock:
            if self._holder is not None or (self._last == task and self._waiting - {task}):
                self._waiting.add(task)
                return False
            self._holder = self._last = task
            self._waiting.discard(task)
            return True

    def give_back(self) -> None:
        with self._lock:
            self._holder = None

    def is_waited_for(self, task: int) -> bool:
        """It asked in vain: it is to ask before its next unit."""
        return task in self._waiting

    def withdraw(self, task: int) -> None:
        """It wants no turn any more."""
        with self._lock:
            self._waiting.discard(task)
