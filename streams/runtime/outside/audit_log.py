"""The audit log from the outside: every line of `identity.changes` that its retention has left.

Read whole: lines are keyed by profile, and whose profile an identifier was is what the reader wants to find out. It
costs a pass over the topic, in proportion to the decisions of the last 90 days.
"""
from __future__ import annotations

import time
from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaError, TopicPartition

from schemas.codec import Codec
from streams.core.errors import Misconfigured
from streams.core.messages import IdentityChanged
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.registry import codec_of
from streams.runtime.kafka.topics import check_topics
from streams.runtime.settings import Settings

PATIENCE = 60.0
TOPIC = "identity.changes"


def identity_changes(settings: Settings) -> Iterator[IdentityChanged]:
    """Lines as committed now, those of each profile in order. Misconfigured where the broker or the topic cannot be had."""
    check_topics(settings)
    consumer = Consumer({
        "bootstrap.servers": settings.broker, "group.id": f"{settings.application}-audit-reader",
        "isolation.level": "read_committed", "enable.auto.commit": False, "enable.partition.eof": True, "log_level": 0})
    try:
        name = Names(settings).on_cluster(TOPIC)
        consumer.assign([TopicPartition(name, partition, 0) for partition in range(settings.partitions)])
        yield from _to_the_ends(consumer, codec_of(settings), settings)
    finally:
        consumer.close()


def _to_the_ends(consumer: Consumer, codec: Codec, settings: Settings) -> Iterator[IdentityChanged]:
    reading, deadline = set(range(settings.partitions)), time.monotonic() + PATIENCE
    while reading and time.monotonic() < deadline:
        for message in consumer.consume(10_000, 0.2):
            error, value = message.error(), message.value()
            if error is None and value is not None:
                yield _line(codec, value)
            elif error is not None and error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # its public name
                reading.discard(message.partition() or 0)
            elif error is not None:
                raise Misconfigured((f"topic {TOPIC} on {settings.broker}: {error.name()}; has a worker run there as "
                                     f"AUDIENCE_APP={settings.app}?",))
            deadline = time.monotonic() + PATIENCE
    if reading:
        raise Misconfigured((f"no Kafka broker at {settings.broker} answered within {PATIENCE:.0f} s; set AUDIENCE_BROKER "
                             "or --broker",))


def _line(codec: Codec, value: bytes) -> IdentityChanged:
    row = codec.decode("identity_change", value)
    return IdentityChanged(**row | {"event_id": row["event_id"] or "", "reason": row["reason"] or ""})
