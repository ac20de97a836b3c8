"""Taking tasks over, with all of them together: seek before start, quiet before a rebalance, kept tasks stay."""
from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streams.core.errors import Bug
from streams.runtime.exits import Exit, Stop
from streams.runtime.kafka.calls import Aborted
from streams.runtime.plugs.recovery import TaskRecovery
from streams.runtime.settings import Settings
from streams.runtime.state.restore import Superseded
from streams.runtime.work.batches import EndReached, RecordBatch
from streams.runtime.work.crew import Crew
from streams.runtime.work.kafka_log import KafkaLog
from streams.runtime.work.opening import Opening
from streams.unit import Change
from tests.connectors.recording import eventually
from tests.kafka.counting import HITS
from tests.pipeline.recorded import Recorded, run


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


def test_is_quiet_only_when_nothing_is_being_opened_any_more() -> None:
    """It would fence the task's new owner, who ends then."""
    has_begun, may_end = Event(), Event()

    async def scenario(crew: Crew[str], recorded: Recorded) -> None:
        def begin() -> None:
            has_begun.set()
            may_end.wait(10)

        recorded.on_take_over = begin
        opening = asyncio.create_task(crew.take_over({1}, generation=5))
        await asyncio.to_thread(has_begun.wait, 10)
        quiet = asyncio.create_task(crew.quiet())
        await asyncio.sleep(0.05)
        assert not quiet.done()
        may_end.set()
        await quiet
        assert not await opening

    run(scenario)


def test_between_two_attempts_to_fence_it_is_asked_whether_it_was_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[float] = []

    class Away:
        """A producer whose broker is away."""

        def init_transactions(self, within: float) -> None:
            attempts.append(within)
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    log = KafkaLog(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), 0, lambda: len(attempts) == 2)
    monkeypatch.setattr(log, "_producer", Away())
    with pytest.raises(Superseded):
        log.fence()
    assert len(attempts) == 2


def test_offsets_are_committed_with_the_transaction_once_its_records_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    class Noting:
        """A producer that does what is asked."""

        def flush(self, _within: float) -> None:
            calls.append("flush")

        def send_offsets_to_transaction(self, positions: list[TopicPartition], *_: object) -> None:
            calls.extend((each.topic, each.partition, each.offset, each.metadata) for each in positions)

        def commit_transaction(self, _within: float) -> None:
            calls.append("commit")

    log = KafkaLog(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), 3)
    monkeypatch.setattr(log, "_producer", Noting())
    log.commit({HITS: 7}, 1_000)
    assert calls == ["flush", (HITS, 3, 7, "1000"), "commit"]


def test_a_record_that_no_transaction_takes_any_more_is_no_bug() -> None:
    """Kafka gave it up while records were handed over, as when its coordinator moves: here, before there is one."""
    log = KafkaLog(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), 0)
    with pytest.raises(Aborted):
        log.produce([Change("meta", b"key", b"value")], [])
    with pytest.raises(Stop) as ended:
        log.begin()
    assert ended.value.code is Exit.BROKER


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


def test_what_came_for_an_earlier_assignment_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its records are read again, from where the new one goes on."""
    def batch(epoch: int) -> RecordBatch:
        return RecordBatch(topic=HITS, partition=1, records=[], first=10, next_offset=10, size=0, epoch=epoch, generation=5)

    async def scenario(crew: Crew[str], recorded: Recorded) -> None:
        await crew.take_over({1}, generation=5)
        await crew.go(generation=5)
        epoch, told = recorded.assigned[-1].epoch, list[object]()
        [runner] = crew.runners.values()
        monkeypatch.setattr(runner, "hand_over", lambda batch, _: told.append(batch))
        monkeypatch.setattr(runner, "tell", told.append)
        end = EndReached(topic=HITS, partition=1, next_offset=10, end=10, at=1)
        for former in (epoch - 1, epoch + 1):
            crew.hand_over(batch(former), "token")
            crew._arrive([batch(former)], [end], former)
        assert told == [] and crew.arrived.empty()
        crew.hand_over(batch(epoch), "token")
        crew._arrive([batch(epoch)], [end], epoch)
        assert told == [batch(epoch), end] and crew.arrived.get_nowait() == batch(epoch)

    run(scenario)
