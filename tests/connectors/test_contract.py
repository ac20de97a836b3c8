"""What every destination keeps to, whatever its protocol: through every fault of the line nothing is lost, nothing doubled
that the protocol lets us not double, and what comes twice comes under the same key.
"""
from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from connectors import destinations
from connectors.delivery import Connector, Deferred, Delivered, Engine, Limits
from streams.cli.connectors import CONNECTORS
from streams.runtime.clock import wall_ms
from tests.connectors.faulty import Fault, Line
from tests.connectors.platforms import QUICK
from tests.connectors.recording import Crash, Log, Reading, eventually
from tests.connectors.rigs import HASTY, PATIENT, RIGS, SPOOLED, Rig

PASSING = frozenset({Fault.CUT, Fault.SLOW})
"""With these something comes through."""
MAY_REPEAT = frozenset({Fault.CUT, Fault.SILENT})
"""A lost answer: nobody knows whether the server has done its work."""
SCALE = 400
"""A second of these tests is so many of the engine's."""
TEN_MINUTES = 600_000


def all_of(rig: Rig) -> dict[str, int]:
    return {each.activation_id: 1 for each in rig.activations}


def check(rig: Rig, log: Log, *, may_repeat: bool) -> None:
    assert log.final(Delivered) == all_of(rig)
    assert rig.kept() == rig.wanted()
    assert may_repeat or not rig.came or rig.came == Counter(all_of(rig))


def test_every_connector_is_here_or_writes_files() -> None:
    assert set(RIGS) | SPOOLED == set(CONNECTORS)
    packages = {file.parent.name for file in Path(destinations.__file__).parent.glob("*/__init__.py")}
    assert packages == set(CONNECTORS.values())


@pytest.mark.parametrize("name", sorted(RIGS))
@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE])
def test_through_every_fault_all_is_delivered(name: str, fault: Fault) -> None:
    rig = RIGS[name]()
    log = Log(rig.activations)

    async def play() -> None:
        async with rig.serving() as port, Line(rig.words, port, fault) as line:
            await _run(rig, line, log, until=lambda: line.faults >= 3 or len(log.final(Deferred)) >= 3 or _done(log, rig))
            if fault not in PASSING:
                assert not rig.came and not rig.kept(), "nothing can have come through"
            await line.mend()
            await _run(rig, line, log, until=lambda: _done(log, rig))

    asyncio.run(play())
    check(rig, log, may_repeat=fault in MAY_REPEAT)
    assert fault is Fault.SLOW or log.final(Deferred)


@pytest.mark.parametrize("name", sorted(RIGS))
def test_killed_between_delivery_and_outcome_only_that_batch_comes_again(name: str) -> None:
    rig = RIGS[name]()
    log = Log(rig.activations, crashes_before_settling=2)

    async def play() -> None:
        async with rig.serving() as port, Line(rig.words, port, Fault.NONE) as line:
            for _ in range(3):
                with suppress(Crash):
                    await _run(rig, line, log, until=lambda: _done(log, rig))

    asyncio.run(play())
    check(rig, log, may_repeat=True)
    first = {each.activation_id for each in rig.activations[:rig.connector(1).most]}
    assert {key for key, times in rig.came.items() if times > 1} == (first if rig.came else set())


@pytest.mark.parametrize(("name", "fault"), [
    *((name, Fault.FAILING) for name in sorted(RIGS)), ("http", Fault.SILENT), ("smtp", Fault.SILENT)])
def test_ten_minutes_of_it_delay_nobody_else_and_lose_and_double_nothing(name: str, fault: Fault) -> None:
    """With the production limits and a clock that runs fast. The other destination is done while this one still fails."""
    rig, other = RIGS[name](), RIGS["http"]()
    log, others = Log(rig.activations), Log(other.activations)
    clock = _fast_clock()
    began = clock()

    async def play() -> None:
        async with (rig.serving() as port, other.serving() as well, Line(rig.words, port, fault) as line,
                    Line(other.words, well, Fault.NONE) as good):
            engine = Engine(name, _connector(rig, line), Reading(log), Limits(), clock=clock)
            task = asyncio.create_task(engine.run())
            await _run(other, good, others, until=lambda: _done(others, other))
            assert line.fault is fault and not log.final(Delivered)
            await _within(lambda: (engine.is_held_back and clock() - began > TEN_MINUTES) or task.done())
            assert not log.final(Delivered)
            assert line.faults < 3 * engine.waiting + 60, "it is probed, and not flooded"
            await line.mend()
            await _within(lambda: _done(log, rig) or task.done())
            engine.stop()
            await task

    asyncio.run(play())
    check(rig, log, may_repeat=fault in MAY_REPEAT)
    check(other, others, may_repeat=False)
    assert not others.final(Deferred)


def _connector(rig: Rig, line: Line) -> Connector:
    return rig.connector(line.port, HASTY if line.fault is Fault.SILENT else PATIENT)


async def _run(rig: Rig, line: Line, log: Log, until: Callable[[], bool]) -> None:
    engine = Engine("destination", _connector(rig, line), Reading(log), QUICK, clock=wall_ms)
    task = asyncio.create_task(engine.run())
    try:
        await _within(lambda: until() or task.done())
    finally:
        engine.stop()
        await task


async def _within(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        await eventually(condition)


def _done(log: Log, rig: Rig) -> bool:
    return len(log.final(Delivered)) >= len(rig.activations)


def _fast_clock() -> Callable[[], int]:
    started = time.monotonic()
    return lambda: 10_000_000_000_000 + int((time.monotonic() - started) * 1_000 * SCALE)
