"""Where topics end, for whoever reads what is committed."""
from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import TimeoutError as AnswerMissing
from typing import Any

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # untyped re-export

ANSWER = 3.0
"""Seconds."""


class CommittedEnds:
    """Asks the broker; after each failure with a new client: one may take minutes to forget who led before a restart."""

    def __init__(self, broker: str) -> None:
        self._options: dict[str, Any] = {"bootstrap.servers": broker, "log_level": 0, "error_cb": lambda _: None}
        self._admin = AdminClient(self._options)

    def of(self, places: Iterable[TopicPartition]) -> dict[tuple[str, int], int] | None:
        """By topic and partition the last stable offset, beyond which nothing can be read; None if the broker does not
        answer in time."""
        latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        try:
            answers = self._admin.list_offsets(
                dict.fromkeys(places, latest), isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=ANSWER)
            return {(each.topic, each.partition): found.result(ANSWER).offset for each, found in answers.items()}
        except (KafkaException, AnswerMissing):
            self._admin = AdminClient(self._options)
            return None
