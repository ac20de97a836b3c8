"""What a consumer of librdkafka hands out, where there is no Kafka."""
from __future__ import annotations

from confluent_kafka import KafkaError


class Message:
    """A record of partition 0 of a topic; without a key the news that it ends there."""

    def __init__(self, offset: int, key: bytes | None = None, value: bytes | None = None, topic: str = "") -> None:
        self._offset, self._key, self._value, self._topic = offset, key, value, topic

    def topic(self) -> str:
        return self._topic

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes | None:
        return self._key

    def value(self) -> bytes | None:
        return self._value

    def error(self) -> KafkaError | None:
        return None if self._key is not None else KafkaError(KafkaError._PARTITION_EOF)
