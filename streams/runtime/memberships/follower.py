"""Follows `audiences.memberships` into a store, in a thread of its own, for as long as the process lives.

It is assigned all partitions and joins no group: every server has the whole copy, with its positions in the same store, so
that a kill neither loses nor repeats a record. The copy's age is known by asking the broker where the topic ends: once it
has read up to there, it has everything that was there when it asked.
"""
from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.codec import Codec
from schemas.errors import Undecodable
from streams.core.errors import Retryable
from streams.runtime.clock import wall_ms
from streams.runtime.exits import end_process
from streams.runtime.kafka.consumers import at_end, committed_only
from streams.runtime.kafka.declared import LARGEST_RECORD
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.offsets import ANSWER, EndOffsets
from streams.runtime.kafka.registry import codec_of
from streams.runtime.kafka.topics import topic_id
from streams.runtime.memberships.store import MembershipsStore
from streams.runtime.settings import Settings

log = logging.getLogger(__name__)

ROUND = 2_000
"""Records written together."""
GATHER = 0.02
ASK_EVERY = 0.5
"""Seconds: for a round to fill; between two questions where the topic ends."""


class _MadeAnew(Exception):
    """The topic was deleted and made anew: nothing of the copy is known to be right."""


class Follower:
    """Reads into `store` from `start` on. `fail` hears why it cannot go on (a full disk, a bug); by default the process
    ends. `row_of_gone` gives what to keep for an identifier that was deleted; by default nothing."""

    def __init__(self, settings: Settings, store: MembershipsStore,
                 fail: Callable[[BaseException], None] = end_process,
                 row_of_gone: Callable[[str], bytes | None] = lambda _: None) -> None:
        self._settings, self._store, self._fail, self._row_of_gone = settings, store, fail, row_of_gone
        self._topic = Names(settings).on_cluster("audiences.memberships")
        self._positions = store.positions()
        self._asked: tuple[dict[int, int], float] | None = None
        self._ask_at = 0.0
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._live, name="follower", daemon=True)
        self.current_as_of: float | None = None
        """The monotonic instant of which the copy has everything; None before it was complete once."""
        self.records, self.rejected = 0, 0
        self.is_anew = not self._positions
        """Whether it reads from the beginning: the store was empty, or not of this topic."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, between two writes."""
        self._is_stopping.set()
        self._thread.join()

    def behind(self) -> float | None:
        """Seconds that the copy may lag behind the topic; None if it was never complete since the start."""
        return None if self.current_as_of is None else monotonic() - self.current_as_of

    def _live(self) -> None:
        try:
            codec = self._patiently(lambda: codec_of(self._settings))
            consumer = Consumer(_options(self._settings))
            self._ends = EndOffsets(self._settings.broker)
            self._begin(consumer)
            while not self._is_stopping.is_set():
                try:
                    self._round(consumer, codec)
                except _MadeAnew:
                    self.current_as_of = self._asked = None
                    self._discard()
                    self._begin(consumer)
            consumer.close()
        except BaseException as failure:
            if not (isinstance(failure, Retryable) and self._is_stopping.is_set()):
                self._fail(failure)

    def _begin(self, consumer: Consumer) -> None:
        """Returns once the topic is there to be read, or the process is to end."""
        is_reached = self._assign(consumer)
        if not is_reached and not self._is_stopping.is_set():
            log.warning("Waiting: no Kafka broker at %s answers, or it has no topic %s yet; AUDIENCE_BROKER, "
                        "AUDIENCE_PREFIX?", self._settings.broker, self._topic)
        while not is_reached and not self._is_stopping.wait(ASK_EVERY):
            is_reached = self._assign(consumer)

    def _assign(self, consumer: Consumer) -> bool:
        """Begins where the store stands; False while the broker is away or has no such topic."""
        try:
            found = consumer.list_topics(self._topic, timeout=ANSWER).topics[self._topic]
            partitions = [TopicPartition(self._topic, number) for number in found.partitions]
            ends = {each.partition: consumer.get_watermark_offsets(each, ANSWER) for each in partitions}
        except KafkaException:
            return False
        if found.error is not None or not partitions or None in ends.values():
            return False
        known, noted = topic_id(self._settings, self._topic), self._store.topic_id()
        if (known and noted and known != noted) or not all(
                partition in ends and ends[partition][0] <= offset <= ends[partition][1]
                for partition, offset in self._positions.items()):
            self._discard()
        if known:
            self._store.note_topic(known)
        self._positions = {number: self._positions.get(number, first) for number, (first, _) in ends.items()}
        consumer.assign([TopicPartition(self._topic, number, offset) for number, offset in self._positions.items()])
        return True

    def _discard(self) -> None:
        log.warning("The copy in %s is not of topic %s as it is now: it is built anew", self._store.folder, self._topic)
        self._store.discard()
        self._positions, self.is_anew = {}, True

    def _round(self, consumer: Consumer, codec: Codec) -> None:
        rows: dict[bytes, bytes | None] = {}
        before = dict(self._positions)
        for message in consumer.consume(ROUND, GATHER):
            self._take(message, codec, rows)
        is_current = self._is_current()
        if rows or is_current or self._positions != before:
            self._store.write(rows, self._positions, wall_ms() if is_current else None)
        if is_current and self._asked is not None:
            self.current_as_of, self._asked = self._asked[1], None
        self._ask()

    def _take(self, message: Any, codec: Codec, rows: dict[bytes, bytes | None]) -> None:
        if message.error() is not None:
            if at_end(message):
                self._refuse_before(message.partition(), message.offset())
                self._positions[message.partition()] = message.offset()
            return
        self._refuse_before(message.partition(), message.offset())
        self.records += 1
        self._positions[message.partition()] = message.offset() + 1
        key, value = message.key(), message.value()
        try:
            identifier = (key or b"").decode()
            row = self._row_of_gone(identifier) if value is None else self._patiently(lambda: _row(codec, value))
        except (Undecodable, UnicodeDecodeError) as fault:
            self._skip(message, fault.reason if isinstance(fault, Undecodable) else "the key is not UTF-8")
        else:
            rows[identifier.encode()] = row

    def _skip(self, message: Any, reason: str) -> None:
        """What stood there before stays: a damaged record says nothing about anybody."""
        self.rejected += 1
        log.warning("%s[%d] offset %d skipped: %s", message.topic(), message.partition(), message.offset(), reason)

    def _is_current(self) -> bool:
        ends = self._asked[0] if self._asked else None
        return ends is not None and all(self._positions.get(number, 0) >= end for number, end in ends.items())

    def _ask(self) -> None:
        """Ask where the topic ends by now. If there is no answer the copy's age goes on growing, which is how that is
        noticed."""
        at = monotonic()
        if self._asked is not None or at < self._ask_at:
            return
        self._ask_at = at + ASK_EVERY
        ends = self._ends.now(TopicPartition(self._topic, number) for number in self._positions)
        if ends is not None:
            for (_, partition), end in ends.items():
                self._refuse_before(partition, end)
            self._asked = {partition: end for (_, partition), end in ends.items()}, at

    def _refuse_before(self, partition: int, offset: int) -> None:
        """A topic never goes back: one that ends, or is read, before its position is another one under the same name."""
        if offset < self._positions.get(partition, 0):
            raise _MadeAnew

    def _patiently(self, call: Callable[[], Any]) -> Any:
        """A registry that is away delays the copy, which its age shows; it makes no record undecodable."""
        while True:
            try:
                return call()
            except Retryable as fault:
                log.warning("Waiting: %s", fault)
                if self._is_stopping.wait(fault.after):
                    raise


def _row(codec: Codec, value: bytes) -> bytes:
    record = codec.decode("memberships", value)
    return orjson.dumps({name: record[name] for name in ("identifier", "segments", "at")})


def _options(settings: Settings) -> dict[str, Any]:
    return committed_only(settings, f"{settings.application}-serve") | {
        "enable.partition.eof": True, "fetch.wait.max.ms": 20,
        "fetch.message.max.bytes": LARGEST_RECORD, "queued.max.messages.kbytes": 32_768, "reconnect.backoff.max.ms": 1000}
