"""The one override of a private name: it holds for the aiokafka that is pinned, or this says so."""
from __future__ import annotations

import inspect
from importlib.metadata import version

import aiokafka
from aiokafka.consumer.fetcher import Fetcher

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
