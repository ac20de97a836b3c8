"""Destinations on Apache Kafka: the command, its groups and its outcomes, killed and started again."""
from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import orjson
import pytest
from aiohttp import web
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from connectors.delivery import Activation, Delivered, Limits, Outcome, engine
from connectors.delivery.activation import as_json
from schemas import Codec
from streams.core.definitions import Destination
from streams.runtime.beside import deliveries
from streams.runtime.beside.destinations import Destinations, Roster, Running
from streams.runtime.broker.embedded import EmbeddedBroker
from streams.runtime.exits import Exit
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.topics import ensure_topics
from streams.runtime.outside.definitions_log import edit
from streams.runtime.settings import Settings
from streams.task.publishing import revise
from tests.connectors.recording import Received, Recorder, accept, activation, eventually, for_ever
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment, free_port, wait_until
from tests.kafka.observed import standing
from tests.kafka.test_collect import halted
from tests.processes import fetched, running

MANY = 400


def deliver() -> str:
    """The command, on a port of its own."""
    return f"deliver --port {free_port()}"


async def told(url: str, status: int, text: bytes = b"") -> None:
    """Returns once the page says so. The deadline is the caller's."""
    while (found := await asyncio.to_thread(fetched, url))[0] != status or text not in found[1]:  # noqa: ASYNC110  # another process
        await asyncio.sleep(0.1)


def define(settings: Settings, urls: dict[str, str]) -> None:
    documents = {f"destination/{name}": {
        "kind": "destination", "id": name, "channel": "email", "connector": "http",
        "settings": {"url": url, "timeout": 1, "secret": {"env": "HOOK_SECRET"}}} for name, url in urls.items()}
    edit(settings, lambda found: revise(found.heads, documents))


def write(settings: Settings, numbers: Iterable[int] = range(MANY)) -> None:
    producer = Producer({"bootstrap.servers": settings.broker, "partitioner": "murmur2_random"})
    codec, topic = Codec(), Names(settings).on_cluster("activations.email")
    at = int(time.time() * 1000)
    for number in numbers:
        row = as_json(activation(number, at=at))
        producer.produce(topic, codec.encode("activation", row | {"content": orjson.dumps(row["content"]).decode()}),
                         row["identifier"])
    producer.produce(topic, b"no activation", b"email:x", partition=0)
    assert producer.flush(30) == 0


def outcomes(settings: Settings) -> list[dict[str, Any]]:
    """All that stands on `deliveries` now."""
    topic, codec = Names(settings).on_cluster("deliveries"), Codec()
    return [codec.decode("delivery", message.value() or b"") for message in standing(settings, [topic])]


async def hang(_: Received) -> web.StreamResponse:
    return await for_ever()


def test_killed_again_and_again_loses_nothing_and_a_hanging_destination_delays_nobody(
    deployment: Deployment, tmp_path: Path,
) -> None:
    settings, variables = deployment.settings, deployment.variables | {"HOOK_SECRET": "a long random text"}
    log = tmp_path / "log"

    async def one_is_late(received: Received) -> web.StreamResponse:
        is_late = received.id == "a5" and received.times < 4
        return web.Response(status=503 if is_late else 204)

    async def run() -> None:
        async with Recorder(hang) as stuck, Recorder(one_is_late) as good, asyncio.timeout(90):
            define(settings, {"good": good.url, "stuck": stuck.url})
            await asyncio.to_thread(write, settings)
            for target in (100, 250):
                with running(deliver(), variables, log):
                    await eventually(lambda: len(good.accepted) >= target)  # noqa: B023
            with running(deliver(), variables, log) as process:
                await eventually(lambda: len(good.accepted) == MANY)
                process.terminate()
                assert await asyncio.to_thread(process.wait, 30) == 0
            counted.update(good.accepted)

    counted: Counter[str] = Counter()
    asyncio.run(run())
    written = [row for row in outcomes(settings) if row["destination"] == "good"]
    delivered = Counter(row["activation_id"] for row in written if row["outcome"] == "delivered")
    assert set(delivered) == set(counted) == {f"a{n}" for n in range(MANY)}
    assert sum(times - 1 for times in counted.values()) <= 2 * 20, "at most the batch of each kill comes again"
    assert "is no activation" in log.read_text()


