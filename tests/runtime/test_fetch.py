"""What the fetching thread makes of what librdkafka hands it, round by round, without a broker."""
from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError, TopicPartition

from streams.runtime.settings import Settings
from streams.runtime.work.batches import EndReached, RecordBatch
from streams.runtime.work.fetch import DEEP_RECORDS, Assignment, Fetch

TOPIC = "events.hits"


class Message:
    """A record; with `is_end` the news that its partition ends there."""

    def __init__(self, offset: int, *, is_end: bool = False) -> None:
        self._offset, self._is_end = offset, is_end

    def topic(self) -> str:
        return TOPIC

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes:
        return b"cookie:c"

    def value(self) -> bytes:
        return b"{}"

    def timestamp(self) -> tuple[int, int]:
        return 1, 1_000

    def headers(self) -> None:
        return None

    def error(self) -> KafkaError | None:
        return KafkaError(KafkaError._PARTITION_EOF) if self._is_end else None


class Consumer:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def unassign(self) -> None:
        self.calls.append("unassign")

    def assign(self, places: list[TopicPartition]) -> None:
        self.calls.extend(f"assign {each.topic}[{each.partition}] {each.offset}" for each in places)

    def pause(self, places: list[TopicPartition]) -> None:
        self.calls.append("pause")

    def resume(self, places: list[TopicPartition]) -> None:
        self.calls.append("resume")


def assigned(fetch: Fetch, epoch: int, offset: int = 7) -> None:
    done = fetch.assign(Assignment(epoch=epoch, offsets={(TOPIC, 0): offset}, generation=1))
    fetch._obey()
    assert done.done()


@pytest.fixture
def fetch() -> Fetch:
    fetch = Fetch(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), lambda: 2_000)
    fetch._consumer = Consumer()  # type: ignore[assignment]
    assigned(fetch, epoch=1)
    return fetch


def calls(fetch: Fetch) -> list[str]:
    found: Any = fetch._consumer
    return list(found.calls)


def read(fetch: Fetch, *messages: Message) -> tuple[list[RecordBatch], list[EndReached]]:
    return fetch._sort(list(messages))


def test_reads_what_it_is_assigned_and_a_batch_begins_where_the_one_before_ended(fetch: Fetch) -> None:
    assert calls(fetch) == ["unassign", "assign events.hits[0] 7"]
    (first,), _ = read(fetch, Message(8), Message(9))
    (second,), _ = read(fetch, Message(12))
    assert [(each.first, each.next_offset, each.size) for each in (first, second)] == [(7, 10, 4), (10, 13, 2)]
    assert first.epoch == second.epoch == 1
    assert [record.offset for record in first.records] == [8, 9]


def test_an_end_is_told_with_the_batch_behind_which_it_is_and_not_one_that_was_passed(fetch: Fetch) -> None:
    (batch,), (end,) = read(fetch, Message(8), Message(11, is_end=True))
    assert (end.next_offset, end.end, end.at) == (batch.next_offset, 11, 2_000)
    assert read(fetch, Message(5, is_end=True), Message(11))[1] == []


def test_an_input_that_is_deep_is_paused_until_most_of_it_is_settled(fetch: Fetch) -> None:
    (batch,), _ = read(fetch, *(Message(number) for number in range(7, 7 + DEEP_RECORDS)))
    (more,), _ = read(fetch, Message(7 + DEEP_RECORDS))
    fetch._make_room()
    fetch._make_room()
    fetch.settled(more)
    fetch._make_room()
    assert calls(fetch)[2:] == ["pause"]
    fetch.settled(batch)
    fetch._make_room()
    assert calls(fetch)[2:] == ["pause", "resume"]


def test_what_is_settled_of_an_earlier_assignment_makes_no_room_in_this_one(fetch: Fetch) -> None:
    (former,), _ = read(fetch, *(Message(number) for number in range(7, 7 + DEEP_RECORDS)))
    assigned(fetch, epoch=2)
    read(fetch, *(Message(number) for number in range(7, 7 + DEEP_RECORDS)))
    fetch.settled(former)
    fetch._make_room()
    assert calls(fetch)[-1] == "pause"
