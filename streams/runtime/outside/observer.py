"""Watches a pipeline from outside, in a thread: what it writes to its topics, and how far it is behind its senders.

Used by the demo, and by tests that compare what is on the topics with an oracle.
"""
from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from streams.runtime.clock import wall_ms
from streams.runtime.kafka.consumers import committed_only, onlooker
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.registry import codec_of
from streams.runtime.settings import Settings
from streams.task.reading import EVENT_TOPICS
from streams.topology import INPUTS, topic

ALL_INPUTS = tuple(each.name for each in INPUTS)
LAG_EVERY = 0.5
"""Seconds between two questions of `Behind`."""


class Watcher(ABC):
    """A context manager around a daemon thread, which is joined at the end."""

    def __init__(self, name: str) -> None:
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._ending.set()
        self._thread.join()

    @abstractmethod
    def _follow(self) -> None:
        """In the thread, until `_ending` is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRecord:
    """A record of an output topic, decoded; `record` None is a tombstone. `seen_at`: wall clock in ms."""

    topic: str
    partition: int
    offset: int
    key: str
    record: dict[str, Any] | None
    seen_at: int


class Observer(Watcher):
    """Reads output topics from the beginning, as any reader would: committed records only. `on_seen` is called in the
    observer's own thread, in the order of each partition."""

    def __init__(self, settings: Settings, topics: Iterable[str], on_seen: Callable[[OutputRecord], None]) -> None:
        super().__init__("observer")
        self._names, self._settings, self._on_seen = Names(settings), settings, on_seen
        self._schemas = {self._names.on_cluster(name): (name, topic(name).schema) for name in topics}
        self._codec = codec_of(settings)
        self.newest = time.monotonic()
        """When the last record came (monotonic clock): how long the outputs have been quiet."""

    def _follow(self) -> None:
        consumer = Consumer(committed_only(self._settings, f"{self._settings.application}-observer") | {
            "fetch.wait.max.ms": 10, "fetch.queue.backoff.ms": 5})
        partitions = range(self._settings.partitions)
        consumer.assign([TopicPartition(name, p, 0) for name in self._schemas for p in partitions])
        while not self._ending.is_set():
            first = consumer.poll(0.05)
            messages = [] if first is None else [first, *consumer.consume(2_000, 0)]
            now = wall_ms()
            for message in messages:
                if message.error() is None:
                    self.newest = time.monotonic()
                    self._on_seen(self._seen(message, now))
        consumer.close()

    def _seen(self, message: Message, now: int) -> OutputRecord:
        name, schema = self._schemas[message.topic() or ""]
        value, key = message.value(), message.key() or b""
        return OutputRecord(
            topic=name, partition=message.partition() or 0, offset=message.offset() or 0, key=key.decode("utf-8", "replace"),
            record=None if value is None else self._codec.decode(schema, value), seen_at=now)


class Behind(Watcher):
    """How many records the pipeline has still to handle. events: as last heard, None until then. messages: those between
    tasks counted too. answers: how many there were. Asked in a thread, as Kafka is slow to answer just when it matters."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("behind")
        self._settings = settings
        self.events: int | None = None
        self.messages: int | None = None
        self.answers = 0

    def _follow(self) -> None:
        while not self._ending.wait(LAG_EVERY):
            try:
                found = lags(self._settings, ALL_INPUTS)
            except KafkaException:
                continue
            self.events, self.messages = sum(found[name] for name in EVENT_TOPICS), sum(found.values())
            self.answers += 1


def lag(settings: Settings, topics: Collection[str] = EVENT_TOPICS) -> int:
    """Records on these topics that the pipeline has not committed yet. 0 of ALL_INPUTS: it is at rest, nothing is on its
    way between its tasks either."""
    return sum(lags(settings, topics).values())


def lags(settings: Settings, topics: Collection[str]) -> dict[str, int]:
    """The lag by topic. Committed offsets are asked for first: so if nothing is behind, nothing was at that instant.

    KafkaException if no answer comes."""
    names = Names(settings)
    consumer = Consumer(onlooker(settings, names.group))
    try:
        parts = [TopicPartition(names.on_cluster(name), p) for name in topics for p in range(settings.partitions)]
        found = Counter(dict.fromkeys(topics, 0))
        for part in consumer.committed(parts, timeout=10):
            found[names.logical(part.topic)] += consumer.get_watermark_offsets(part, timeout=10)[1] - max(0, part.offset)
        return found
    finally:
        consumer.close()
