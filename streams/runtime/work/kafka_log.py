"""The side of a task that is Kafka: its transactional producer, and the offsets committed for it.

Each task has a producer of its own: `init_transactions` with the task's id fences the former owner and settles its open
transaction at once. With one producer for the worker, the new owner would wait for the broker to time that transaction out,
10 s or more. The group metadata is that of a consumer that never joined: the transactional id fences, not the generation.
"""
from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from streams.core.errors import Bug
from streams.runtime.exits import Exit, Stop
from streams.runtime.kafka.calls import CALL, Aborted, persistently
from streams.runtime.kafka.consumers import committed_only, ignore
from streams.runtime.kafka.declared import LARGEST_RECORD
from streams.runtime.kafka.errors import in_words, is_given_up, is_passing
from streams.runtime.kafka.names import Names
from streams.runtime.settings import Settings
from streams.runtime.state.changelog import messages
from streams.runtime.state.restore import Superseded
from streams.topology import INPUTS
from streams.unit import Change, Outbound

log = logging.getLogger(__name__)

TRANSACTION = 60_000
"""ms after which Kafka aborts a transaction by itself. Longer than a broker's restart, so that a worker survives one; a
dead worker's is settled long before, by the fencing of whoever takes its task over."""
ANSWER = 10_000
"""ms for which a request waits for a connection and its answer; by default as long as a transaction may take. Only this
brings `send_offsets_to_transaction` back, which does not look at the time it is given (librdkafka's issue 5456)."""
IDLE = 3000
"""ms after which an unused connection ends; to open it again costs a few."""
LOOK = 2.0
"""Seconds for a look whether Kafka is there."""
QUEUE = 500_000
"""Records the producer may hold; a unit is far smaller, so that a full queue is a bug."""


class KafkaLog:
    """Fence first. Then per unit: begin, produce, commit; or abort. One thread at a time."""

    def __init__(self, settings: Settings, partition: int, is_called_off: Callable[[], bool] = lambda: False) -> None:
        self._names = Names(settings)
        self._is_called_off = is_called_off
        self._partition = partition
        self._producer = Producer(_producer_options(settings, self._names.transactional_id(partition)))
        self.reader = Consumer(_reader_options(settings, self._names.group))
        """Not a member of the group. Reads the changelog; tells what is committed."""
        self._group = self.reader.consumer_group_metadata()
        """Asked for once: a reader that is no member has the same for ever, and the call holds the interpreter."""
        self.changelog = TopicPartition(self._names.changelog, partition)
        self._changelog_end: int | None = None

    def fence(self) -> None:
        """From here on nobody else can commit for this task; what somebody had open is settled. Superseded if it was called
        off: whoever has the task by now would be fenced."""
        persistently("init_transactions", self._fence)

    def committed(self, *, has_state: bool) -> dict[str, int]:
        """Per input topic the offset to go on from. Call it after `fence`: before, it may be about to change. Stop(STATE) if
        there is state and no offset: every change of it was committed with one, and to begin anew would count twice."""
        inputs = [TopicPartition(self._names.on_cluster(topic.name), self._partition) for topic in INPUTS]
        found = persistently("committed", lambda: self.reader.committed(inputs, CALL))
        if has_state and all(each.offset < 0 for each in found):
            raise Stop(Exit.STATE, _no_offsets(self._names.group, self._partition))
        return {self._names.logical(each.topic): self._usable(each) for each in found}

    def begin(self) -> None:
        """Opens a transaction. Local; the broker hears of it with the first record. Stop if somebody fenced us meanwhile."""
        persistently("begin_transaction", self._producer.begin_transaction)
        self._changelog_end = None

    def produce(self, changes: Iterable[Change], sends: Iterable[Outbound]) -> None:
        """Queues the changes for the changelog, and the sends, in order. Aborted if Kafka gave the transaction up."""
        logged = messages(changes)
        if logged:
            logged[-1]["callback"] = self._on_last_change
            self._produce(self._names.changelog, logged, self._partition)
        # produce_batch ignores a partition stated in the message itself (confluent-kafka 2.16): one call a partition.
        batches: dict[tuple[str, int], list[dict[str, Any]]] = {}
        for topic, key, value, partition in sends:
            place = (topic, -1 if partition is None else partition)
            batches.setdefault(place, []).append({"key": key, "value": value})
        for (topic, partition), batch in batches.items():
            self._produce(self._names.on_cluster(topic), batch, partition)

    def commit(self, offsets: Mapping[str, int], reached: int) -> int | None:
        """Commits what was produced and the offsets, together; returns the changelog's position then, None if no change was
        logged. `reached` goes with the offsets as their metadata, for other workers' tasks (`alignment`). Aborted if the
        unit may be done again, Stop if not.

        The offsets are sent once the records are there. From then until the transaction ends Kafka makes readers of the
        group's committed offsets wait: nearly always, in a backlog, if the records were still under way.
        """
        positions = [
            TopicPartition(self._names.on_cluster(topic), self._partition, offset, str(reached))
            for topic, offset in offsets.items()
        ]
        producer, group, is_there = self._producer, self._group, self._is_there
        persistently("flush", lambda: producer.flush(CALL))
        if positions:
            persistently("offsets", lambda: producer.send_offsets_to_transaction(positions, group, CALL), is_there)
        persistently("commit_transaction", lambda: producer.commit_transaction(CALL), is_there)
        return self._changelog_end

    def abort(self) -> None:
        """Gives up the transaction. Stop if even that is impossible: then somebody else has the task."""
        persistently("abort_transaction", lambda: self._producer.abort_transaction(CALL), self._is_there)

    def close(self) -> None:
        """Lets go of the connections. Whoever takes the task over fences this producer anyway."""
        self.reader.close()
        with suppress(KafkaException, SystemError):  # as in `calls`: one that was fenced says so once more
            self._producer.close()

    def _fence(self) -> None:
        if self._is_called_off():
            raise Superseded
        self._producer.init_transactions(CALL)

    def _produce(self, topic: str, batch: list[dict[str, Any]], partition: int) -> None:
        if self._producer.produce_batch(topic, batch, partition=partition) == len(batch):
            return
        refused = next(message["_error"] for message in batch if "_error" in message)
        if is_given_up(refused):
            raise Aborted(f"{topic}: {refused.name()}")
        if is_passing(refused):
            raise Stop(Exit.BROKER, f"Kafka takes no records for {topic}: {in_words(refused)}; was the topic deleted? The "
                       "next start creates what is missing")
        raise Bug(f"The producer refused a record for {topic}: {refused.str()}; nothing is committed")

    def _on_last_change(self, error: Any, message: Any) -> None:
        if error is None:
            self._changelog_end = message.offset() + 1

    def _is_there(self) -> bool:
        """Whether Kafka answers the reader."""
        try:
            return self.changelog.topic in self.reader.list_topics(self.changelog.topic, LOOK).topics
        except KafkaException:
            return False

    def _usable(self, committed: TopicPartition) -> int:
        first, _ = persistently("ends", lambda: self.reader.get_watermark_offsets(committed, CALL))
        if 0 <= committed.offset < first:
            log.error(
                "%s[%d]: records %d to %d were deleted by the topic's retention before they were read; this "
                "deployment was down for too long", committed.topic, self._partition, committed.offset, first - 1,
            )
        return max(first, committed.offset)


