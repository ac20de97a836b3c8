"""The thread of one task: takes what comes in, in merged order, and runs one unit of work after the other.

A thread for each task, with everything of a unit in it, so that the unit reads straight down and commits of different tasks
wait side by side. Coroutines would need a hop to a pool and back for every call of librdkafka and RocksDB, which block, and
would spread the order of the steps, which is the guarantee, over callbacks.
"""
from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Generic, TypeVar

from streams.runtime import cycles
from streams.runtime.work.alignment import Alignment
from streams.runtime.work.batches import EndReached, EndsSeen, RecordBatch
from streams.runtime.work.merge import Merge
from streams.runtime.work.turns import Turns
from streams.runtime.work.unit_of_work import Batch, UnitOfWork
from streams.standing import Standing
from streams.unit import Inbound, Outcome

Token = TypeVar("Token")

UNIT = 2_000
"""Records a unit handles at most: so many that a commit's cost vanishes, so few that it is done in a moment."""
LONGEST_WAIT = 0.25
"""Seconds after which a task looks at its clock again if nothing wakes it: how late a timer can be."""
TIDY = 1.0
"""Seconds of rest after which offsets that only passed transaction markers are committed, so that a task with nothing to do
looks like it to everybody, other workers' tasks included."""
SLICE_EVERY = 5
"""While records keep coming, one unit in so many is spared for other work: it takes none, if there is background work or a
timer is due."""
TURN = 0.005
"""Seconds after which a task looks again whether it is its turn to work in the background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One settled unit, for whoever measures. commit_seconds: None if nothing was to be committed. wall: ms at the end."""

    records: Sequence[Inbound]
    outcome: Outcome
    seconds: float
    commit_seconds: float | None
    wall: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings(Generic[Token]):
    """What a runner needs of the worker. All are called from its thread.

    acknowledge: the batches these tokens came with are settled. observe: a unit is done; may raise to end the
    worker. fail: the runner cannot go on. pace: least seconds between the starts of two units.
    """

    wall: Callable[[], int]
    acknowledge: Callable[[list[Token]], None]
    observe: Callable[[Done], None]
    fail: Callable[[BaseException], None]
    pace: Callable[[], float]
    alignment: Alignment = field(default_factory=Alignment)
    background: Turns = field(default_factory=Turns)


