"""A destination's side of Kafka: its own consumer group on the channel's topic, its outcomes on `deliveries`.

Outcomes are written first, then the offset, and not in one transaction: the call to the destination cannot be part of it,
so a kill in between would repeat the call all the same. How far a partition is done is the commit's metadata
(`connectors.delivery.progress`). Each consumer has its own thread: in a pool, idle destinations would delay a busy one.
"""
from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, assert_never

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, Producer, TopicPartition

from connectors.delivery import Deferred, Delivered, Delivery, Place, Refused, Taken
from connectors.delivery.activation import from_record
from connectors.delivery.progress import Mark, as_text, from_text
from schemas import Undecodable
from streams.core.errors import Retryable
from streams.runtime.kafka.calls import CALL, persistently
from streams.runtime.kafka.consumers import at_end, committed_only
from streams.runtime.kafka.declared import LARGEST_RECORD
from streams.runtime.kafka.errors import error_of, is_ousted
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.registry import codec_of
from streams.runtime.kafka.topics import topic_id
from streams.runtime.settings import Settings

log = logging.getLogger(__name__)

SILENT_MS = 600_000
"""After so long without a poll the group thinks a destination dead; a longer call is interrupted by some (`engine.STAY`)."""

ANSWERED_MS = 300_000
"""For so long outcomes wait for a broker that is away: with those of the longest silent call still less than `SILENT_MS`."""


class Rebalanced(Exception):
    """Partitions came or went: what the engine holds may be another's now. Begin again, with an empty window."""


