"""Half-open intervals of the clock, [from, to) in milliseconds, on which something holds.

Everything that time alone can change is an interval: a sliding window, `within_last`, a wait. So one question, "when does it
change next?", serves them all, and no leaf has to know which kind of time it met. Plain tuples with sentinels instead of
None: they compare without branches and fit a 64-bit MessagePack integer."""
from __future__ import annotations

from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]

DAY_MS = 86_400_000
BEGINNING = -(1 << 62)
FOREVER = 1 << 62
ALWAYS: Interval = (BEGINNING, FOREVER)
NEVER: Interval = (FOREVER, FOREVER)


def intersection(one: Interval, other: Interval) -> Interval:
    (one_start, one_end), (other_start, other_end) = one, other
    start, end = max(one_start, other_start), min(one_end, other_end)
    return (start, end) if start < end else NEVER


def next_change(interval: Interval, now: int) -> int:
    """The first instant after `now` at which being inside changes; FOREVER if never."""
    start, end = interval
    if start > now:
        return start
    return end if end > now else FOREVER
