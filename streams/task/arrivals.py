"""Numbers a task's messages in the order in which they came, also among those of other tasks."""
from __future__ import annotations


class Arrivals:
    """`last`: what the newest number was made of, to go on from after a restart."""

    def __init__(self, partition: int, last: int) -> None:
        self._partition, self.last = partition & 1023, last

    def next(self, at: int) -> int:
        """Rises with every message of this task, and with the instant; the low bits keep the numbers of tasks apart."""
        instant, number = at << 10, self.last + 1
        self.last = number = instant if instant > number else number
        return number << 10 | self._partition
