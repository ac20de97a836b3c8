"""Offsets as the broker tells them: where topics end for whoever reads what is committed, and what a group committed."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import TimeoutError as AnswerMissing
from typing import Any, TypeVar

from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # untyped re-export

from streams.runtime.kafka.consumers import ignore

ANSWER = 3.0
"""Seconds for an answer, unless stated otherwise."""
Found = TypeVar("Found")


class Offsets:
    """Asks the broker; after each failure with a new client: one may take minutes to forget who led before a restart."""

    def __init__(self, broker: str, answer: float = ANSWER) -> None:
        self._options: dict[str, Any] = {"bootstrap.servers": broker, "log_level": 0, "error_cb": ignore}
        self._answer = answer
        self._admin = AdminClient(self._options)

    def ends(self, places: Iterable[TopicPartition]) -> dict[tuple[str, int], int] | None:
        """By topic and partition the last stable offset, beyond which nothing can be read; None if the broker does not
        answer in time."""
        latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]

        def ask() -> dict[tuple[str, int], int]:
            answers = self._admin.list_offsets(
                dict.fromkeys(places, latest), isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=self._answer)
            return {(each.topic, each.partition): found.result(self._answer).offset for each, found in answers.items()}

        return self._answered(ask)

    def committed(self, group: str, places: list[TopicPartition]) -> list[TopicPartition] | None:
        """What the group committed there, with its metadata; None if the broker does not answer in time."""
        def ask() -> list[TopicPartition]:
            asked = ConsumerGroupTopicPartitions(group, places)
            (answer,) = self._admin.list_consumer_group_offsets([asked], request_timeout=self._answer).values()
            return list(answer.result(self._answer).topic_partitions)

        return self._answered(ask)

    def _answered(self, ask: Callable[[], Found]) -> Found | None:
        try:
            return ask()
        except (KafkaException, AnswerMissing):
            self._admin = AdminClient(self._options)
            return None
