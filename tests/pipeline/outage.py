"""A worker that comes back after an outage: real tasks, merges and alignment; Kafka's ways are delays drawn by chance.

Tasks take turns on a virtual clock. What one commits is on its receiver's topic at once and read a moment later, as the
broker's ends tell, so that a task always knows there is something before it knows what it says.
"""
from __future__ import annotations

from dataclasses import dataclass
from random import Random

from streams.runtime.work.alignment import Alignment
from streams.runtime.work.batches import EndsSeen, RecordBatch
from streams.runtime.work.merge import Merge
from streams.testing import Pipeline
from streams.unit import Inbound

UNIT = 200
TURN = 0.01
"""Seconds a unit takes."""
SLOWEST = 0.2
"""Seconds until what was committed has been read."""


@dataclass(slots=True)
class _Partition:
    merge: Merge[None]
    written: dict[str, int]
    flying: list[tuple[float, Inbound]]


class ComingBack:
    """`pipeline` has done what came before; `waiting` is what came during the outage, by partition."""

    def __init__(self, pipeline: Pipeline, waiting: list[list[Inbound]], now: int, seed: int) -> None:
        self.pipeline, self._random, self._start, self._seconds = pipeline, Random(seed), now, 0.0
        self.alignment = Alignment(lambda: self._seconds)
        self.alignment.begin(dict.fromkeys(range(len(waiting)), lambda: None))
        self._partitions = [self._opened(pipeline.tasks[p].frontier, records) for p, records in enumerate(waiting)]

    @property
    def wall(self) -> int:
        return self._start + int(self._seconds * 1_000)

    def run(self, until: int) -> None:
        """Turns of tasks drawn by chance, until that instant."""
        while self.wall < until:
            number = self._random.randrange(len(self._partitions))
            self._receive(number)
            is_idle = not self._work(number)
            self._seconds += TURN if any(each.merge.waiting or each.flying for each in self._partitions) else (
                5.0 if is_idle else TURN)

    def _opened(self, frontier: object, records: list[Inbound]) -> _Partition:
        merge: Merge[None] = Merge({"events.hits": 0, "commands": 0}, frontier)  # type: ignore[arg-type]
        flying = [(self._random.random(), record) for record in records]
        return _Partition(merge, {"events.hits": len(records), "commands": 0}, flying)

    def _receive(self, number: int) -> None:
        here = self._partitions[number]
        read = 0
        while read < len(here.flying) and here.flying[read][0] <= self._seconds:
            record = here.flying[read][1]
            here.merge.offer(RecordBatch(
                topic=record.topic, partition=number, records=[record], first=record.offset, next_offset=record.offset + 1,
                size=0, epoch=0, generation=0), None, self.wall)
            read += 1
        del here.flying[:read]
        here.merge.tell(EndsSeen(ends=dict(here.written), at=self.wall))

    def _work(self, number: int) -> bool:
        wall, merge, align = self.wall, self._partitions[number].merge, self.alignment
        align.report(number, merge.reached(wall), wall)
        records = merge.take(UNIT, wall, align.records_until(wall))
        timers_until = min(merge.timers_until(wall), align.timers_until(wall))
        outcome = self.pipeline.tasks[number].run(records, wall, timers_until)
        self.pipeline.stores[number].write(outcome.changes)
        for sent in outcome.sends:
            assert sent.partition is not None
            there = self._partitions[sent.partition]
            offset, due = there.written[sent.topic], self._seconds + self._random.random() * SLOWEST
            there.written[sent.topic] += 1
            there.flying.append((due, Inbound(sent.topic, sent.partition, offset, sent.key, sent.value, wall)))
        merge.settle()
        return bool(records)
