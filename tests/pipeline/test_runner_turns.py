"""Background work and events on one worker: a slice never beside records, one slice at a time, and neither starves."""
from __future__ import annotations

import gc
import threading
import time
import weakref
from typing import cast

import pytest

from streams.runtime import cycles
from streams.runtime.work.batches import EndsSeen, RecordBatch
from streams.runtime.work.runner import SLICE_EVERY, Runner, Surroundings
from streams.runtime.work.turns import Turns
from streams.runtime.work.unit_of_work import Batch, UnitOfWork
from streams.unit import Inbound, Outcome

TOPIC = "events.hits"
ENOUGH = 20 * SLICE_EVERY


class Busy:
    """A task that always has background work, and hands itself a record in every unit, so that records never end."""

    def __init__(self, *, with_records: bool) -> None:
        self.offsets, self.processor, self.commit_seconds = {TOPIC: 0}, self, 0.0
        self.with_records = with_records
        self.units: list[int] = []
        self.handed = 0
        self.runner: Runner[None]
        self.is_enough = threading.Event()

    def frontier(self, record: Inbound) -> int:
        return record.at

    def busy(self) -> bool:
        return True

    def next_timer(self) -> int | None:
        return None

    def run(self, batch: Batch, _wall: int, _timers_until: int) -> Outcome:
        self.units.append(len(batch.records))
        self.offsets |= batch.offsets
        self.more()
        if len(self.units) >= ENOUGH:
            self.is_enough.set()
        self.is_enough.wait(0.001)  # as a commit, which lets other threads work
        return Outcome([], [])

    def more(self) -> None:
        first = self.handed
        if self.with_records and first == sum(self.units):
            self.handed += 1
            record = Inbound(TOPIC, 0, first, None, b"", wall())
            self.runner.hand_over(RecordBatch(topic=TOPIC, partition=0, records=[record], first=first, next_offset=first + 1,
                                              size=1, epoch=1, generation=1), None)
        self.runner.tell(EndsSeen(ends={TOPIC: self.handed}, at=wall()))


def wall() -> int:
    return int(time.time() * 1000)


def unhurried() -> float:
    """A clock by which no turn takes any time, so that none is followed by a rest."""
    return 0.0


def turns(background: Turns, *, task_of: int = 0, with_records: bool = True, kind: type[Busy] = Busy) -> Busy:
    """Started; ends when the test does not join it any more."""
    def fail(failure: BaseException) -> None:
        raise failure

    task = kind(with_records=with_records)
    around: Surroundings[None] = Surroundings(
        wall=wall, acknowledge=lambda _: None, observe=lambda _: None, fail=fail, pace=lambda: 0.0, background=background)
    task.runner = Runner(task_of, cast("UnitOfWork", task), around)
    task.more()
    task.runner.start()
    return task


def ended(task: Busy) -> list[int]:
    task.runner.finish()
    assert task.runner.join(10)
    return task.units


def test_while_records_keep_coming_one_unit_in_five_is_a_slice_and_has_none() -> None:
    task = turns(Turns(unhurried))
    assert task.is_enough.wait(20)
    units = ended(task)[:ENOUGH]
    assert units.count(0) == ENOUGH // SLICE_EVERY
    assert all(units[start:start + SLICE_EVERY].count(0) == 1 for start in range(0, ENOUGH, SLICE_EVERY))


class Knot:
    def __init__(self) -> None:
        self.itself = self


class Leaving(Busy):
    """Every unit leaves something in a cycle, as a rendered message does, and rows that stay."""

    def __init__(self, *, with_records: bool) -> None:
        super().__init__(with_records=with_records)
        self.rows: list[list[int]] = []
        self.left: list[weakref.ref[Knot]] = []

    def run(self, batch: Batch, wall: int, timers_until: int) -> Outcome:
        if len(self.left) < 5:
            self.rows += [[] for _ in range(2 * cycles.NEW)]
            self.left.append(weakref.ref(Knot()))
        return super().run(batch, wall, timers_until)


def test_what_a_unit_left_in_a_cycle_is_found_after_it() -> None:
    gc.disable()
    try:
        task = turns(Turns(), kind=Leaving)
        assert task.is_enough.wait(20) and ended(task)
        assert isinstance(task, Leaving)
        found = [left() is None for left in task.left]
    finally:
        gc.enable()
    assert found == [True] * 5


def test_events_of_a_task_go_on_while_another_has_the_turn() -> None:
    background = Turns()
    assert background.take(1)
    task = turns(background)
    assert task.is_enough.wait(20)
    assert 0 not in ended(task)[:ENOUGH]


@pytest.mark.parametrize("tasks", [2, 4])
def test_tasks_take_turns_and_each_has_its_share(tasks: int) -> None:
    background = Turns()
    found = [turns(background, task_of=task, with_records=False) for task in range(tasks)]
    for task in found:
        assert task.is_enough.wait(30), "one that never has its turn"
    for task in found:
        ended(task)


def test_a_task_with_records_has_its_turns_beside_one_that_has_none() -> None:
    background = Turns(unhurried)
    idle, loaded = turns(background, task_of=1, with_records=False), turns(background)
    assert loaded.is_enough.wait(30)
    slices = ended(loaded)[:ENOUGH].count(0)
    ended(idle)
    assert slices >= ENOUGH // SLICE_EVERY // 4, "the other one took them all"


def test_who_withdraws_is_not_waited_for() -> None:
    turns = Turns()
    assert turns.take(1) and not turns.take(2)
    turns.give_back()
    assert not turns.take(1), "it had the last one, and another asked"
    turns.withdraw(2)
    assert turns.take(1)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_while_events_come_in_every_turn_leaves_them_twice_as_long_as_it_took() -> None:
    clock = Clock()
    turns = Turns(clock)
    turns.events_came()
    assert turns.take(1)
    clock.now = 0.1
    turns.give_back()
    assert not turns.take(1) and not turns.take(2) and turns.is_waited_for(2)
    clock.now = 0.29
    assert not turns.take(2)
    clock.now = 0.31
    assert turns.take(2)


def test_without_events_one_turn_follows_the_other() -> None:
    clock = Clock()
    turns = Turns(clock)
    turns.events_came()
    clock.now = 2.0
    assert turns.take(1)
    clock.now = 2.5
    turns.give_back()
    assert turns.take(1)
