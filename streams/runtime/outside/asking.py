"""Asks every task of the deployment something, and waits for the answers.

The question is a record on each partition of `commands`, the answers stand on `segments.answers`: the broker's address
is all that one needs to know, and it does not matter which worker has which task, or how often that changes.
"""
from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from streams.core.errors import Misconfigured
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.registry import codec_of
from streams.runtime.kafka.topics import check_topics
from streams.runtime.settings import Settings
from streams.task.wire import Ask, encode
from streams.topology import topic

ANSWERS = "segments.answers"
LARGEST = topic("commands").max_bytes - 1_000
"""Bytes of a question; the rest is what Kafka adds."""
PATIENCE = 10.0
"""Seconds for the broker itself."""


def ask(settings: Settings, question: Callable[[str, int], Ask], within: float) -> Mapping[int, dict[str, Any]]:
    """The bodies of the answers by partition; those that did not come `within` so many seconds are missing.

    `question` makes it of a request id and the instant until which it is waited for. Misconfigured if there is no
    broker, or the topics are not as they should be.
    """
    check_topics(settings)
    name = uuid.uuid4().hex
    consumer = Consumer({
        "bootstrap.servers": settings.broker, "group.id": f"{settings.application}-asking", "enable.auto.commit": False,
        "isolation.level": "read_committed", "fetch.wait.max.ms": 10, "log_level": 0})
    try:
        consumer.assign(ends(consumer, settings, ANSWERS))
        _send(settings, question(name, int((time.time() + within) * 1000)))
        return _collect(consumer, settings, name, within)
    except KafkaException as fault:
        raise Misconfigured((
            f"the question was not taken by {settings.broker}: {fault.args[0].name()}; try again",)) from fault
    finally:
        consumer.close()


def ends(consumer: Consumer, settings: Settings, logical: str) -> list[TopicPartition]:
    """Where the next records of that topic will stand."""
    name = Names(settings).on_cluster(logical)
    places = [TopicPartition(name, partition) for partition in range(settings.partitions)]
    return [TopicPartition(name, place.partition, consumer.get_watermark_offsets(place, PATIENCE)[1]) for place in places]


def _send(settings: Settings, question: Ask) -> None:
    producer = Producer({
        "bootstrap.servers": settings.broker, "enable.idempotence": True, "message.max.bytes": 8 << 20, "log_level": 0})
    value = encode(codec_of(settings), question, int(time.time() * 1000))
    if len(value) > LARGEST:
        raise Misconfigured((
            f"the change is {len(value):,} bytes; a preview takes at most {LARGEST:,} (a million listed identifiers); "
            "preview a part of it, or see what would change without sizes: `diff --no-sizes`",))
    for partition in range(settings.partitions):
        producer.produce(Names(settings).on_cluster("commands"), value, b"definitions", partition=partition)
    producer.flush(PATIENCE)


def _collect(consumer: Consumer, settings: Settings, name: str, within: float) -> dict[int, dict[str, Any]]:
    codec, answers = codec_of(settings), dict[int, dict[str, Any]]()
    deadline = time.monotonic() + within
    while len(answers) < settings.partitions and time.monotonic() < deadline:
        for message in consumer.consume(100, 0.05):
            value = message.value()
            if message.error() is not None or value is None or message.key() != name.encode():
                continue
            row = codec.decode("segment_answer", value)
            answers[row["partition"]] = orjson.loads(row["body"])
    return answers


def missing(settings: Settings, answers: Mapping[int, object]) -> str:
    """Who did not answer and what to do about it, as a sentence; empty if all did."""
    silent = [str(partition) for partition in range(settings.partitions) if partition not in answers]
    if not silent:
        return ""
    whom = f"task {silent[0]}" if len(silent) == 1 else f"tasks {', '.join(silent)}"
    return (f"{whom} of {settings.partitions} did not answer in time; see that workers run as AUDIENCE_APP={settings.app} "
            "and are not far behind (their status page says), or wait longer with --within SECONDS")
