"""Background work and events on one worker: a slice never beside records, one slice at a time, and neither starves."""
from __future__ import annotations

import gc
import json
import threading
import time
import weakref
from collections.abc import Iterator
from typing import cast

import pytest

from schemas.codec import Codec
from streams.core.values import Json
from streams.memory import MemoryStore
from streams.pipeline import NO_TIMERS, Pipeline
from streams.runtime import cycles
from streams.runtime.work.batches import EndsSeen, RecordBatch
from streams.runtime.work.runner import SLICE_EVERY, Runner, Surroundings
from streams.runtime.work.turns import Turns
from streams.runtime.work.unit_of_work import Batch, UnitOfWork
from streams.task import Task, TaskSettings
from streams.task.outputs import Collected
from streams.task.publishing import press, records
from streams.unit import Inbound, Outcome
from tests.pipeline.test_press import fans, mailed

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


class Timing(Busy):
    """There is always a timer that is due."""

    def __init__(self, *, with_records: bool) -> None:
        super().__init__(with_records=with_records)
        self.turns: list[bool] = []

    def next_timer(self) -> int | None:
        return 0

    def run(self, batch: Batch, wall: int, timers_until: int) -> Outcome:
        self.turns.append(batch.has_turn)
        return super().run(batch, wall, timers_until)


@pytest.mark.parametrize("is_taken", [True, False])
def test_timers_fire_while_another_has_the_turn_but_bring_no_slice_with_them(*, is_taken: bool) -> None:
    background = Turns(unhurried)
    assert not is_taken or background.take(1)
    task = turns(background, with_records=False, kind=Timing)
    assert task.is_enough.wait(20) and ended(task)
    assert isinstance(task, Timing) and set(task.turns) == {not is_taken}


def test_without_a_turn_no_background_work_is_done_and_nothing_is_lost() -> None:
    store = MemoryStore()
    task = Task(0, 1, store, TaskSettings(profile_key="k", view_after=None), sink=Collected())
    task.run([definition("segment/s", rule={"everyone": {}}), definition("revision/head")], 1, NO_TIMERS)
    assert task.busy()
    for _ in range(3):
        store.write(task.run([], 1, 1, has_turn=False).changes)
        assert task.busy()
    store.write(task.run([], 1, 1).changes)
    assert not task.busy()


@pytest.mark.parametrize(("per_second", "sent"), [(1.0, 3), (None, 0)], ids=["paced", "at once"])
def test_a_press_with_a_pace_goes_on_by_timer_and_one_without_waits_for_a_turn(per_second: float | None, sent: int) -> None:
    pipeline = fans(6, partitions=1)
    (task,), (store,) = pipeline.tasks, pipeline.stores
    store.write(task.run([Inbound("definitions", 0, 0, key.encode(), Codec().encode("definition", record), pipeline.now)
                          for key, record in pressed(pipeline, per_second)], pipeline.now, NO_TIMERS).changes)
    for seconds in range(3):
        at = pipeline.now + seconds * 1_000
        store.write(task.run([], at, at, has_turn=False).changes)
    assert len(mailed(pipeline)) == sent


def pressed(pipeline: Pipeline, per_second: float | None) -> Iterator[tuple[str, dict[str, Json]]]:
    """The records of a press."""
    key, revision = "campaign/c", pipeline._revision + 1
    button = press(pipeline._standing[key], revision, per_second)
    assert button is not None
    return records({key: button}, revision, pipeline.now)


def definition(key: str, **fields: Json) -> Inbound:
    kind, _, name = key.partition("/")
    source = json.dumps({"kind": kind, "id": name, **fields})
    row = {"kind": kind, "id": name, "version": 1, "revision": 1, "deleted": False, "source": source, "state": None,
           "press": None, "at": 1}
    return Inbound("definitions", 0, 0, key.encode(), Codec().encode("definition", row), 1)


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
