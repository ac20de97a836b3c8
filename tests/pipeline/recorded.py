"""A crew over what is only written down."""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Semaphore
from typing import Any, cast

from streams.runtime.settings import Settings
from streams.runtime.state.restore import Superseded
from streams.runtime.work.crew import Crew
from streams.runtime.work.ends import EndsWatch
from streams.runtime.work.fetch import Assignment, Fetch
from streams.runtime.work.opening import Opening
from streams.runtime.work.unit_of_work import UnitOfWork
from streams.unit import Inbound
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
    on_take_over: Callable[[], None] = lambda: None
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
        self.on_take_over()
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
