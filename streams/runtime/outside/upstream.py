"""An upstream of our own: puts messages on the event topics as any producer would, keyed by strongest identifier."""
from __future__ import annotations

from types import TracebackType
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from streams.core.errors import Retryable
from streams.core.identifiers import Namespaces, is_anonymous
from streams.core.intake import Intake
from streams.core.values import Json
from streams.definitions.phones import phone_number
from streams.runtime.kafka.declared import LARGEST_RECORD
from streams.runtime.kafka.errors import error_of
from streams.runtime.kafka.names import Names
from streams.runtime.settings import Settings

PATIENCE = 60.0
"""Seconds at the end for the broker to take what is still queued."""
COPIES = "of what is already there the last 1,000 messages of each identifier are recognised as copies"
TOO_LARGE = (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE)


def address(intake: Intake, message: Json) -> tuple[str, str | None]:
    """(topic, key) for a message: `events.hits` for anonymous ones and for what has no identifier at all."""
    if not isinstance(message, dict):
        return "events.hits", None

    def part(name: str) -> dict[str, Json]:
        found = message.get(name)
        return found if isinstance(found, dict) else {}

    identifiers = intake.identifiers(message, part("context"), part("properties"), part("traits"))
    if not identifiers:
        return "events.hits", None
    is_hit = all(map(is_anonymous, identifiers))
    return ("events.hits" if is_hit else "events.interactions"), identifiers[0]


def producer_options(settings: Settings) -> dict[str, Any]:
    """Options of a producer of events: in order, each once, unless the caller overrides them."""
    return {
        "bootstrap.servers": settings.broker, "enable.idempotence": True, "linger.ms": 5,
        "partitioner": "murmur2_random", "queue.buffering.max.messages": 500_000,
        "message.max.bytes": LARGEST_RECORD, "compression.type": "lz4", "log_level": 0}


class Upstream:
    """A context manager; leaving it waits until everything is on the broker. Retryable if it cannot be.

    too_large: how many messages the broker refused because the topic takes none of their size; the others are there."""

    def __init__(self, settings: Settings) -> None:
        self._names = Names(settings)
        self._broker = settings.broker
        self._lost = 0
        self.too_large = 0
        self.intake = Intake(Namespaces(), phone_number)
        self._producer = Producer(producer_options(settings))

    def __enter__(self) -> Upstream:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        left = self._producer.flush(PATIENCE)
        if kind is None and (left or self._lost):
            raise Retryable(f"{left + self._lost} messages could not be delivered to {self._broker}; see that the broker "
                            f"runs and send the file again: {COPIES}", after=10)

    def send(
        self, topic: str, key: bytes | None, value: bytes, headers: list[tuple[str, str | bytes | None]] | None = None,
    ) -> None:
        """Hand one message over; waits while the producer's queue is full."""
        while True:
            try:
                self._producer.produce(self._names.on_cluster(topic), value, key,
                                       headers=headers or [], on_delivery=self._delivered)
                break
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as failure:
                if error_of(failure).code() not in TOO_LARGE:
                    raise
                self.too_large += 1
                break
        self._producer.poll(0)

    def _delivered(self, error: KafkaError | None, _message: object) -> None:
        if error is not None and error.code() in TOO_LARGE:
            self.too_large += 1
        elif error is not None:
            self._lost += 1
