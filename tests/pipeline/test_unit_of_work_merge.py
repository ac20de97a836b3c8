"""The order in which a task's inputs are handed over, and up to when its timers may fire."""
from __future__ import annotations

import pytest

from streams.core.errors import Bug
from streams.runtime.work.batches import EndReached, EndsSeen, RecordBatch
from streams.runtime.work.merge import FRESH, MARKS, SLACK, Merge
from streams.unit import Inbound

HITS, COMMANDS = "events.hits", "commands"
HOUR = 3_600_000
NOW = 10 * HOUR


class Inputs:
    """Two inputs of one task, fed in the test's order."""

    def __init__(self, hits: int = 0, commands: int = 0) -> None:
        self.merge: Merge[str] = Merge({HITS: hits, COMMANDS: commands}, lambda record: record.at)
        self.behind = {HITS: hits, COMMANDS: commands}

    def come(self, topic: str, *times: int, token: str = "batch") -> None:
        first = self.behind[topic]
        records = [Inbound(topic, 0, first + number, b"k", b"v", at) for number, at in enumerate(times)]
        self.behind[topic] = first + len(times)
        batch = RecordBatch(
            topic=topic, partition=0, records=records, first=first, next_offset=self.behind[topic], size=0, epoch=1,
            generation=1,
        )
        self.merge.offer(batch, token, NOW)

    def end(self, topic: str, markers: int = 0, at: int = NOW) -> None:
        behind = self.behind[topic]
        self.merge.tell(EndReached(topic=topic, partition=0, next_offset=behind, end=behind + markers, at=at))

    def take(self, limit: int = 100, wall: int = NOW) -> list[int]:
        return [record.at for record in self.merge.take(limit, wall)]


def test_nothing_is_handed_over_while_an_older_record_may_still_come() -> None:
    inputs = Inputs()
    inputs.come(HITS, NOW - HOUR)
    assert inputs.take() == []
    inputs.come(COMMANDS, NOW - 2 * HOUR)
    assert inputs.take() == [NOW - 2 * HOUR]
    inputs.end(COMMANDS)
    assert inputs.take() == [NOW - HOUR]


def test_records_of_two_topics_come_out_oldest_first_and_each_topic_in_its_own_order() -> None:
    inputs = Inputs()
    inputs.come(HITS, 1, 4, 3, 9)
    inputs.come(COMMANDS, 2, 5)
    inputs.end(HITS)
    inputs.end(COMMANDS)
    taken = inputs.merge.take(100, NOW)
    assert [record.at for record in taken] == [1, 2, 4, 3, 5, 9]


def test_takes_no_more_than_asked_for_and_goes_on_there() -> None:
    inputs = Inputs()
    inputs.come(HITS, 1, 2, 3)
    inputs.end(COMMANDS)
    assert inputs.take(limit=2) == [1, 2]
    assert inputs.merge.waiting == 1
    assert inputs.take(limit=2) == [3]


def test_an_input_that_flows_without_an_end_holds_the_others_back_by_the_slack_only() -> None:
    inputs = Inputs()
    inputs.come(COMMANDS, NOW - 1_000)
    inputs.come(HITS, NOW - 1_000 + SLACK, NOW - 1_000 + SLACK + 1)
    assert inputs.take() == [NOW - 1_000, NOW - 1_000 + SLACK]


def test_a_record_from_the_future_counts_as_of_now() -> None:
    inputs = Inputs()
    inputs.come(HITS, NOW + HOUR)
    inputs.end(COMMANDS)
    inputs.end(HITS)
    assert inputs.merge.timers_until(NOW) == NOW
    assert inputs.take() == [NOW + HOUR]


def test_timers_wait_for_the_oldest_record_that_waits() -> None:
    inputs = Inputs()
    inputs.come(HITS, NOW - 5, NOW - 9, NOW - 7)
    inputs.end(HITS)
    inputs.end(COMMANDS)
    assert inputs.merge.timers_until(NOW) == NOW - 9


def test_timers_follow_the_wall_once_every_input_is_read_to_its_end() -> None:
    inputs = Inputs()
    inputs.end(HITS, at=NOW)
    assert inputs.merge.timers_until(NOW + 7) < 0
    inputs.end(COMMANDS, at=NOW)
    assert inputs.merge.timers_until(NOW + 7) == NOW + 7