def test_apply_is_followed_without_a_restart(deployment: Deployment, tmp_path: Path) -> None:
    settings, variables = deployment.settings, deployment.variables | {"HOOK_SECRET": "a long random text"}
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    async def slowly(_: Received) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return web.Response(status=204)

    async def run() -> None:
        async with Recorder(slowly) as old, Recorder() as new, Recorder() as late, asyncio.timeout(90):
            with running(f"deliver --port {port}", variables, tmp_path / "log") as process:
                await told(f"{url}/ready", 200, b'"destinations":{}')
                await asyncio.to_thread(define, settings, {"hook": old.url})
                await asyncio.to_thread(write, settings)
                await eventually(lambda: len(old.accepted) >= 40)
                await asyncio.to_thread(define, settings, {"hook": new.url, "late": late.url})
                await eventually(lambda: len(old.accepted) + len(new.accepted) == MANY == len(late.accepted))
                assert old.accepted + new.accepted == late.accepted
                await told(f"{url}/metrics", 200, b'audience_delivery_lag_records{destination="hook"} 0.0')
                await told(f"{url}/metrics", 200, b'audience_delivered_total{destination="hook"} %d.0' % MANY)
                await asyncio.to_thread(define, settings, {"hook": "no address"})
                await told(f"{url}/ready", 503, b"hook: settings.url")
                await asyncio.to_thread(define, settings, {"hook": new.url})
                await told(f"{url}/ready", 200, b'"hook"')
                process.terminate()
                assert await asyncio.to_thread(process.wait, 30) == 0

    asyncio.run(run())


class Hurting:
    """A connector whose second call does something else, too."""

    def __init__(self, most: int, hurt: Callable[[], Awaitable[None]]) -> None:
        self.most, self._hurt = most, hurt
        self.sent: Counter[str] = Counter()

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        is_second = len(self.sent) == self.most
        self.sent.update(each.activation_id for each in batch)
        if is_second:
            await self._hurt()
        return [Delivered()] * len(batch)

    async def close(self) -> None: ...


async def no_harm() -> None: ...


SILENT = 6.0
"""Seconds; the least that a broker accepts."""


def delivered_once(address: str, folder: Path, connector: Hurting) -> None:
    with Deployment(address, folder, AUDIENCE_PARTITIONS="1") as deployment:
        settings = deployment.settings
    write(settings)

    async def play() -> None:
        mail = Destination(id="mail", channel="email", connector="smtp")
        destinations = Destinations(lambda each: deliveries.KafkaActivations(settings, each.id, each.channel))
        destinations.become(Roster(running={"mail": Running(definition=mail, connector=connector, limits=Limits())}))
        async with asyncio.timeout(60):
            await eventually(lambda: len(connector.sent) == MANY)
            await eventually(lambda: destinations.keepers["mail"].outcomes[Delivered] == MANY)
        await destinations.stop(20)

    asyncio.run(play())
    assert max(connector.sent.values()) == 1
    assert Counter(each["activation_id"] for each in outcomes(settings)) == connector.sent


