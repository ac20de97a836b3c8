"""Who is asked for offsets, and how."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition

from streams.runtime.kafka import offsets
from streams.runtime.kafka.offsets import EndOffsets

PLACE = TopicPartition("events.hits", 0)


class Admin:
    """Tells that every topic ends at 7, or fails."""

    def __init__(self, *, fails: bool) -> None:
        self._fails = fails

    def list_offsets(self, places: Mapping[TopicPartition, Any], **how: Any) -> Any:
        if self._fails:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        assert how["isolation_level"] is IsolationLevel.READ_COMMITTED, "else an end could never be reached"
        answers = {place: Future[Any]() for place in places}
        for answer in answers.values():
            answer.set_result(SimpleNamespace(offset=7))
        return answers


def test_after_a_failure_another_client_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """One may take minutes to forget who led before a restart."""
    clients: Iterator[Admin] = iter((Admin(fails=True), Admin(fails=False)))
    monkeypatch.setattr(offsets, "AdminClient", lambda _: next(clients))
    ends = EndOffsets("127.0.0.1:9")
    assert ends.now([PLACE]) is None
    assert ends.now([PLACE]) == ends.now([PLACE]) == {("events.hits", 0): 7}
