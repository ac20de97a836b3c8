"""What travels from the fetching thread through Faust's stream to a task: runs of records, and news of the ends."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streams.unit import Inbound


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBatch:
    """Consecutive records of one topic and partition: the value of one Faust message.

    `first` is where the previous batch of that partition ended and `next_offset` where the next one begins, so that a lost
    batch shows as a gap. `size` is in bytes. `epoch` counts assignments: batches of earlier ones are dropped.
    """

    topic: str
    partition: int
    records: Sequence[Inbound]
    first: int
    next_offset: int
    size: int
    epoch: int
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndReached:
    """The broker had nothing more: `next_offset` as in the last batch, `end` beyond transaction markers."""

    topic: str
    partition: int
    next_offset: int
    end: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndsSeen:
    """The ends of a task's inputs, by topic, as they were at the instant `at` (ms, taken before asking)."""

    ends: Mapping[str, int]
    at: int