def test_a_call_that_takes_longer_than_a_consumer_may_be_silent_is_made_once(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The group gave the destination up, and everybody was written to in every round."""
    monkeypatch.setattr(deliveries, "SILENT_MS", int(SILENT * 1000))
    monkeypatch.setattr(engine, "STAY", 1.0)
    delivered_once(broker.address, tmp_path, Hurting(MANY // 2, lambda: asyncio.sleep(SILENT * 1.6)))


def test_who_was_written_to_while_the_broker_stood_still_is_not_written_to_again(
    own_broker: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:
    """Outcomes that waited for 30 s were given up, and a commit that the group refused was forgotten: each time the calls
    that were under way came again."""
    caplog.set_level("INFO")
    monkeypatch.setattr(deliveries, "CALL", 1.0)
    halts: list[Thread] = []

    async def halt() -> None:
        halts.append(Thread(target=halted, args=(own_broker, SILENT * 1.6)))
        halts[0].start()

    delivered_once(own_broker.address, tmp_path, Hurting(20, halt))
    halts[0].join()
    assert "20 outcomes wait for Kafka" in caplog.text
    assert "partitions were given to others or taken over" in caplog.text


def test_a_channel_that_is_made_anew_is_read_from_its_beginning(broker: Broker, tmp_path: Path) -> None:
    """As many as had been delivered from the old one were passed over without a word, a restart notwithstanding."""
    with Deployment(broker.address, tmp_path, AUDIENCE_PARTITIONS="1") as deployment:
        settings = deployment.settings
    connector = Hurting(MANY, no_harm)

    def make_anew() -> None:
        topic, admin = Names(settings).on_cluster("activations.email"), AdminClient({"bootstrap.servers": broker.address})
        admin.delete_topics([topic])[topic].result(30)
        wait_until(lambda: topic in ensure_topics(settings), within=30, what="a new topic")

    async def play() -> None:
        mail = Destination(id="mail", channel="email", connector="smtp")
        destinations = Destinations(lambda each: deliveries.KafkaActivations(settings, each.id, each.channel))
        destinations.become(Roster(running={"mail": Running(definition=mail, connector=connector, limits=Limits())}))
        async with asyncio.timeout(90):
            for first, last in ((0, MANY), (MANY, MANY + 50), (MANY + 50, MANY + 60)):
                await asyncio.to_thread(write, settings, range(first, last))
                await eventually(lambda: len(connector.sent) == last)  # noqa: B023
                if last == MANY:
                    await asyncio.to_thread(make_anew)
        await destinations.stop(20)

    asyncio.run(play())
    assert max(connector.sent.values()) == 1


def test_told_to_end_while_the_broker_is_away_it_ends_within_its_grace_and_goes_on_at_the_next_start(
    own_broker: EmbeddedBroker, tmp_path: Path,
) -> None:
    """It took five minutes, and for ever in a commit; supervisors kill before that."""
    with Deployment(own_broker.address, tmp_path, AUDIENCE_PARTITIONS="1") as deployment:
        settings, variables = deployment.settings, deployment.variables | {"HOOK_SECRET": "a long random text"}
    write(settings)
    log, command = tmp_path / "log", f"{deliver()} --grace 3"

    def tell(number: int) -> None:
        assert own_broker.pid is not None
        os.kill(own_broker.pid, number)

    async def stop_the_broker(_: Received) -> web.StreamResponse:
        tell(signal.SIGSTOP)
        return web.Response()

    async def run() -> Counter[str]:
        async with Recorder(stop_the_broker) as hook, asyncio.timeout(90):
            define(settings, {"hook": hook.url})
            with running(command, variables, log) as process:
                await eventually(lambda: bool(hook.accepted))
                process.terminate()
                assert await asyncio.to_thread(process.wait, 12) == Exit.BROKER
            hook.answer = accept
            tell(signal.SIGCONT)
            with running(command, variables, log) as process:
                await eventually(lambda: len(hook.accepted) == MANY)
                process.terminate()
                assert await asyncio.to_thread(process.wait, 30) == 0
            return hook.accepted

    try:
        accepted = asyncio.run(run())
    finally:
        tell(signal.SIGCONT)
    assert sum(times - 1 for times in accepted.values()) <= 20, "the batch that was not written down"
    assert "hook: what was under way is not written down after 3 s" in log.read_text()
