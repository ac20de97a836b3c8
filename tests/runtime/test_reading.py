"""Topics read from outside, without a broker."""
from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.core.errors import Misconfigured
from streams.runtime.outside import reading
from streams.runtime.settings import Settings

SETTINGS = Settings.read({})


class Leaderless:
    """A consumer that is answered with errors, one a call, before it is told where a partition ends."""

    def __init__(self, *errors: int) -> None:
        self.errors, self.assigned = list(errors), list[Any]()

    def get_watermark_offsets(self, _place: Any, _within: float) -> tuple[int, int]:
        if self.errors:
            raise KafkaException(KafkaError(self.errors.pop(0)))
        return 0, 7

    def assign(self, places: list[Any]) -> None:
        self.assigned = places

    def close(self) -> None: ...


def test_a_partition_without_a_leader_yet_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Leaderless(KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
    monkeypatch.setattr(reading, "_consumer", lambda *_: consumer)
    with reading.awaiting(SETTINGS, "segments.answers"):
        assert [place.offset for place in consumer.assigned] == [7] * SETTINGS.partitions


def test_what_does_not_pass_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_consumer", lambda *_: Leaderless(KafkaError.TOPIC_AUTHORIZATION_FAILED))
    with pytest.raises(Misconfigured, match="TOPIC_AUTHORIZATION_FAILED"), reading.awaiting(SETTINGS, "segments.answers"):
        pass
