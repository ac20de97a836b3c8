"""Offsets as the broker tells them: where topics end for readers of committed records, and what a group has committed."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import TimeoutError as AnswerMissing
from typing import Any, Generic, TypeVar

from confluent_kafka import Consumer, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # untyped re-export

from streams.runtime.kafka.consumers import ignore, onlooker
from streams.runtime.settings import Settings

ANSWER = 3.0
"""Seconds for an answer, unless stated otherwise."""
Client = TypeVar("Client")
Found = TypeVar("Found")


class EndOffsets:
    """Where topics end."""

    def __init__(self, broker: str, answer: float = ANSWER) -> None:
        options: dict[str, Any] = {"bootstrap.servers": broker, "log_level": 0, "error_cb": ignore}
        self._asked = _Asked(lambda: AdminClient(options))
        self._answer = answer

    def now(self, places: Iterable[TopicPartition]) -> dict[tuple[str, int], int] | None:
        """The last stable offset by topic and partition: nothing can be read beyond it. None if the broker does not answer
        in time."""
        latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]

        def ask(admin: AdminClient) -> dict[tuple[str, int], int]:
            answers = admin.list_offsets(
                dict.fromkeys(places, latest), isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=self._answer)
            return {(each.topic, each.partition): found.result(self._answer).offset for each, found in answers.items()}

        return self._asked.answer(ask)


class GroupOffsets:
    """What a group committed."""

    def __init__(self, settings: Settings, group: str, answer: float = ANSWER) -> None:
        self._asked = _Asked(lambda: Consumer(onlooker(settings, group)))
        self._answer = answer

    def now(self, places: list[TopicPartition]) -> list[TopicPartition] | None:
        """The places with offset and metadata; None if the broker does not answer in time."""
        return self._asked.answer(lambda consumer: consumer.committed(places, self._answer))


class _Asked(Generic[Client]):
    """A client, replaced after each failure: it may take minutes to forget who led before a broker's restart."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect
        self._client = connect()

    def answer(self, ask: Callable[[Client], Found]) -> Found | None:
        try:
            return ask(self._client)
        except (KafkaException, AnswerMissing):
            self._client = self._connect()
            return None
