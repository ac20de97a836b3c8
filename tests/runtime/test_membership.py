"""The overrides of private names: they hold for the aiokafka that is pinned, or this says so."""
from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any, cast

import aiokafka
import pytest
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.types import TP

from streams.runtime.exits import Exit, Stop
from streams.runtime.plugs import recovery as recovery_module
from streams.runtime.plugs.membership import NOTHING_TO_FETCH, MemberOnly
from streams.runtime.plugs.recovery import TaskRecovery, _whole_tasks
from streams.topology import INPUTS


def test_the_pinned_aiokafka_asks_its_fetcher_for_five_things_in_this_order() -> None:
    assert version("aiokafka").startswith("0.14.")
    source = inspect.getsource(Fetcher._get_actions_per_node)
    [answer] = [part for part in source.split("return ")[1:] if "fetch_requests" in part]
    names = [name.strip(" ()\n") for name in answer.strip().rstrip(",").strip("()").split(",") if name.strip(" ()\n")]
    assert names == ["fetch_requests", "awaiting_reset", "backoff", "invalid_metadata", "resume_futures"]
    assert len(NOTHING_TO_FETCH) == len(names)


def test_the_consumer_makes_its_fetcher_when_it_starts() -> None:
    assert "self._fetcher = Fetcher(" in inspect.getsource(aiokafka.AIOKafkaConsumer.start)


def test_whatever_ends_a_membership_goes_through_one_call_or_ends_the_coordination() -> None:
    source = inspect.getsource(GroupCoordinator)
    assert source.count("await self._push_error_to_user(") == 2 and "def _push_error_to_user(self, exc)" in source
    assert "self._coordination_task = create_task(self._coordination_routine())" in source


async def _fails() -> None:
    raise AssertionError("no assignment is there")


async def _lasts() -> None:
    await asyncio.sleep(60)


async def _ends() -> None:
    pass


@pytest.mark.parametrize(("coordination", "said"), [(_fails, ["no assignment is there"]), (_lasts, []), (_ends, [])])
def test_a_coordination_that_fails_ends_the_worker_and_one_that_is_ended_does_not(
    coordination: Callable[[], Coroutine[None, None, None]], said: list[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is nobody's task to wait for: the worker would stand there, a member of nothing."""
    told: list[BaseException] = []

    async def start(consumer: MemberOnly) -> None:
        consumer._fetcher = SimpleNamespace()
        consumer._coordinator = SimpleNamespace(_coordination_task=asyncio.create_task(coordination()))

    async def run() -> None:
        consumer = MemberOnly.__new__(MemberOnly)
        consumer._closed = True  # nothing to be closed when it goes
        await consumer.start()
        task = consumer._coordinator._coordination_task
        task.get_loop().call_later(0.05, task.cancel)
        await asyncio.gather(task, return_exceptions=True)

    monkeypatch.setattr(aiokafka.AIOKafkaConsumer, "start", start)
    monkeypatch.setattr(MemberOnly, "fail", staticmethod(told.append))
    asyncio.run(run())
    assert [str(each).rpartition(": ")[2] for each in told] == said
    assert all(isinstance(each, Stop) and each.code is Exit.BROKER for each in told)


def test_inputs_that_were_given_apart_end_the_worker_with_what_to_do() -> None:
    """They ended it as a bug, with every topic and partition in the message and no advice."""
    topics = [topic.name for topic in INPUTS]
    assert _whole_tasks({TP(topic, partition) for topic in topics for partition in (0, 3)}) == {0, 3}
    with pytest.raises(Stop, match="were some added to a topic") as end:
        _whole_tasks({TP(topic, 0) for topic in topics} | {TP(topics[0], 4)})
    assert end.value.code is Exit.MISCONFIGURED


def test_what_the_group_refuses_for_good_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[BaseException] = []

    async def start(consumer: MemberOnly) -> None:
        consumer._fetcher = SimpleNamespace()
        consumer._coordinator = SimpleNamespace(_coordination_task=asyncio.create_task(_ends()))

    async def run() -> None:
        consumer = MemberOnly.__new__(MemberOnly)
        consumer._closed = True
        await consumer.start()
        await consumer._coordinator._push_error_to_user(ValueError("not authorised"))

    monkeypatch.setattr(aiokafka.AIOKafkaConsumer, "start", start)
    monkeypatch.setattr(MemberOnly, "fail", staticmethod(told.append))
    asyncio.run(run())
    assert [(type(each), str(each).rpartition(": ")[2]) for each in told] == [(Stop, "not authorised")]


def recovery_of(app: SimpleNamespace) -> TaskRecovery:
    return TaskRecovery(cast(Any, app), cast(Any, None))


def test_who_is_assigned_again_and_again_within_a_generation_has_a_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[BaseException] = []
    monkeypatch.setattr(recovery_module, "end_process", told.append)

    async def assigned(*generations: int) -> None:
        recovery = recovery_of(SimpleNamespace(rebalancing_count=1))
        for generation in generations:
            await recovery.on_rebalance(set(), set(), set(), generation)

    asyncio.run(assigned(1, 1, 1, 1, 2, 2, 2, 2))
    assert told == [], "a generation that is new begins anew"
    asyncio.run(assigned(1, 1, 1, 1, 1))
    assert [each.code for each in told if isinstance(each, Stop)] == [Exit.FENCED]


@pytest.mark.parametrize("changes", ["rebalancing_count", "generation", "nothing"])
def test_tasks_do_not_start_if_another_rebalance_came_while_they_were_taken_over(changes: str) -> None:
    calls: list[str] = []

    async def noting(*_: Any) -> bool:
        calls.append("go")
        return False

    async def take_over(*_: Any) -> bool:
        app.rebalancing_count += changes == "rebalancing_count"
        app.consumer_generation_id += changes == "generation"
        return True

    flow = SimpleNamespace(resume=lambda: None)
    consumer = SimpleNamespace(assignment=set, resume_partitions=lambda _: None, resume_flow=lambda: None)
    app = SimpleNamespace(
        rebalancing_count=1, consumer_generation_id=7, input_names=frozenset[str](), consumer=consumer, flow_control=flow,
        crew=SimpleNamespace(take_over=take_over, go=noting), _fetcher=SimpleNamespace(maybe_start=noting))
    asyncio.run(recovery_of(app)._begin(7, 1))
    assert calls == (["go", "go"] if changes == "nothing" else [])
