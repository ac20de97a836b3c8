"""Taking tasks over, with all of them together: seek before start, quiet before a rebalance, kept tasks stay."""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Event, Semaphore, Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streams.core.errors import Bug
from streams.runtime.exits import Exit, Stop
from streams.runtime.kafka import calls
from streams.runtime.kafka.offsets import EndOffsets
from streams.runtime.plugs.recovery import TaskRecovery
from streams.runtime.settings import Settings
from streams.runtime.state.restore import Superseded
from streams.runtime.work import crew as crews
from streams.runtime.work.crew import Crew
from streams.runtime.work.ends import EndsWatch
from streams.runtime.work.fetch import Assignment, Fetch
from streams.runtime.work.opening import Opening
from streams.runtime.work.unit_of_work import UnitOfWork
from streams.unit import Inbound
from tests.connectors.recording import eventually
from tests.kafka.counting import HITS, Counting
from tests.pipeline.crashing import Scissors, World, unit_of


@dataclass(slots=True)
class Recorded:
    """Stands where the fetch, the ends watch and the opening stand, and writes down what it is asked."""

    settings: Settings = field(default_factory=lambda: Settings.read({}))
    calls: list[str] = field(default_factory=list)
    assigned: list[Assignment] = field(default_factory=list)
    begun: Semaphore = field(default_factory=lambda: Semaphore(0))
    on_assign: Callable[[], None] = lambda: None
    is_called_off: bool = False

    def wall(self) -> int:
        return 0

    def start(self, *_: Any) -> None:
        self.calls.append("started")

    def stop(self) -> None:
        self.calls.append("stopped")

    def watch(self, partitions: Iterable[int]) -> None:
        self.calls.append(f"watch {sorted(partitions)}")

    def assign(self, assignment: Assignment) -> Future[None]:
        self.calls.append("seek" if assignment.offsets else "seek nothing")
        self.assigned.append(assignment)
        self.on_assign()
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def take_over(self, partition: int, is_called_off: Callable[[], bool]) -> UnitOfWork:
        if self.is_called_off:
            raise Superseded
        self.calls.append(f"take over {partition}")
        unit = unit_of(World([], offsets={HITS: 10 * partition}), Scissors())
        unit.take_over()
        unit.processor = Begun(unit.processor, self)
        return unit


class Begun(Counting):
    """Says when its runner begins."""

    def __init__(self, inner: Any, recorded: Recorded) -> None:
        self._inner, self._recorded = inner, recorded

    def frontier(self, record: Inbound) -> int:
        return record.at

    def next_timer(self) -> int | None:
        self._recorded.calls.append("start")
        self._recorded.begun.release()
        return None


def crew_over(recorded: Recorded, failures: list[BaseException]) -> Crew[str]:
    return Crew(
        cast(Opening, recorded), cast(Fetch, recorded), cast(EndsWatch, recorded), acknowledge=lambda tokens: None,
        observe=lambda partition, done: None, fail=failures.append,
    )


def run(scenario: Callable[[Crew[str], Recorded], Any]) -> tuple[Recorded, list[BaseException]]:
    recorded, failures = Recorded(), list[BaseException]()

    async def main() -> None:
        crew = crew_over(recorded, failures)
        await scenario(crew, recorded)
        await crew.close()

    asyncio.run(main())
    return recorded, failures


def test_seeks_where_the_offsets_say_and_only_then_starts() -> None:
    async def scenario(crew: Crew[str], recorded: Recorded) -> None:
        assert await crew.take_over({1, 2}, generation=5)
        recorded.calls.clear()
        assert await crew.go(generation=5)
        for _ in range(2):
            assert await asyncio.to_thread(recorded.begun.acquire, timeout=10)
        assert recorded.calls.index("seek") < recorded.calls.index("start")
        assert recorded.assigned[-1].offsets == {(HITS, 1): 10, (HITS, 2): 20}

    run(scenario)


def test_no_task_has_started_when_the_seek_takes_effect() -> None:
    async def scenario(crew: Crew[str], recorded: Recorded) -> None:
        await crew.take_over({1}, generation=5)
        seen: list[int] = []
        recorded.on_assign = lambda: seen.append(recorded.calls.count("start"))
        await crew.go(generation=5)
        assert seen == [0]

    run(scenario)


def test_is_quiet_before_the_group_may_rebalance() -> None:
    async def scenario(crew: Crew[str], recorded: Recorded) -> None:
        await crew.take_over({1}, generation=5)
        await crew.go(generation=5)
        [runner] = crew.runners.values()
        await crew.quiet()
        assert runner.join(0) and not crew.runners
        assert recorded.calls[-1] == "seek nothing"

    run(scenario)


