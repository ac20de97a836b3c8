"""Destinations that change while they run, and what their pages say, against real servers and sources in memory."""
from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, web

from connectors.delivery.reading import SettingsReader
from connectors.destinations.http import HttpConnector, read_settings
from streams.core.definitions import Destination
from streams.definitions.bodies import compiled
from streams.runtime.beside import destinations as side_by_side
from streams.runtime.beside.destinations import Destinations, Limits, Roster, Running
from streams.runtime.beside.pages import Pages
from tests.connectors.recording import Log, Reading, Received, Recorder, activation, eventually

QUICK = Limits(shortest=5, longest=40)
MANY = tuple(activation(number) for number in range(300))


class Source(Reading):
    """A reading of a log that can be closed, as Kafka's is."""

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self.is_closed = False

    def unread(self, ends: Mapping[int, int]) -> int:
        return ends[0] - self._next

    def close(self) -> None:
        self.is_closed = True


class World:
    """The destinations, their logs by id, and every source that was ever opened."""

    def __init__(self) -> None:
        self.logs: dict[str, Log] = {}
        self.sources: list[tuple[str, Source]] = []
        self.destinations = Destinations(self._opened)
        self.is_current = True
        self.url = ""

    def _opened(self, destination: Destination) -> Source:
        assert all(source.is_closed for name, source in self.sources if name == destination.id), "two at once"
        source = Source(self.logs.setdefault(destination.id, Log(MANY)))
        self.sources.append((destination.id, source))
        return source

    @asynccontextmanager
    async def pages(self) -> AsyncIterator[World]:
        pages = Pages(self.destinations, lambda: {"email": {0: len(MANY)}}, lambda: self.is_current)
        runner = web.AppRunner(pages.application())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            async with asyncio.timeout(30):
                yield self
        finally:
            await self.destinations.stop(20)
            await runner.cleanup()

    async def get(self, path: str) -> tuple[int, str]:
        async with ClientSession() as session, session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def metric(self, name: str, destination: str) -> float | None:
        found = re.search(rf'^audience_{name}{{destination="{destination}"}} (\S+)$', (await self.get("/metrics"))[1], re.M)
        return float(found[1]) if found else None


def running(name: str, url: str) -> Running:
    settings: dict[str, Any] = {"url": url, "timeout": 20}
    return Running(
        definition=Destination(id=name, channel="email", connector="http", settings=tuple(settings.items())),
        connector=HttpConnector(read_settings(SettingsReader(name, settings, {}), compiled)), limits=QUICK)


def roster(**urls: str) -> Roster:
    return Roster(running={name: running(name, url) for name, url in urls.items()})


def test_a_destination_that_changes_address_goes_on_there_and_sends_nothing_twice() -> None:
    async def run() -> None:
        async with Recorder(slowly) as old, Recorder() as new, World().pages() as world:
            world.destinations.become(roster(hook=old.url))
            await eventually(lambda: len(old.accepted) >= 40)
            world.destinations.become(roster(hook=old.url))
            assert len(world.sources) == 1, "what did not change goes on undisturbed"
            world.destinations.become(roster(hook=new.url))
            await eventually(lambda: len(old.accepted) + len(new.accepted) == len(MANY))
            assert old.accepted + new.accepted == {each.activation_id: 1 for each in MANY}
            assert len(new.accepted) > 0 and await world.metric("delivered_total", "hook") == len(MANY)

    asyncio.run(run())


async def slowly(_: Received) -> web.StreamResponse:
    await asyncio.sleep(0.01)
    return web.Response(status=204)


def test_one_that_is_gone_ends_one_that_is_new_begins_and_one_that_comes_back_goes_on() -> None:
    async def run() -> None:
        async with Recorder(slowly) as first, Recorder() as other, World().pages() as world:
            world.destinations.become(roster(hook=first.url))
            await eventually(lambda: len(first.accepted) >= 20)
            world.destinations.become(roster(other=other.url))
            await eventually(lambda: len(other.accepted) == len(MANY) and world.sources[0][1].is_closed)
            reached = len(first.accepted)
            assert reached < len(MANY) and '"hook"' not in (await world.get("/ready"))[1]
            world.destinations.become(roster(hook=first.url, other=other.url))
            await eventually(lambda: len(first.accepted) == len(MANY))
            assert set(first.accepted.values()) == {1}
            assert await world.metric("delivered_total", "hook") == len(MANY)

    asyncio.run(run())


def test_one_whose_new_settings_are_wrong_stops_is_named_and_delays_no_other() -> None:
    async def run() -> None:
        async with Recorder(slowly) as first, Recorder() as other, World().pages() as world:
            world.destinations.become(roster(hook=first.url))
            await eventually(lambda: len(first.accepted) >= 20)
            faulty = Roster(running={"other": running("other", other.url)}, faults={"hook": ("settings.url: wrong",)})
            world.destinations.become(faulty)
            await eventually(lambda: len(other.accepted) == len(MANY) and world.sources[0][1].is_closed)
            status, said = await world.get("/ready")
            assert status == 503 and "settings.url: wrong" in said
            assert await world.metric("delivery_running", "hook") == 0
            assert len(first.accepted) < len(MANY)

    asyncio.run(run())


def test_ready_and_metrics_tell_a_destination_that_is_down_from_one_that_is_well() -> None:
    async def broken(_: Received) -> web.StreamResponse:
        return web.Response(status=500)

    async def run() -> None:
        async with Recorder() as well, Recorder(broken) as bad, World().pages() as world:
            world.destinations.become(roster(well=well.url, bad=bad.url))
            await eventually(lambda: len(well.accepted) == len(MANY) and len(bad.seen) > 70)
            assert (await world.get("/live"))[0] == 200
            status, said = await world.get("/ready")
            assert status == 200 and '"breaker":"open"' in said, "a destination's fault is no reason to start anew"
            told = {name: await world.metric(name, "bad") for name in (
                "delivery_breaker_open", "delivery_waiting", "delivery_lag_records", "delivered_total", "delivery_running")}
            assert told == {"delivery_breaker_open": 1, "delivery_waiting": 300, "delivery_lag_records": 300,
                            "delivered_total": 0, "delivery_running": 1}
            assert (await world.metric("deferred_total", "bad") or 0) > 60
            assert await world.metric("delivery_lag_records", "well") == 0
            world.is_current = False
            assert (await world.get("/ready"))[0] == 503

    asyncio.run(run())


def test_a_source_that_fails_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "AGAIN_AFTER", 0.05)

    async def run() -> None:
        async with Recorder() as server, World().pages() as world:
            world.logs["hook"] = Log(MANY, crashes_before_settling=2)
            world.destinations.become(roster(hook=server.url))
            await eventually(lambda: len(world.logs["hook"].deliveries) == len(MANY))
            assert len(world.sources) == 3 and all(source.is_closed for _, source in world.sources[:2])
            assert {name for name, times in server.accepted.items() if times > 1} == {f"a{n}" for n in range(20)}

    asyncio.run(run())
