"""Both neighbours of the engine for tests: a real local HTTP server that records, and a source that survives a crash."""
from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from aiohttp import web

from connectors.delivery import Activation, Delivery, Place, Taken
from connectors.delivery.progress import CAPACITY, Mark, as_text, from_text

Handler = Callable[["Received"], Awaitable[web.StreamResponse]]


def activation(number: int, **given: Any) -> Activation:
    return Activation(**{
        "activation_id": f"a{number}", "channel": "email", "campaign_id": "c", "segment_id": "s", "segment_version": 1,
        "change": "message", "sequence": 1, "profile_id": "p", "identifier": f"email:{number}@example.org",
        "at": 10_000_000_000_000, "expires_at": None, "purpose": "email-marketing", "consent_basis": "granted",
        "content": {"subject": "Hi"}, "because": "test", **given})


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    request: web.Request
    body: bytes
    times: int
    """How often this activation has come, this time included."""

    @property
    def id(self) -> str:
        return self.request.headers["webhook-id"]


async def eventually(condition: Callable[[], bool]) -> None:
    """Returns once it holds. The deadline is the caller's `asyncio.timeout`."""
    while not condition():  # noqa: ASYNC110  # what is waited for lies in objects that know of no event
        await asyncio.sleep(0.005)


async def for_ever() -> NoReturn:
    """A server that hangs: until its client has left, or it is stopped itself."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


async def accept(_: Received) -> web.StreamResponse:
    return web.Response(status=204)


@dataclass(slots=True)
class Recorder:
    """`accepted` counts what was answered with success, per activation id; `seen` every request."""

    answer: Handler = accept
    seen: list[Received] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)
    url: str = ""
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Recorder:
        await self.start(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int) -> None:
        app = web.Application()
        app.router.add_post("/hook", self._receive)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        name = request.headers["webhook-id"]
        times = 1 + sum(1 for before in self.seen if before.id == name)
        received = Received(request=request, body=await request.read(), times=times)
        self.seen.append(received)
        answer = await self.answer(received)
        if 200 <= answer.status < 300:
            self.accepted[name] += 1
        return answer


class Crash(Exception):
    """The process dies here."""


@dataclass(slots=True)
class Log:
    """A partition of a topic: what is in it, what was written down, how far the group is. Survives engines."""

    activations: Sequence[Activation]
    deliveries: list[Delivery] = field(default_factory=list)
    committed: tuple[int, str] = (0, "")
    crashes_before_settling: int = 0
    asked: int = 0
    """How often somebody wanted more of it."""

    def final(self, kind: type) -> Counter[str]:
        return Counter(d.activation.activation_id for d in self.deliveries if isinstance(d.outcome, kind))


class Reading:
    """One engine's reading of a log, from its committed mark."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._mark = from_text(*log.committed)
        self._next = self._mark.offset

    async def take(self, most: int, within: float) -> Sequence[Taken]:
        assert most <= CAPACITY
        self._log.asked += 1
        found = []
        while self._next < len(self._log.activations) and len(found) < most:
            if not self._mark.is_done(self._next):
                place = Place(partition=0, offset=self._next)
                found.append(Taken(place=place, activation=self._log.activations[self._next]))
            self._next += 1
        if not found:
            await asyncio.sleep(min(within, 0.02))
        return found

    async def stay(self) -> None: ...

    async def settle(self, deliveries: Sequence[Delivery], marks: Mapping[int, Mark]) -> None:
        if self._log.crashes_before_settling and deliveries:
            self._log.crashes_before_settling -= 1
            raise Crash
        self._log.deliveries += deliveries
        mark = marks[0].joined(self._mark)
        self._log.committed = (mark.offset, as_text(mark))