def test_a_task_that_comes_back_at_once_is_kept_and_one_that_was_away_is_taken_over_again() -> None:
    async def scenario(crew: Crew[str], recorded: Recorded) -> None:
        await crew.take_over({1, 2}, generation=5)
        await crew.go(generation=5)
        await crew.quiet()
        recorded.calls.clear()
        await crew.take_over({1}, generation=6)
        assert "take over 1" not in recorded.calls
        await crew.go(generation=6)
        await crew.quiet()
        await crew.take_over({1, 2}, generation=8)
        assert recorded.calls.count("take over 1") == 1 == recorded.calls.count("take over 2")

    run(scenario)


def test_a_task_that_was_opened_but_never_ran_is_taken_over_again() -> None:
    async def scenario(crew: Crew[str], recorded: Recorded) -> None:
        await crew.take_over({1}, generation=5)
        await crew.quiet()
        await crew.take_over({1}, generation=6)
        assert recorded.calls.count("take over 1") == 2

    run(scenario)


def test_an_assignment_that_was_called_off_does_not_start() -> None:
    async def scenario(crew: Crew[str], recorded: Recorded) -> None:
        assert await crew.take_over({1}, generation=5)
        await crew.quiet()
        assert not await crew.go(generation=5)
        recorded.is_called_off = True
        assert not await crew.take_over({2}, generation=6)
        assert not crew.runners

    _, failures = run(scenario)
    assert failures == []


def test_an_assignment_after_which_a_rebalance_has_begun_is_not_taken_over() -> None:
    """While it waited for the one before: of two that were begun in a row one task would have two runners."""
    taken: list[int] = []

    async def take_over(_: object, generation: int) -> bool:
        taken.append(generation)
        return False

    async def scenario() -> None:
        app = SimpleNamespace(
            rebalancing_count=1, input_names=frozenset[str](), crew=SimpleNamespace(take_over=take_over),
            consumer=SimpleNamespace(assignment=set))
        recovery = TaskRecovery(cast(Any, app), cast(Any, None))
        await recovery.on_rebalance(set(), set(), set(), 1)
        app.rebalancing_count += 1
        await recovery.start()
        await eventually(lambda: not recovery.signal_recovery_start.is_set())
        await recovery.on_rebalance(set(), set(), set(), 2)
        await eventually(lambda: bool(taken))
        await recovery.stop()

    asyncio.run(asyncio.wait_for(scenario(), 30))
    assert taken == [2]


def test_nothing_is_taken_over_while_tasks_run() -> None:
    async def scenario(crew: Crew[str], recorded: Recorded) -> None:
        assert await crew.take_over({1}, generation=5) and await crew.go(generation=5)
        with pytest.raises(Bug, match=r"Tasks \[1\] still run"):
            await crew.take_over({1, 2}, generation=6)

    run(scenario)


def test_a_take_over_that_was_called_off_fences_nobody(tmp_path: Path) -> None:
    """It may have waited for a thread until long after the task was given to another worker."""
    settings = Settings.read({"AUDIENCE_DATA": str(tmp_path), "AUDIENCE_BROKER": "127.0.0.1:9"})
    opening = Opening(settings, cast(Any, None), report=cast(Any, None))
    with pytest.raises(Superseded):
        opening.take_over(0, lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_of_the_watch_over_the_ends_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: Queue[BaseException] = Queue()
    monkeypatch.setattr(EndOffsets, "now", lambda *_: {})
    watch = EndsWatch(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), lambda: 0)
    watch.watch([0])
    watch.start(lambda *_: None, lambda _: None, failures.put)
    assert isinstance(failures.get(timeout=10), KeyError)


@pytest.mark.parametrize("looks", [1, 2])
def test_a_call_that_does_not_return_ends_the_worker_at_the_second_look(
    looks: int, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the first it may be this process that was halted."""
    clock, has_begun, may_return = [0.0], Event(), Event()
    monkeypatch.setattr(calls, "monotonic", lambda: clock[0])

    def hangs() -> None:
        has_begun.set()
        may_return.wait()

    async def scenario(crew: Crew[str], recorded: Recorded) -> None:
        caller = Thread(target=lambda: calls.persistently("offsets", hangs))
        caller.start()
        has_begun.wait()
        crew.check()
        clock[0] += calls.OVERDUE + 1
        for _ in range(looks):
            crew.check()
        may_return.set()
        caller.join()
        crew.check()

    _, failures = run(scenario)
    assert [cast(Stop, failure).code for failure in failures] == [Exit.STUCK] * (looks - 1)


@pytest.mark.parametrize("limit", [-1.0, crews.LONGEST_UNIT])
def test_a_unit_of_work_that_does_not_end_ends_the_worker(limit: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "LONGEST_UNIT", limit)

    async def scenario(crew: Crew[str], recorded: Recorded) -> None:
        await crew.take_over({1}, generation=5)
        await crew.go(generation=5)
        crew.check()
        await crew.quiet()

    _, failures = run(scenario)
    assert [cast(Stop, failure).code for failure in failures] == ([Exit.STUCK] if limit < 0 else [])
