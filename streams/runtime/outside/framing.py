"""Whether what stands on the topics was written with a schema registry, for a process that was told of none."""
from __future__ import annotations

from contextlib import closing
from time import monotonic

from confluent_kafka import Consumer, TopicPartition

from streams.runtime.kafka.consumers import at_end, committed_only
from streams.runtime.kafka.names import Names
from streams.runtime.settings import Settings
from streams.topology import TOPICS

FROM_THE_END = -2_000
"""librdkafka's OFFSET_TAIL: minus n, the last n offsets."""
NEWEST = 4
"""Offsets that are looked at in each partition; the ends of transactions are among them."""
WITHIN = 10.0
"""Seconds."""
REGISTERED = b"\x00"
"""The first byte of a record that names its schema by a registry's id, and of no other."""


def written_with_a_registry(settings: Settings) -> str | None:
    """A topic, by its name on the cluster, with such a record among its newest; None where none was found in time. The
    topics exist."""
    names = [Names(settings).on_cluster(topic.name) for topic in TOPICS]
    unread = {(name, number) for name in names for number in range(settings.partitions)}
    options = committed_only(settings, f"{settings.application}-check") | {"enable.partition.eof": True}
    with closing(Consumer(options)) as consumer:
        consumer.assign([TopicPartition(*place, FROM_THE_END - NEWEST) for place in sorted(unread)])
        deadline = monotonic() + WITHIN
        while unread and monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is None:
                continue
            if message.error() is None and (message.value() or b"").startswith(REGISTERED):
                return message.topic()
            if message.error() is not None and at_end(message):
                unread.discard((message.topic() or "", message.partition() or 0))
    return None
