"""When a consumer of committed records sees what a deployment says, from now on."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from schemas.codec import Codec
from streams.runtime.clock import wall_ms
from tests.kafka.deployment import Deployment, wait_until

Seen = list[tuple[dict[str, Any], int]]
"""Rows with the wall clock in ms when they came."""


class Following:
    """A context manager: follows one topic from its present ends. Not a member of any group."""

    def __init__(self, deployment: Deployment, topic: str, schema: str) -> None:
        self._topic, self._schema, self._codec = deployment.names.on_cluster(topic), schema, Codec()
        self._partitions = range(deployment.settings.partitions)
        self._seen: Seen = []
        self._consumer = Consumer({
            "bootstrap.servers": deployment.settings.broker, "group.id": "following", "isolation.level": "read_committed",
            "enable.auto.commit": False, "log_level": 0, "fetch.wait.max.ms": 20})

    def __enter__(self) -> Following:
        ends = [TopicPartition(self._topic, number) for number in self._partitions]
        for end in ends:
            end.offset = self._consumer.get_watermark_offsets(end, 10)[1]
        self._consumer.assign(ends)
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def until(self, is_enough: Callable[[Seen], bool], *, within: float) -> Seen:
        """What came so far, as soon as that is enough."""

        def is_there() -> bool:
            for message in self._consumer.consume(10_000, 0.01):
                value = message.value()
                if message.error() is None and isinstance(value, bytes):
                    self._seen.append((self._codec.decode(self._schema, value), wall_ms()))
            return is_enough(self._seen)

        wait_until(is_there, within=within, what="enough came")
        return self._seen
