"""The tasks of a worker: taken over after a rebalance, quiet before the next, let go at the end.

Knows Kafka's partitions and our tasks, but not Faust: `streams.runtime.plugs.recovery` says what Faust's rebalance means
for the tasks. All methods belong to the event loop; what blocks runs in threads, side by side, as fencing alone takes half
a second.
"""
from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from streams.core.errors import Bug
from streams.runtime.clock import wall_ms
from streams.runtime.exits import Exit, Stop
from streams.runtime.kafka.calls import CallWatch
from streams.runtime.state.restore import Superseded
from streams.runtime.work.alignment import Alignment
from streams.runtime.work.batches import EndReached, EndsSeen, RecordBatch
from streams.runtime.work.ends import EndsWatch
from streams.runtime.work.fetch import Assignment, Fetch, Input
from streams.runtime.work.opening import Opening
from streams.runtime.work.runner import Done, Runner, Surroundings
from streams.runtime.work.turns import Turns
from streams.runtime.work.unit_of_work import State, UnitOfWork

log = logging.getLogger(__name__)

Token = TypeVar("Token")
Result = TypeVar("Result")
_Arrived = tuple[RecordBatch, Token]

TRANSACTIONS_A_SECOND = 200
"""What one worker starts at most; with many tasks each waits longer."""
LONGEST_UNIT = 120.0
"""Seconds; twice the patience with a broker that is away."""
QUIET_WITHIN = 20.0
"""Seconds for what is under way when partitions are given up."""


@dataclass(slots=True)
class _Held:
    unit: UnitOfWork
    generation: int | None = None
    """The group's generation when it last ran; None if it never did."""