class KafkaActivations:
    """Implements `connectors.delivery.Activations`. One engine at a time; a new one begins after `Rebalanced`."""

    def __init__(self, settings: Settings, destination: str, channel: str) -> None:
        names = Names(settings)
        self._topic = names.on_cluster(f"activations.{channel}")
        self._deliveries = names.on_cluster("deliveries")
        self._codec = codec_of(settings)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=destination)
        self._producer = Producer({
            "bootstrap.servers": settings.broker, "enable.idempotence": True, "partitioner": "murmur2_random",
            "linger.ms": 2, "message.max.bytes": LARGEST_RECORD, "message.timeout.ms": ANSWERED_MS, "log_level": 0})
        self._consumer = Consumer(committed_only(settings, f"{names.group}-destination-{destination}") | {
            "session.timeout.ms": int(settings.session_timeout * 1000), "max.poll.interval.ms": SILENT_MS,
            "fetch.message.max.bytes": LARGEST_RECORD, "enable.partition.eof": True})
        self._consumer.subscribe([self._topic], on_assign=self._assigned, on_revoke=self._revoked,
                                 on_lost=self._revoked)
        self._marks: dict[int, Mark] = {}
        """Of every partition that was ever here: what is known to be done, whether or not the group let it be committed."""
        self._read: dict[int, int] = {}
        self._held: list[Message] = []
        self._is_revoked = self._is_ousted = False
        """Ousted: the next engine reads on from what is committed once there is an assignment again, and not from here."""
        self._lost = 0
        self._committed: set[int] = set()
        """Partitions of which this process committed something."""
        self._settings, self._topic_id = settings, ""
        self._made_anew: set[int] = set()
        """Since the engine began: what it says of these is about records that are gone."""

    async def take(self, most: int, within: float) -> Sequence[Taken]:
        """Rebalanced when partitions were taken away since the last call."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._taken, most, within)

    async def stay(self) -> None:
        """Polls, with the partitions paused."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._stayed)

    async def settle(self, deliveries: Sequence[Delivery], marks: Mapping[int, Mark]) -> None:
        """Retryable if the outcomes, Stop if the offsets could not be written; Rebalanced where
        the outcomes are written, and the offsets another's to write."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._written, deliveries, marks)

    def unread(self, ends: Mapping[int, int]) -> int:
        """Records of its partitions that were not handed to the engine, by where each ends. From any thread."""
        return len(self._held) + sum(max(0, ends.get(each, 0) - read) for each, read in self._read.copy().items())

    def close(self) -> None:
        """Leaves the group."""
        self._thread.submit(self._consumer.close).result()
        self._thread.shutdown()

    def _stayed(self) -> None:
        self._consumer.pause(self._consumer.assignment())
        message = self._consumer.poll(0)
        if message is not None and self._is_record(message):
            self._held.append(message)
        self._consumer.resume(self._consumer.assignment())

    def _taken(self, most: int, within: float) -> list[Taken]:
        return [taken for message in self._polled(most, within) if (taken := self._parsed(message)) is not None]

    def _polled(self, most: int, within: float) -> list[Message]:
        """With no room the partitions are paused, and polled all the same: who does not poll leaves the group."""
        assignment = self._consumer.assignment()
        if not most:
            self._consumer.pause(assignment)
        found, self._held = self._held[:most], self._held[most:]
        patience = 0.0 if found else within
        while True:
            message = self._consumer.poll(patience)
            if message is not None and self._is_record(message) and not self._is_ousted:
                (found if len(found) < most and not self._is_revoked else self._held).append(message)
            if message is None or len(found) >= most:
                break
            patience = 0.0
        self._refuse_if_revoked()
        if not most:
            self._consumer.resume(self._consumer.assignment())
        return found

    def _refuse_if_revoked(self) -> None:
        if self._is_revoked:
            self._is_revoked = False
            self._made_anew.clear()
            raise Rebalanced

    def _is_record(self, message: Message) -> bool:
        is_record = message.error() is None
        if is_record or at_end(message):
            partition, offset = message.partition() or 0, message.offset() or 0
            if offset < self._read.get(partition, 0):
                if self._is_another():
                    self._begin_anew(partition)
                    return False
                log.error("%s[%d] lost records from %d on, and new ones in their places count as delivered; was a broker "
                          "elected that did not have them?", self._topic, partition, offset)
            self._read[partition] = offset + is_record
        return is_record

    def _parsed(self, message: Message) -> Taken | None:
        partition, offset, value = _place(message)
        if partition in self._marks and self._marks[partition].is_done(offset):
            return None
        try:
            activation = from_record(self._codec.decode("activation", value))
        except ValueError as fault:
            if isinstance(fault, Undecodable) and fault.is_of_newer:
                raise Retryable(f"{self._topic}: {fault}; it waits", after=5) from None
            log.error("%s[%d] offset %d is no activation and is passed over; who else writes to this topic? %s",
                      self._topic, partition, offset, fault)
            return None
        return Taken(place=Place(partition=partition, offset=offset), activation=activation)

    def _written(self, deliveries: Sequence[Delivery], marks: Mapping[int, Mark]) -> None:
        for delivery in deliveries:
            self._producer.produce(self._deliveries, self._codec.encode("delivery", record_of(delivery)),
                                   delivery.activation.activation_id, on_delivery=self._answered)
        while not self._lost and (left := self._producer.flush(CALL)):
            log.warning("%d outcomes wait for Kafka; until they are written nothing more is delivered", left)
        if self._lost:
            raise Retryable(f"{self._lost} outcomes could not be written; the offsets stay, and what was "
                            "delivered comes again under the same ids", after=5)
        now = {partition: self._joined(partition, mark) for partition, mark in marks.items()
               if partition not in self._made_anew}
        self._marks |= now
        self._refuse_if_revoked()
        offsets = [TopicPartition(self._topic, partition, mark.offset, metadata=as_text(mark))
                   for partition, mark in now.items()]
        persistently("commit", lambda: self._commit(offsets))

    def _commit(self, offsets: list[TopicPartition]) -> None:
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
            self._committed |= {each.partition for each in offsets}
        except KafkaException as failure:
            if is_ousted(error_of(failure)):
                self._is_ousted, self._held = True, []
                raise Rebalanced from failure
            raise

    def _joined(self, partition: int, mark: Mark) -> Mark:
        return mark.joined(self._marks.get(partition, mark))

    def _answered(self, error: Any, _message: Any) -> None:
        self._lost += error is not None

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._topic_id = self._topic_id or topic_id(self._settings, self._topic)
        committed = persistently("committed", lambda: consumer.committed(partitions, CALL))
        for each in committed:
            if each.offset < 0 and each.partition in self._committed:  # Kafka forgets what was committed of a deleted topic
                self._forget(each.partition)
        self._read_on(consumer, committed)

    def _begin_anew(self, partition: int) -> None:
        """The engine begins again, and what it has of other partitions comes again."""
        self._forget(partition)
        self._made_anew.add(partition)
        self._is_revoked = True
        places = persistently("committed", lambda: self._consumer.committed(self._consumer.assignment(), CALL))
        self._read_on(self._consumer, [
            TopicPartition(self._topic, partition, OFFSET_BEGINNING) if each.partition == partition else each
            for each in places])

    def _is_another(self) -> bool:
        """Whether the topic is another one under the same name since this was asked last."""
        former, found = self._topic_id, topic_id(self._settings, self._topic)
        self._topic_id = found or former
        return bool(former and found and former != found)

    def _forget(self, partition: int) -> None:
        self._marks.pop(partition, None)
        self._committed.discard(partition)
        log.warning("%s[%d] was deleted and made anew; it is read from its beginning", self._topic, partition)

    def _read_on(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        marks = {each.partition: self._joined(each.partition, from_text(each.offset, each.metadata or ""))
                 for each in places if each.offset >= 0}
        self._marks |= marks
        self._read = {each.partition: each.offset for each in places if each.offset >= 0}
        self._held, self._is_ousted = [], False
        consumer.assign(places)

    def _revoked(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        self._is_revoked = True
        self._read = {}


def record_of(delivery: Delivery) -> dict[str, Any]:
    """A record of the topic `deliveries`. Names nobody."""
    row = {"activation_id": delivery.activation.activation_id, "channel": delivery.activation.channel,
           "destination": delivery.destination, "attempt": delivery.attempt, "retry_at": delivery.retry_at,
           "at": delivery.at, "reason": None, "reference": None}
    match delivery.outcome:
        case Delivered(reference=reference):
            return row | {"outcome": "delivered", "reference": reference}
        case Deferred(why=why):
            return row | {"outcome": "deferred", "reason": why}
        case Refused(why=why):
            return row | {"outcome": "refused", "reason": why}
        case _:
            assert_never(delivery.outcome)


def _place(message: Message) -> tuple[int, int, bytes]:
    partition, offset, value = message.partition(), message.offset(), message.value()
    return int(partition or 0), int(offset or 0), bytes(value or b"")
