"""What processes beside the workers have in common: they follow the destinations in force, serve pages, end on a signal."""
from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import web

from streams.core.errors import Misconfigured
from streams.runtime.delivering.destinations_log import DestinationsLog
from streams.runtime.settings import Settings

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5
AGAIN_AFTER = 5.0
"""Seconds that a look at the definitions waits for news; and after one that failed, until the next."""

Documents: TypeAlias = Mapping[str, Any]
"""Of destinations, by `destination/id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a process listens."""

    host: str
    port: int


class DestinationsFollower:
    """Hands every revision to `put`. Faults that `put` raises end the process at the start, for whoever starts it reads
    them; later they are logged, and what was in force before stays."""

    def __init__(self, settings: Settings, put: Callable[[Documents], None]) -> None:
        self._settings, self._put = settings, put
        self.is_first = True
        self.is_current = False
        """Whether the newest definitions are in force here."""

    async def run(self, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            try:
                await self._follow(stopped)
            except Misconfigured:
                raise
            except Exception:  # a broker away, a record of a newer worker: all goes on as it is meanwhile
                self.is_current = False
                log.exception("definitions cannot be followed; all goes on as it is; again in %g s", AGAIN_AFTER)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), AGAIN_AFTER)

    async def _follow(self, stopped: asyncio.Event) -> None:
        definitions = DestinationsLog(self._settings)
        try:
            while not stopped.is_set():
                documents = await definitions.news(LOOK_EVERY)
                if documents is not None:
                    self._take(documents)
        finally:
            await asyncio.to_thread(definitions.close)

    def _take(self, documents: Documents) -> None:
        try:
            self._put(documents)
            self.is_first, self.is_current = False, True
        except Misconfigured as faults:
            if self.is_first:
                raise
            self.is_current = False
            log.error("what was applied is not in force here: %s", faults)


def stopping() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


@asynccontextmanager
async def listening(app: web.Application, address: Address) -> AsyncIterator[None]:
    """Misconfigured if somebody else has the port."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await _listen(runner, address)
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, address: Address) -> None:
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as failure:
        raise Misconfigured((f"{address.host}:{address.port} cannot be listened on ({failure.strerror}); "
                             "give another --port, each process on a machine its own",)) from failure