class Crew(Generic[Token]):
    """All tasks of one worker. `acknowledge` gets the tokens of settled batches; from any thread."""

    def __init__(
        self, opening: Opening, fetch: Fetch, ends: EndsWatch, *, acknowledge: Callable[[list[Token]], None],
        observe: Callable[[int, Done], None], fail: Callable[[BaseException], None],
    ) -> None:
        self._opening, self._fetch, self._ends = opening, fetch, ends
        self._acknowledge, self._observe, self._fail = acknowledge, observe, fail
        self._held: dict[int, _Held] = {}
        self._runners: dict[int, Runner[_Arrived[Token]]] = {}
        self._settings = opening.settings
        self._alignment, self._background = Alignment(), Turns()
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(64, thread_name_prefix="open")
        self._called_off = threading.Event()
        self._opens: list[asyncio.Task[bool]] = []
        self._epoch = 0
        self.assigned: frozenset[int] | None = None
        """The partitions this worker owns; None before the first assignment."""
        self._calls = CallWatch()
        self._turn = asyncio.Lock()
        self.arrived: asyncio.Queue[RecordBatch] = asyncio.Queue()
        """Batches on their way to Faust."""
        fetch.start(self._deliver, fail)
        ends.start(self._see, self._alignment.hear, fail)

    @property
    def runners(self) -> Mapping[int, Runner[_Arrived[Token]]]:
        """The tasks that run now."""
        return self._runners

    def check(self) -> None:
        """Ends the worker if a task is stuck in what does not return, which its thread cannot see."""
        for partition, runner in self._runners.items():
            if runner.seconds_in_unit() > LONGEST_UNIT:
                self._fail(Stop(Exit.STUCK, f"Task {partition}: a unit of work takes longer than {LONGEST_UNIT:g} s"))
        if stuck := self._calls.stuck():
            self._fail(Stop(Exit.STUCK, f"{stuck} did not return, long after its time was over; start again"))

    def states(self) -> tuple[State, ...]:
        """The committed state of the tasks held here."""
        return tuple(held.unit.state for held in self._held.values())

    async def take_over(self, partitions: Iterable[int], generation: int) -> bool:
        """Steps (1) fence, (2) restore, (3) committed offsets, for every partition that is new to this worker.

        A task that ran in the generation just before is kept: nobody can have owned it meanwhile. False if it
        was called off by `quiet`, or a newer assignment is to come.
        """
        if self._runners:
            raise Bug(f"Tasks {sorted(self._runners)} still run; `quiet` comes before tasks are taken over")
        started = monotonic()
        self._called_off = called_off = threading.Event()
        self.assigned = wanted = frozenset(partitions)
        kept = {p for p, held in self._held.items() if p in wanted and held.generation == generation - 1}
        for partition in self._held.keys() - kept:
            await self._in_thread(self._held.pop(partition).unit.close)
        self._opens = [asyncio.create_task(self._open(partition, called_off)) for partition in sorted(wanted - kept)]
        opened = await asyncio.gather(*self._opens)
        if all(opened):
            log.info(
                "Tasks %s: kept %s, taken over %s, in %.1f s", sorted(wanted), sorted(kept), sorted(wanted - kept),
                monotonic() - started,
            )
        return all(opened) and not called_off.is_set()

    async def go(self, generation: int) -> bool:
        """Steps (4) seek and (5) start, for all tasks together. False if `quiet` came first."""
        async with self._turn:
            if self._called_off.is_set():
                return False
            self._runners = {number: self._runner(number, held.unit) for number, held in self._held.items()}
            self._alignment.begin({number: runner.wake for number, runner in self._runners.items()})
            await self._assign(self._offsets(), generation)  # (4)
            self._ends.watch(self._held)
            for partition, runner in self._runners.items():
                self._held[partition].generation = generation
                runner.start()  # (5)
            return True

    async def quiet(self) -> None:
        """Lets running units end, drops what waits, and calls off what is being opened. Must be over before the group may
        rebalance: who fences later would fence the task's new owner."""
        self._called_off.set()
        if self._opens:
            await asyncio.wait(self._opens, timeout=QUIET_WITHIN)
        async with self._turn:
            self._ends.watch(())
            runners, self._runners = self._runners, {}
            for runner in runners.values():
                runner.finish()
            await self._assign({}, generation=0)
            ended = await asyncio.gather(*(self._in_thread(each.join, QUIET_WITHIN) for each in runners.values()))
        if not all(ended):
            self._fail(Stop(Exit.STUCK, f"A unit of work did not end within {QUIET_WITHIN:g} s; is Kafka away?"))

    async def close(self) -> None:
        """Lets everything go, for good."""
        await self.quiet()
        for partition in list(self._held):
            await self._in_thread(self._held.pop(partition).unit.close)
        self._fetch.stop()
        self._ends.stop()
        self._threads.shutdown(wait=False)

    def hand_over(self, batch: RecordBatch, token: Token) -> None:
        """Gives a batch that came through Faust to its task; drops it if it is of an earlier assignment."""
        if batch.epoch == self._epoch:
            self._runners[batch.partition].hand_over(batch, (batch, token))

    async def _open(self, partition: int, called_off: threading.Event) -> bool:
        try:
            unit = await self._in_thread(self._opening.take_over, partition, called_off.is_set)
        except Superseded:
            return False
        except Exception as failure:
            self._fail(failure)
            return False
        self._held[partition] = _Held(unit)
        return True

    def _runner(self, partition: int, unit: UnitOfWork) -> Runner[_Arrived[Token]]:
        return Runner(partition, unit, Surroundings(
            wall=wall_ms, acknowledge=self._settled, fail=self._fail, pace=self._pace,
            observe=lambda done: self._observe(partition, done), alignment=self._alignment,
            background=self._background,
        ))

    def _pace(self) -> float:
        return max(self._settings.commit_interval / 1000, len(self._runners) / TRANSACTIONS_A_SECOND)

    def _settled(self, arrived: list[_Arrived[Token]]) -> None:
        for batch, _ in arrived:
            self._fetch.settled(batch)
        self._acknowledge([token for _, token in arrived])

    def _offsets(self) -> dict[Input, int]:
        return {
            (topic, partition): offset
            for partition, held in self._held.items() for topic, offset in held.unit.offsets.items()
        }

    async def _assign(self, offsets: dict[Input, int], generation: int) -> None:
        self._epoch += 1
        assignment = Assignment(epoch=self._epoch, offsets=offsets, generation=generation)
        await asyncio.wrap_future(self._fetch.assign(assignment))

    def _deliver(self, batches: list[RecordBatch], ends: list[EndReached], epoch: int) -> None:
        self._loop.call_soon_threadsafe(self._arrive, batches, ends, epoch)

    def _arrive(self, batches: list[RecordBatch], ends: list[EndReached], epoch: int) -> None:
        if epoch != self._epoch:
            return
        for batch in batches:
            self.arrived.put_nowait(batch)
        for news in ends:
            if runner := self._runners.get(news.partition):
                runner.tell(news)

    def _see(self, partition: int, ends: dict[str, int], at: int) -> None:
        if runner := self._runners.get(partition):
            runner.tell(EndsSeen(ends=ends, at=at))

    async def _in_thread(self, call: Callable[..., Result], *arguments: object) -> Result:
        return await self._loop.run_in_executor(self._threads, call, *arguments)
