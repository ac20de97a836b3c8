"""How far a long command is, on one line of a terminal; nothing where stderr is none.

Not a bar: how many rows a file has is known at its end only.
"""
from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
EVERY = 0.5
"""Seconds."""
CLEARED = "\r\x1b[K"


def counted(rows: Iterable[T], what: str) -> Iterator[T]:
    """The rows as they come."""
    if not sys.stderr.isatty():
        yield from rows
        return
    count, began = 0, time.monotonic()
    told = began
    try:
        for row in rows:
            yield row
            count, now = count + 1, time.monotonic()
            if now - told >= EVERY:
                told = now
                rate = count / max(now - began, 0.001)
                print(f"{CLEARED}{count:,} {what}, {rate:,.0f} a second", end="", file=sys.stderr, flush=True)
    finally:
        print(CLEARED, end="", file=sys.stderr, flush=True)