def _no_offsets(group: str, partition: int) -> str:
    return (f"Task {partition} has state, and group {group} no offsets that go with it. Kafka forgets them "
            "`offsets.retention.minutes` (7 days) after the last worker was there, or somebody deleted the group. Set them, "
            "for all inputs, to where the workers were stopped (kafka-consumer-groups.sh --reset-offsets --to-datetime), a "
            "little later rather than earlier: what is read again counts twice. Or choose another AUDIENCE_APP, which "
            "rebuilds all state from what the source topics still have")


def _producer_options(settings: Settings, transactional_id: str) -> dict[str, Any]:
    """`metadata.recovery.strategy`: by default librdkafka 2.16 may wait for ever for a coordinator that it has struck off
    its list while a broker was away (its issues 5456 and 5511).

    `connections.max.idle.ms`: while a group coordinator is away, it looks for a new one only when some connection comes or
    goes, which may be never; so idle connections are made to end."""
    return {
        "bootstrap.servers": settings.broker,
        "transactional.id": transactional_id,
        "transaction.timeout.ms": TRANSACTION,
        "socket.timeout.ms": ANSWER,
        "partitioner": "murmur2_random",
        "compression.type": "lz4",
        "linger.ms": 1,
        "retry.backoff.ms": 5,
        "reconnect.backoff.max.ms": 1000,
        "connections.max.idle.ms": IDLE,
        "metadata.recovery.strategy": "none",
        "batch.num.messages": 50_000,
        "batch.size": 900_000,
        "queue.buffering.max.messages": QUEUE,
        "message.max.bytes": LARGEST_RECORD,
        "log_level": 0,
        "error_cb": ignore,
    }


def _reader_options(settings: Settings, group: str) -> dict[str, Any]:
    return committed_only(settings, group) | {
        "enable.partition.eof": True,
        "fetch.wait.max.ms": 50,
        "queued.max.messages.kbytes": 16_384,
        "fetch.queue.backoff.ms": 5,
        "fetch.message.max.bytes": LARGEST_RECORD,
    }
