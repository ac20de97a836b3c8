"""When a task's runner does a unit, looked at one by one: timers that are due, records that may be handled, the end."""
from __future__ import annotations

from typing import cast

import pytest

from streams.runtime.work.alignment import Alignment
from streams.runtime.work.batches import EndReached, EndsSeen, RecordBatch
from streams.runtime.work.runner import Runner, Surroundings
from streams.runtime.work.turns import Turns
from streams.runtime.work.unit_of_work import Batch, UnitOfWork
from streams.unit import Inbound, Outcome

TOPIC, NOW = "events.hits", 10_000


class Timed:
    """A task with one timer, which fires in the first unit that may."""

    def __init__(self, due: int | None) -> None:
        self.offsets, self.processor, self.commit_seconds = {TOPIC: 0}, self, 0.0
        self.due = due
        self.units: list[dict[str, int]] = []
        """The offsets of each."""

    def frontier(self, record: Inbound) -> int:
        return record.at

    def busy(self) -> bool:
        return False

    def next_timer(self) -> int | None:
        return self.due

    def run(self, batch: Batch, _wall: int, timers_until: int) -> Outcome:
        self.units.append(dict(batch.offsets))
        self.offsets |= batch.offsets
        if self.due is not None and self.due <= timers_until:
            self.due = None
        return Outcome([], [])


def units(
    task: Timed, *news: EndsSeen | EndReached, record: int | None = None, alignment: Alignment | None = None,
) -> list[dict[str, int]]:
    """What it does in three looks at what there is, without a thread. record: the instant of one that has come."""
    runner: Runner[None] = Runner(0, cast("UnitOfWork", task), Surroundings(
        wall=lambda: NOW, acknowledge=lambda _: None, observe=lambda _: None, fail=lambda _: None, pace=lambda: 0.0,
        alignment=alignment or Alignment()))
    runner._next_timer = task.next_timer()
    for each in news:
        runner.tell(each)
    if record is not None:
        runner.hand_over(RecordBatch(topic=TOPIC, partition=0, records=[Inbound(TOPIC, 0, 0, None, b"", record)], first=0,
                                     next_offset=1, size=1, epoch=1, generation=1), None)
    for _ in range(3):
        runner._receive()
        runner._work()
    return task.units


def read_to(end: int, at: int = NOW) -> EndsSeen:
    return EndsSeen(ends={TOPIC: end}, at=at)


@pytest.mark.parametrize(("due", "fires"), [(NOW - 1, True), (NOW, True), (NOW + 1, False)])
def test_a_timer_fires_at_its_instant_and_once(due: int, fires: bool) -> None:
    assert units(Timed(due), read_to(0)) == [{}] * fires


def test_no_timer_fires_while_an_older_record_may_still_come() -> None:
    assert units(Timed(NOW - 5_000)) == [], "nothing is known of the input"
    assert units(Timed(NOW - 5_000), read_to(7)) == [], "seven records are still to be read"
    assert units(Timed(NOW - 5_000), read_to(0, at=NOW - 5_001)) == [], "who knows what came since"
    assert units(Timed(NOW - 5_000), read_to(0, at=NOW - 5_000)) == [{}]


def test_no_timer_fires_while_another_task_may_still_tell_of_something_older() -> None:
    alignment = Alignment()
    alignment.begin({0: lambda: None, 1: lambda: None})
    alignment.report(1, NOW - 8_000, NOW)
    assert units(Timed(NOW - 5_000), read_to(0), alignment=alignment) == []
    alignment.begin({0: lambda: None, 1: lambda: None})
    alignment.report(1, NOW, NOW)
    assert units(Timed(NOW - 5_000), read_to(0), alignment=alignment) == [{}]


def test_offsets_that_only_passed_markers_are_committed_once_it_rests() -> None:
    markers = EndReached(topic=TOPIC, partition=0, next_offset=0, end=3, at=NOW)
    assert units(Timed(None), markers) == [{TOPIC: 3}]


@pytest.mark.parametrize(("at", "offsets"), [(NOW - 7_500, [{TOPIC: 1}]), (NOW - 5_000, [])])
def test_a_record_waits_for_the_task_that_is_furthest_behind(at: int, offsets: list[dict[str, int]]) -> None:
    alignment = Alignment()
    alignment.begin({0: lambda: None, 1: lambda: None})
    alignment.report(1, NOW - 8_000, NOW)
    assert units(Timed(None), read_to(1), record=at, alignment=alignment) == offsets


class Failing(Timed):
    def run(self, batch: Batch, _wall: int, timers_until: int) -> Outcome:
        raise ZeroDivisionError


class Busy(Timed):
    def busy(self) -> bool:
        return True


def begun(task: Timed, background: Turns, failures: list[BaseException]) -> Runner[None]:
    runner: Runner[None] = Runner(0, cast("UnitOfWork", task), Surroundings(
        wall=lambda: NOW, acknowledge=lambda _: None, observe=lambda _: None, fail=failures.append, pace=lambda: 0.0,
        background=background))
    runner.tell(read_to(0))
    runner.start()
    return runner


def test_what_a_unit_raises_ends_the_runner_and_is_told() -> None:
    failures: list[BaseException] = []
    assert begun(Failing(NOW), Turns(), failures).join(10)
    assert [type(each) for each in failures] == [ZeroDivisionError]


def test_whoever_ends_is_no_longer_waited_for() -> None:
    """Whoever had the last turn would have had none again."""
    background = Turns()
    assert background.take(1)
    runner = begun(Busy(None), background, [])
    while not background.is_waited_for(0):
        assert not runner.join(0.001)
    runner.finish()
    assert runner.join(10) and not background.is_waited_for(0)
