"""A turn of background work, which is done in slices between batches."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from streams.core.context import Context
from streams.core.messages import Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """now: the task's clock, BEGINNING where only what comes by timer goes on. until: the instant up to which timers may
    fire. portion: how much of a full slice may be done, above 0 and at most 1. follow: carries out what the work sends."""

    context: Context
    now: int
    until: int
    portion: float = 1.0
    follow: Callable[[list[Sent]], None]

    def share(self, full: int) -> int:
        """This turn's portion of a `full` slice; at least one."""
        return ceil(full * self.portion)
