"""What comes over HTTP on its way to a topic: many at once, more than the producer holds, and while Kafka is away."""
from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sources.feedback import Reason, Signal
from streams.core.errors import Rejected, Retryable
from streams.runtime.beside import writer
from streams.runtime.beside.feedback import Requests
from streams.runtime.beside.writer import PATIENCE, Writer
from streams.runtime.broker.embedded import EmbeddedBroker
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
    with Deployment(own_broker.address, tmp_path) as deployment:

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
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(writer.OPTIONS, "queue.buffering.max.kbytes", 1_000)

    async def run() -> None:
        outgoing = Writer(deployment.settings)
        assert await outgoing.has("events.hits")
        await outgoing.put(("events.hits", None, b"x" * 300_000) for _ in range(20))
        await asyncio.to_thread(outgoing.close)

    asyncio.run(run())


def test_what_no_topic_takes_is_not_to_be_sent_again(deployment: Deployment) -> None:
    """Numbers are longer written out than they came: 1e15 has four letters, and seventeen."""

    async def run() -> None:
        outgoing = Writer(deployment.settings)
        with pytest.raises(Rejected, match="larger than its topic takes"):
            await outgoing.put([("events.hits", b"k", os.urandom(2 << 20))])
        await outgoing.put([("events.hits", b"k", b"{}")])
        await asyncio.to_thread(outgoing.close)

    asyncio.run(run())


def test_a_long_batch_lets_others_have_their_turn(deployment: Deployment) -> None:
    """A batch of 55,000 messages kept everybody else waiting for a second, `/live` too."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def batch() -> Iterator[tuple[str, bytes, bytes]]:
        for number in range(2_000):
            yield "events.hits", b"k", b"{}"
            assert number < 500 or turns > 2

    async def run() -> None:
        outgoing, beside = Writer(deployment.settings), asyncio.create_task(others())
        await outgoing.put(batch())
        beside.cancel()
        await asyncio.to_thread(outgoing.close)

    asyncio.run(run())
