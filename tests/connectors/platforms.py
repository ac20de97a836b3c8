"""A real local server that stands for an ad platform: it keeps who is in its audiences, and fails as it is told to."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from connectors.delivery import Activation, Connector, Delivered, Engine, Limits, Refused
from streams.runtime.clock import wall_ms
from tests.connectors.recording import Crash, Log, Reading, activation, eventually

QUICK = Limits(shortest=5, longest=40)
Answer = web.Response | None


@dataclass(slots=True)
class Platform:
    """`answer` does what the platform does and changes `members`. `faults` come before it, one a request: a response
    instead, or None for a connection that is cut after the platform has done its work; then `hangs` seconds of silence
    if there are any. `seen` are the requests that were read."""

    answer: Callable[[Platform, web.Request], Awaitable[web.Response]]
    faults: list[Answer] = field(default_factory=list)
    members: dict[str, set[str]] = field(default_factory=dict)
    seen: list[Any] = field(default_factory=list)
    hangs: float = 0
    url: str = ""
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Platform:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._receive)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def change(self, audience: str, values: Sequence[str], *, is_addition: bool) -> None:
        members = self.members.setdefault(audience, set())
        members.update(values) if is_addition else members.difference_update(values)

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        if not self.faults:
            return await self.answer(self, request)
        fault = self.faults.pop(0)
        if fault is not None:
            return fault
        response = await self.answer(self, request)
        await asyncio.sleep(self.hangs)
        if request.transport is not None:
            request.transport.abort()
        return response


def changes(namespace: str = "email", people: int = 40) -> tuple[Activation, ...]:
    """Everybody goes in; then every third goes out, and of those every second in again."""
    values = [f"{n}@example.org" if namespace == "email" else f"+3161234{n:04}" for n in range(people)]
    told = [("entered", values), ("exited", values[::3]), ("entered", values[::6])]
    rows = [(change, value) for change, some in told for value in some]
    return tuple(
        activation(number, channel="display", change=change, sequence=number, identifier=f"{namespace}:{value}",
                   purpose="personalised-ads", content={"audience": "cart"})
        for number, (change, value) in enumerate(rows))


def left_in(activations: Sequence[Activation]) -> set[str]:
    """The identifiers whose last change is that they went in."""
    last = {each.identifier: each.change for each in activations}
    return {identifier for identifier, change in last.items() if change == "entered"}


def settled(log: Log) -> bool:
    return len(log.final(Delivered)) + len(log.final(Refused)) >= len(log.activations)


async def played(
    platform: Platform, made: Callable[[str], Connector], activations: Sequence[Activation], crashes: int = 0,
) -> Log:
    """What became of them with the connector for that URL; made anew after each crash between delivery and outcome."""
    log = Log(activations, crashes_before_settling=crashes)
    async with platform:
        while True:
            try:
                await run(made(platform.url), log)
                return log
            except Crash:
                continue


async def run(connector: Connector, log: Log, limits: Limits = QUICK) -> None:
    """An engine, until everything has an outcome that is final, or until it fails."""
    engine = Engine("ads", connector, Reading(log), limits, clock=wall_ms)
    task = asyncio.create_task(engine.run())
    try:
        async with asyncio.timeout(30):
            await eventually(lambda: settled(log) or task.done())
    finally:
        engine.stop()
        await task
