"""Fetches for all tasks of a worker: one confluent consumer that is told what to read, in a thread of its own.

aiokafka's fetcher, which belongs to the group's member, costs a Python object and several loop turns for each record, and
could hand over records from before a seek. This consumer never joins a group. It is assigned anew after every rebalance, at
the offsets read after fencing, and every assignment begins a new epoch: what is still under way from an earlier one is
dropped.
"""
from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import sleep
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from streams.runtime.kafka.consumers import at_end, committed_only
from streams.runtime.kafka.declared import LARGEST_RECORD
from streams.runtime.kafka.names import Names
from streams.runtime.settings import Settings
from streams.runtime.work.batches import EndReached, RecordBatch
from streams.topology import MIB
from streams.unit import Inbound

Input = tuple[str, int]
"""Topic, by its logical name, and partition."""

ROUND = 4_000
"""Records taken from librdkafka at a time."""
GATHER = {"fetch.wait.max.ms": 10, "fetch.min.bytes": 100_000}
"""The broker gathers: a request names every input of every task, and each batch costs its way through Faust and a waking.
Answered with whatever was there they were 330 a second at 2,000 events/s, and p95 a fifth longer (`tests.bench.steady`)."""
SETTLE = 0.002
"""Seconds between two rounds while little comes in: what one answer brought is queued an input at a time."""
IDLE = 0.05
"""Seconds to wait for a first message, or for something to read."""
DEEP_RECORDS = 8_000
DEEP_BYTES = 16 * MIB
"""What may wait of one input before it is paused; it goes on at a quarter of it. Never all inputs of a task together: the
merge may be waiting for just the one that is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What to read from where; no offsets: nothing. `generation` is that of the consumer group, for Faust."""

    epoch: int
    offsets: Mapping[Input, int]
    generation: int


@dataclass(slots=True)
class _Depth:
    """How much of one input was delivered and is not settled."""

    records: int = 0
    size: int = 0
    is_paused: bool = False

    def is_deep(self) -> bool:
        return self.records >= DEEP_RECORDS or self.size >= DEEP_BYTES

    def is_shallow(self) -> bool:
        return self.records <= DEEP_RECORDS // 4 and self.size <= DEEP_BYTES // 4


@dataclass(slots=True)
class _Epoch:
    number: int = 0
    generation: int = 0
    next_offsets: dict[Input, int] = field(default_factory=dict)
    depths: dict[Input, _Depth] = field(default_factory=lambda: defaultdict(_Depth))


Deliver = Callable[[list[RecordBatch], list[EndReached], int], None]
"""Batches and ends that were read, and the epoch they belong to."""


