"""Topics read from outside, by whoever looks once and then ends: what is committed now, or what comes as an answer."""
from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from streams.core.errors import Misconfigured
from streams.runtime.kafka.calls import CALL
from streams.runtime.kafka.consumers import committed_only
from streams.runtime.kafka.errors import error_of, in_words, is_end, is_passing
from streams.runtime.kafka.names import Names
from streams.runtime.settings import Settings

PATIENCE = 60.0
LOOK_EVERY = 0.1
"""Seconds in which something must come, if it is only that the end is reached; between two questions where it is."""

AT_ONCE: dict[str, bool | int | str] = {"fetch.wait.max.ms": 10}
"""By default a broker that has nothing more answers after half a second: so long took the end of each partition."""


def committed(settings: Settings, topic: str, partitions: Iterable[int]) -> Iterator[Message]:
    """Every record of these partitions of a topic (by its name on the cluster), those of each in order, up to where it
    ends now. Misconfigured where the broker or the topic cannot be had."""
    reading = set(partitions)
    consumer = _consumer(settings, {"enable.partition.eof": True} | AT_ONCE)
    try:
        consumer.assign([TopicPartition(topic, partition, 0) for partition in reading])
        deadline = time.monotonic() + PATIENCE
        while reading and time.monotonic() < deadline:
            for message in consumer.consume(10_000, 0.05):
                error = message.error()
                if error is None:
                    yield message
                elif is_end(error):
                    reading.discard(message.partition() or 0)
                else:
                    raise Misconfigured((f"topic {topic} on {settings.broker} cannot be read: {in_words(error)}; has a "
                                         f"worker, which creates the topics, run there as AUDIENCE_APP={settings.app}?",))
                deadline = time.monotonic() + PATIENCE
    finally:
        consumer.close()
    if reading:
        raise Misconfigured((f"the Kafka broker at {settings.broker} fell silent for {PATIENCE:.0f} s; see that it runs, or "
                             "set AUDIENCE_BROKER or --broker to one that does",))


@contextmanager
def awaiting(settings: Settings, logical: str) -> Iterator[Consumer]:
    """Reads what comes on that topic from now on; ask inside the block. Misconfigured if the broker does not take the
    question."""
    consumer, name = _consumer(settings, AT_ONCE), Names(settings).on_cluster(logical)
    places = [TopicPartition(name, partition) for partition in range(settings.partitions)]
    try:
        consumer.assign([TopicPartition(name, place.partition, _end(consumer, place)) for place in places])
        yield consumer
    except KafkaException as fault:
        raise Misconfigured((
            f"the question was not taken by {settings.broker}: {in_words(error_of(fault))}; try again",)) from fault
    finally:
        consumer.close()


def _end(consumer: Consumer, place: TopicPartition) -> int:
    """Where the partition ends; asked again while it has no leader yet, as just after its topic was created."""
    deadline = time.monotonic() + CALL
    while True:
        try:
            return int(consumer.get_watermark_offsets(place, CALL)[1])
        except KafkaException as fault:
            if not is_passing(error_of(fault)) or time.monotonic() > deadline:
                raise
        time.sleep(LOOK_EVERY)


def answers(consumer: Consumer, key: str, within: float) -> Iterator[bytes]:
    """The values that come under this key `within` so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        for message in consumer.consume(100, 0.05):
            value = message.value()
            if message.error() is None and value is not None and message.key() == key.encode():
                yield value


def _consumer(settings: Settings, own: dict[str, bool | int | str]) -> Consumer:
    return Consumer(committed_only(settings, f"{settings.application}-outside") | own)
