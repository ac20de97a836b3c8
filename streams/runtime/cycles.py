"""When Python looks for cycles: hardly ever. All threads wait for such a look, about a second for half a million objects.

The cached rows are millions of objects, and neither they nor anything else that a unit of work makes is ever in a cycle;
so what is there after a unit is set aside, and never looked at. A minute at 2,000 events/s, with metrics and status page
asked for every second, left fewer than 450 objects in cycles, those of the start. What was looked at once or twice while it
was new cost 6 % of the CPU then, and stood still for 0.1 to 0.2 s each time; up to two million at once, while a button
was pressed, for 3 s.
"""
from __future__ import annotations

import gc

LOOK_AFTER = (50_000, 1, 20_000)
"""Allocations before a look within a unit, and how many such looks before one at what is older."""


def begin() -> None:
    """In this process, from now on."""
    gc.set_threshold(*LOOK_AFTER)


def set_aside() -> None:
    """After a unit of work; at once, whatever there is. What is set aside is freed as ever when nobody refers to it."""
    gc.freeze()