class Fetch:
    """Reads what it is assigned, once it is started."""

    def __init__(self, settings: Settings, wall: Callable[[], int]) -> None:
        self._names = Names(settings)
        self._options = _options(settings, self._names.group)
        self._wall = wall
        self._epoch = _Epoch()
        self._orders: deque[tuple[Assignment, Future[None]]] = deque()
        self._settled: deque[RecordBatch] = deque()
        self._wake = threading.Event()
        self._is_stopping = False

    def start(self, deliver: Deliver, fail: Callable[[BaseException], None]) -> None:
        """Begins the thread; it calls `deliver` with what it read, `fail` with what ended it."""
        self._deliver, self._fail = deliver, fail
        threading.Thread(target=self._live, name="fetch", daemon=True).start()

    def assign(self, assignment: Assignment) -> Future[None]:
        """Reads this from now on, and nothing else; the future is done once it is in force."""
        done: Future[None] = Future()
        self._orders.append((assignment, done))
        self._wake.set()
        return done

    def settled(self, batch: RecordBatch) -> None:
        """Makes room. From any thread."""
        self._settled.append(batch)

    def stop(self) -> None:
        """Ends the thread; returns at once."""
        self._is_stopping = True
        self._wake.set()

    def _live(self) -> None:
        try:
            self._consumer = Consumer(self._options)
            while not self._is_stopping:
                self._obey()
                if self._epoch.next_offsets:
                    self._round()
                else:
                    self._wake.wait(IDLE)
                    self._wake.clear()
            self._consumer.close()
        except BaseException as failure:
            self._fail(failure)

    def _obey(self) -> None:
        while self._orders:
            assignment, done = self._orders.popleft()
            self._consumer.unassign()
            self._epoch = _Epoch(assignment.epoch, assignment.generation, dict(assignment.offsets))
            if assignment.offsets:
                self._consumer.assign([
                    TopicPartition(self._names.on_cluster(topic), partition, offset)
                    for (topic, partition), offset in assignment.offsets.items()
                ])
            done.set_result(None)

    def _round(self) -> None:
        self._make_room()
        message = self._consumer.poll(IDLE)
        if message is None:
            return
        messages = [message, *self._consumer.consume(ROUND, 0)]
        batches, ends = self._sort(messages)
        if batches or ends:
            self._deliver(batches, ends, self._epoch.number)
        if len(messages) < ROUND // 4:
            sleep(SETTLE)

    def _sort(self, messages: list[Any]) -> tuple[list[RecordBatch], list[EndReached]]:
        runs: dict[tuple[str, int], list[Any]] = {}
        ends: dict[Input, int] = {}
        for message in messages:
            source = name, number = message.topic(), message.partition()
            if message.error() is not None:
                if at_end(message):
                    ends[self._names.logical(name), number] = message.offset()
            elif (run := runs.get(source)) is not None:
                run.append(message)
            else:
                runs[source] = [message]
        batches = [self._batch((self._names.logical(name), number), run) for (name, number), run in runs.items()]
        return batches, [self._end(source, end) for source, end in ends.items() if end >= self._epoch.next_offsets[source]]

    def _batch(self, source: Input, run: list[Any]) -> RecordBatch:
        epoch, (topic, partition) = self._epoch, source
        records = [
            Inbound(
                topic, partition, each.offset(), each.key(), each.value(), each.timestamp()[1],
                tuple(headers) if (headers := each.headers()) else (),
            )
            for each in run
        ]
        first, next_offset = epoch.next_offsets[source], records[-1].offset + 1
        epoch.next_offsets[source] = next_offset
        size = sum(len(record.value or b"") for record in records)
        depth = epoch.depths[source]
        depth.records += len(records)
        depth.size += size
        return RecordBatch(
            topic=topic, partition=partition, records=records, first=first, next_offset=next_offset, size=size,
            epoch=epoch.number, generation=epoch.generation,
        )

    def _end(self, source: Input, end: int) -> EndReached:
        topic, partition = source
        return EndReached(
            topic=topic, partition=partition, next_offset=self._epoch.next_offsets[source], end=end, at=self._wall())

    def _make_room(self) -> None:
        """An input whose task is behind is paused, so that memory is bounded and the others go on."""
        while self._settled:
            batch = self._settled.popleft()
            if batch.epoch == self._epoch.number:
                depth = self._epoch.depths[batch.topic, batch.partition]
                depth.records -= len(batch.records)
                depth.size -= batch.size
        for (topic, partition), depth in self._epoch.depths.items():
            if depth.is_deep() and not depth.is_paused:
                self._consumer.pause([TopicPartition(self._names.on_cluster(topic), partition)])
                depth.is_paused = True
            elif depth.is_shallow() and depth.is_paused:
                self._consumer.resume([TopicPartition(self._names.on_cluster(topic), partition)])
                depth.is_paused = False


def _options(settings: Settings, group: str) -> dict[str, Any]:
    return committed_only(settings, f"{group}-fetch") | {
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        **GATHER,
        "fetch.queue.backoff.ms": 5,
        "fetch.message.max.bytes": 256 * 1024,
        "receive.message.max.bytes": 10 * LARGEST_RECORD,
        "queued.min.messages": 10_000,
        "queued.max.messages.kbytes": 16_384,
        "reconnect.backoff.max.ms": 1000,
    }
