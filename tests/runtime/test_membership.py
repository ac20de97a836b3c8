"""The overrides of private names: they hold for the aiokafka that is pinned, or this says so."""
from __future__ import annotations

import inspect
from importlib.metadata import version

import aiokafka
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator

from streams.runtime.plugs.membership import NOTHING_TO_FETCH


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