class Runner(Generic[Token]):
    """Runs one task from `start` to `finish`, once. What is handed over before the start waits for it."""

    def __init__(self, partition: int, unit: UnitOfWork, around: Surroundings[Token]) -> None:
        self._partition, self._unit, self._around = partition, unit, around
        self._merge: Merge[Token] = Merge(unit.offsets, lambda record: unit.processor.frontier(record))
        self._inbox: deque[tuple[RecordBatch, Token] | EndReached | EndsSeen] = deque()
        self._woken = threading.Event()
        self._is_finishing = False
        self._thread = threading.Thread(target=self._live, name=f"task-{partition}", daemon=True)
        self._next_start = self._started = 0.0
        self._units = 0
        self._next_timer: int | None = None

    def hand_over(self, batch: RecordBatch, token: Token) -> None:
        """Gives it a batch, in the order of the partition. Returns at once; from any thread."""
        self._inbox.append((batch, token))
        self.wake()

    def tell(self, news: EndReached | EndsSeen) -> None:
        """Gives it news of its inputs' ends, in any order. Returns at once; from any thread."""
        self._inbox.append(news)
        self.wake()

    def wake(self) -> None:
        """Has it look again for what it may do. Returns at once; from any thread."""
        self._woken.set()

    @property
    def waiting(self) -> int:
        """Records that were read and not yet handled."""
        return self._merge.waiting

    def lag(self) -> dict[str, int]:
        """By topic, the records that are there and not yet committed, as far as is known."""
        return self._merge.lag()

    def standing(self) -> Standing | None:
        """How its segments stand, as far as the processor counts. From any thread."""
        return self._unit.processor.standing()

    def seconds_in_unit(self) -> float:
        """How long the unit that runs now has been running; 0 between units."""
        return monotonic() - self._started if self._started else 0.0

    def start(self) -> None:
        """Begins to work."""
        self._thread.start()

    def finish(self) -> None:
        """Ends after the unit that is running; what waits is dropped, to be read again. Returns at once."""
        self._is_finishing = True
        self.wake()

    def join(self, seconds: float) -> bool:
        """Waits for the end; False if it did not come in time."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _live(self) -> None:
        try:
            self._next_timer = self._unit.processor.next_timer()
            while not self._is_finishing:
                self._receive()
                if self._work():
                    cycles.look()
                else:
                    self._rest()
        except BaseException as failure:
            self._around.fail(failure)
        finally:
            self._around.background.withdraw(self._partition)

    def _receive(self) -> None:
        self._woken.clear()
        inbox, merge = self._inbox, self._merge
        while inbox:
            match inbox.popleft():
                case (batch, token):
                    merge.offer(batch, token, self._around.wall())
                case EndReached() | EndsSeen() as news:
                    merge.tell(news)

    def _work(self) -> bool:
        """One unit, if there is anything to do now."""
        if monotonic() < self._next_start and self._merge.waiting < UNIT:
            return False
        wall, align, turns = self._around.wall(), self._around.alignment, self._around.background
        align.report(self._partition, self._merge.reached(wall), wall, self._unit.commit_seconds)
        has_background, is_awaited = self._unit.processor.busy(), turns.is_waited_for(self._partition)
        if is_awaited and not has_background:
            turns.withdraw(self._partition)
        is_spare = self._units % SLICE_EVERY == 0
        has_turn = has_background and (is_spare or is_awaited) and turns.take(self._partition)
        try:
            is_without_records = has_turn or (is_spare and self._is_due(self._timers_until(wall)))
            records = [] if is_without_records else self._merge.take(UNIT, wall, align.records_until(wall))
            if has_background and not records and not has_turn:
                has_turn = turns.take(self._partition)
            timers_until = self._timers_until(wall)
            if not (records or has_turn or self._is_due(timers_until) or self._is_untidy()):
                return False
            if records:
                turns.events_came()
            self._run(records, wall, timers_until, has_turn=has_turn)
            return True
        finally:
            if has_turn:
                turns.give_back()

    def _timers_until(self, wall: int) -> int:
        return min(self._merge.timers_until(wall), self._around.alignment.timers_until(wall))

    def _is_due(self, timers_until: int) -> bool:
        return self._next_timer is not None and self._next_timer <= timers_until

    def _is_untidy(self) -> bool:
        return monotonic() - self._next_start > TIDY and self._merge.offsets() != self._unit.offsets

    def _run(self, records: list[Inbound], wall: int, timers_until: int, *, has_turn: bool) -> None:
        self._started = started = monotonic()
        self._next_start = started + self._around.pace()
        self._units += 1
        offsets, tokens = self._merge.settle()
        moved = {topic: offset for topic, offset in offsets.items() if offset != self._unit.offsets[topic]}
        batch = Batch(
            records=records, offsets=moved, reached=self._merge.reached(wall), has_turn=has_turn,
            acknowledge=lambda: self._around.acknowledge(tokens),
        )
        outcome = self._unit.run(batch, wall, timers_until)
        self._started = 0.0
        self._next_timer = self._unit.processor.next_timer()
        self._around.observe(Done(
            records=records, outcome=outcome, seconds=monotonic() - started,
            commit_seconds=self._unit.commit_seconds if batch.is_written(outcome) else None,
            wall=self._around.wall(),
        ))

    def _rest(self) -> None:
        """Until something comes in, the pace allows the next unit, or a timer is due. A timer that is due already, but may
        not fire yet, waits for news of the inputs like any record."""
        pause, until_paced = LONGEST_WAIT, self._next_start - monotonic()
        if until_paced > 0:
            pause = min(pause, until_paced)
        elif self._next_timer is not None:
            until_due = (self._next_timer - self._around.wall()) / 1000
            pause = min(pause, until_due) if until_due > 0 else pause
        self._woken.wait(min(pause, TURN) if self._unit.processor.busy() else pause)
