"""What does not come back, or fails unseen, ends the worker."""
from __future__ import annotations

from queue import Queue
from threading import Event, Thread
from typing import cast

import pytest

from streams.runtime.exits import Exit, Stop
from streams.runtime.kafka import calls
from streams.runtime.kafka.offsets import EndOffsets
from streams.runtime.settings import Settings
from streams.runtime.work import crew as crews
from streams.runtime.work.crew import Crew
from streams.runtime.work.ends import EndsWatch
from tests.pipeline.recorded import Recorded, run


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
