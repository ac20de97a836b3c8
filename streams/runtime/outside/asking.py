"""Asks every task of the deployment something, and waits for the answers.

The question is a record on each partition of `commands`, the answers are on `segments.answers`. So the asker needs only the
broker's address, and it does not matter which worker has which task.
"""
from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from confluent_kafka import Producer

from streams.core.errors import Misconfigured
from streams.runtime.clock import wall_ms
from streams.runtime.kafka.calls import CALL
from streams.runtime.kafka.declared import LARGEST_RECORD
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.registry import codec_of
from streams.runtime.kafka.topics import check_topics
from streams.runtime.outside.reading import answers, awaiting
from streams.runtime.settings import Settings
from streams.task.wire import Ask, encode
from streams.topology import topic

ANSWERS = "segments.answers"
LARGEST = topic("commands").max_bytes - 1_000
"""Bytes of a question; the rest is what Kafka adds."""


def ask(settings: Settings, question: Callable[[str, int], Ask], within: float) -> Mapping[int, dict[str, Any]]:
    """The bodies of the answers by partition; those that did not come `within` so many seconds are missing. `question` makes
    the question of a request id and the instant until which the answer is awaited. Misconfigured if there is no broker, or
    the topics are not as they should be."""
    check_topics(settings)
    name, codec, bodies = uuid.uuid4().hex, codec_of(settings), dict[int, dict[str, Any]]()
    with awaiting(settings, ANSWERS) as consumer:
        _send(settings, encode(codec, question(name, wall_ms() + int(within * 1000)), wall_ms()))
        for value in answers(consumer, name, within):
            row = codec.decode("segment_answer", value)
            bodies[row["partition"]] = orjson.loads(row["body"])
            if len(bodies) == settings.partitions:
                break
    return bodies


def _send(settings: Settings, value: bytes) -> None:
    if len(value) > LARGEST:
        raise Misconfigured((
            f"the change is {len(value):,} bytes; a preview takes at most {LARGEST:,} (a million listed identifiers); "
            "preview a part of it, or see what would change without sizes: `diff --no-sizes`",))
    producer = Producer({
        "bootstrap.servers": settings.broker, "enable.idempotence": True, "message.max.bytes": LARGEST_RECORD,
        "log_level": 0})
    for partition in range(settings.partitions):
        producer.produce(Names(settings).on_cluster("commands"), value, b"definitions", partition=partition)
    producer.flush(CALL)


def missing(settings: Settings, found: Mapping[int, object]) -> str:
    """A sentence that says which tasks did not answer, and what to do about it; empty if all did."""
    silent = [str(partition) for partition in range(settings.partitions) if partition not in found]
    if not silent:
        return ""
    whom = f"task {silent[0]}" if len(silent) == 1 else f"tasks {', '.join(silent)}"
    return (f"{whom} of {settings.partitions} did not answer in time; see that workers run as AUDIENCE_APP={settings.app} "
            "and are not far behind (their status page says), or wait longer with --within SECONDS")
