"""What comes over HTTP on its way to a topic: many at once, more than the producer holds, and while Kafka is away."""
from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from connectors.sources.feedback import Reason, Signal
from streams.core.errors import Retryable
from streams.runtime.beside import writer
from streams.runtime.beside.feedback import Requests
from streams.runtime.beside.writer import PATIENCE, Writer
from streams.runtime.broker.embedded import EmbeddedBroker
from streams.runtime.kafka.topics import ensure_topics
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment
from tests.kafka.test_feedback import requests


def signal(number: int) -> Signal:
    return Signal(id=f"r{number}", identifier=f"email:u{number}@x.example", reason=Reason.UNSUBSCRIBED, source="link")


async def waited(requests: Requests, number: int) -> float:
    """Seconds until it was there, or nobody could say so."""
    begun = time.monotonic()
    try:
        await requests.tell(signal(number))
    except Retryable:
        return time.monotonic() - begun
    return 0


def test_requests_wait_neither_for_each_other_nor_long_for_a_broker_that_is_away(
    own_broker: EmbeddedBroker, tmp_path: Path,
) -> None:
    with Deployment(own_broker.address, tmp_path, "", AUDIENCE_PARTITIONS="2") as deployment:
        ensure_topics(deployment.settings)

        async def run() -> None:
            outgoing = Requests(deployment.settings)
            await outgoing.tell(signal(0))
            begun = time.monotonic()
            await asyncio.gather(*(outgoing.tell(signal(number)) for number in range(1, 101)))
            assert time.monotonic() - begun < 5, "one after the other they took 50 s"
            assert len(requests(deployment)) == 101
            own_broker.kill()
            away = await asyncio.gather(*(waited(outgoing, number) for number in range(5)))
            assert min(away) > 0 and max(away) < PATIENCE + 3
            own_broker.start()
            await asyncio.to_thread(outgoing.close)

        asyncio.run(run())


def test_more_than_the_producer_holds_waits_for_room(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(writer.OPTIONS, "queue.buffering.max.kbytes", 1_000)
    with Deployment(broker.address, tmp_path, "", AUDIENCE_PARTITIONS="2") as deployment:
        ensure_topics(deployment.settings)

        async def run() -> None:
            outgoing = Writer(deployment.settings)
            assert await outgoing.has("events.hits")
            await outgoing.put(("events.hits", None, b"x" * 300_000) for _ in range(20))
            await asyncio.to_thread(outgoing.close)

        asyncio.run(run())
