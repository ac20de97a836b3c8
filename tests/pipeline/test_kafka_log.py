"""The side of a task that is Kafka, over clients that do what is asked: where it goes on, and where its changelog ends."""
from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError, TopicPartition

from streams.core.errors import Bug
from streams.runtime.exits import Exit, Stop
from streams.runtime.settings import Settings
from streams.runtime.work.kafka_log import KafkaLog
from streams.topology import INPUTS
from streams.unit import Change, Outbound

FIRST, CHANGE = 5, Change("meta", b"key", b"value")
TOPICS = [topic.name for topic in INPUTS]


class Reader:
    """Told what is committed, by topic; every topic begins at FIRST."""

    def __init__(self, offsets: dict[str, int]) -> None:
        self._offsets = offsets

    def committed(self, places: list[TopicPartition], _within: float) -> list[TopicPartition]:
        return [TopicPartition(each.topic, each.partition, self._offsets.get(each.topic, -1001)) for each in places]

    def get_watermark_offsets(self, _place: TopicPartition, _within: float) -> tuple[int, int]:
        return FIRST, 100


class Producer:
    """Takes `most` of the records of a call, and answers them with offsets from 10 on when it is flushed."""

    def __init__(self, most: int = 1_000, fault: int = KafkaError.MSG_SIZE_TOO_LARGE) -> None:
        self._most, self._fault = most, fault
        self._next, self._waiting = 10, list[dict[str, Any]]()

    def begin_transaction(self) -> None:
        pass

    def produce_batch(self, _topic: str, batch: list[dict[str, Any]], partition: int) -> int:
        for message in batch[self._most:]:
            message["_error"] = KafkaError(self._fault)
        self._waiting += batch[:self._most]
        return min(len(batch), self._most)

    def flush(self, _within: float) -> None:
        for message in self._waiting:
            if answer := message.get("callback"):
                answer(None, self)
            self._next += 1
        self._waiting = []

    def offset(self) -> int:
        return self._next

    def commit_transaction(self, _within: float) -> None:
        pass


def log_of(monkeypatch: pytest.MonkeyPatch, *, reader: Reader | None = None, producer: Producer | None = None) -> KafkaLog:
    log = KafkaLog(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), 3)
    monkeypatch.setattr(log, "reader", reader)
    monkeypatch.setattr(log, "_producer", producer)
    return log


def test_goes_on_behind_what_is_committed_and_never_before_what_is_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:
    log = log_of(monkeypatch, reader=Reader(dict.fromkeys(TOPICS, 40) | {TOPICS[0]: 2}))
    assert log.committed(has_state=True) == dict.fromkeys(TOPICS, 40) | {TOPICS[0]: FIRST}
    assert "records 2 to 4 were deleted by the topic's retention before they were read" in caplog.text


def test_an_input_of_which_nothing_is_committed_is_read_from_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of(monkeypatch, reader=Reader({TOPICS[0]: 40}))
    assert log.committed(has_state=True) == dict.fromkeys(TOPICS, FIRST) | {TOPICS[0]: 40}
    log = log_of(monkeypatch, reader=Reader({}))
    assert log.committed(has_state=False) == dict.fromkeys(TOPICS, FIRST)
    with pytest.raises(Stop, match="Task 3 has state, and group audience no offsets") as end:
        log.committed(has_state=True)
    assert end.value.code is Exit.STATE


def test_a_commit_tells_where_the_changelog_ends_or_that_nothing_was_added(monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of(monkeypatch, producer=Producer())
    for changes, end in (([CHANGE, CHANGE], 12), ([], None), ([CHANGE], 13)):
        log.begin()
        log.produce(changes, [])
        assert log.commit({}, 0) == end


@pytest.mark.parametrize(("fault", "ends"), [
    (KafkaError._UNKNOWN_TOPIC, r"for audiences.changes: .* was the topic deleted"),
    (KafkaError.MSG_SIZE_TOO_LARGE, "refused a record")])
def test_a_record_that_the_producer_does_not_take_ends_the_unit(
    monkeypatch: pytest.MonkeyPatch, fault: int, ends: str,
) -> None:
    """A topic that was deleted ended the worker as a bug."""
    log = log_of(monkeypatch, producer=Producer(most=1, fault=fault))
    log.begin()
    log.produce([], [Outbound("audiences.changes", b"k", b"v", 0)])
    with pytest.raises(Bug if fault == KafkaError.MSG_SIZE_TOO_LARGE else Stop, match=ends) as end:
        log.produce([], [Outbound("audiences.changes", b"k", b"v", 0)] * 2)
    assert getattr(end.value, "code", None) in (None, Exit.BROKER)