def test_an_end_is_trusted_only_as_long_as_the_broker_is_heard() -> None:
    inputs = Inputs()
    inputs.end(HITS)
    inputs.end(COMMANDS)
    assert inputs.merge.timers_until(NOW + FRESH) == NOW + FRESH
    assert inputs.merge.timers_until(NOW + FRESH + 1) == NOW
    inputs.merge.tell(EndsSeen(ends={HITS: 0, COMMANDS: 0}, at=NOW + HOUR))
    assert inputs.merge.timers_until(NOW + HOUR + 1) == NOW + HOUR + 1


def test_after_an_assignment_no_timer_fires_before_the_ends_seen_then_are_passed() -> None:
    inputs = Inputs()
    inputs.end(COMMANDS)
    inputs.merge.tell(EndsSeen(ends={HITS: 2, COMMANDS: 0}, at=NOW))
    inputs.come(HITS, NOW - HOUR)
    assert inputs.merge.timers_until(NOW) == NOW - HOUR
    assert inputs.take() == [NOW - HOUR]
    assert inputs.merge.timers_until(NOW) == NOW - HOUR
    inputs.come(HITS, NOW - HOUR + 5)
    assert inputs.take() == [NOW - HOUR + 5]
    assert inputs.merge.timers_until(NOW) == NOW


def test_growth_that_was_not_read_yet_ends_being_at_the_end() -> None:
    inputs = Inputs()
    inputs.end(HITS)
    inputs.end(COMMANDS)
    inputs.merge.tell(EndsSeen(ends={HITS: 3, COMMANDS: 0}, at=NOW + 10))
    assert inputs.merge.timers_until(NOW + 20) == NOW


def test_an_end_that_overtakes_the_batch_before_it_counts_once_the_batch_is_there() -> None:
    inputs = Inputs()
    inputs.end(COMMANDS)
    inputs.merge.tell(EndReached(topic=HITS, partition=0, next_offset=2, end=5, at=NOW))
    assert inputs.merge.timers_until(NOW) < 0
    inputs.come(HITS, NOW - 2, NOW - 1)
    assert inputs.take() == [NOW - 2, NOW - 1]
    assert inputs.merge.timers_until(NOW) == NOW
    assert inputs.merge.settle()[0][HITS] == 5


def test_offsets_to_commit_are_behind_what_was_taken_and_beyond_markers_at_an_end() -> None:
    inputs = Inputs(hits=10)
    inputs.come(HITS, 1, 2, 3)
    inputs.end(COMMANDS, markers=4)
    assert inputs.merge.settle()[0] == {HITS: 10, COMMANDS: 4}
    inputs.take(limit=2)
    assert inputs.merge.settle()[0] == {HITS: 12, COMMANDS: 4}
    inputs.end(HITS, markers=1)
    assert inputs.merge.settle()[0] == {HITS: 12, COMMANDS: 4}
    inputs.take()
    assert inputs.merge.settle()[0] == {HITS: 14, COMMANDS: 4}


def test_a_batch_is_done_when_its_last_record_was_taken() -> None:
    inputs = Inputs()
    inputs.come(HITS, 1, 2, token="first")
    inputs.come(HITS, 3, token="second")
    inputs.end(COMMANDS)
    inputs.take(limit=1)
    assert inputs.merge.settle()[1] == []
    inputs.take()
    assert inputs.merge.settle()[1] == ["first", "second"]
    assert inputs.merge.settle()[1] == []


def test_a_batch_lost_on_the_way_is_a_bug() -> None:
    inputs = Inputs()
    inputs.behind[HITS] = 4
    with pytest.raises(Bug, match="begins at offset 4, expected 0"):
        inputs.come(HITS, 1)


def test_a_long_lag_keeps_a_bounded_number_of_marks() -> None:
    inputs = Inputs()
    for second in range(10 * MARKS):
        inputs.merge.tell(EndsSeen(ends={HITS: 1_000_000 + second}, at=second))
    assert len(inputs.merge._inputs[HITS].marks) == MARKS
