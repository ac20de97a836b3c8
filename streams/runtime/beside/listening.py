"""A process that listens over HTTP until it is told to end, as all beside the workers do."""
from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from streams.core.errors import Misconfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a process listens."""

    host: str
    port: int


def stopping() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


@asynccontextmanager
async def listening(app: web.Application, address: Address) -> AsyncIterator[Address]:
    """Yields the address it listens on, with the port that was found free if 0 was asked for. Misconfigured if somebody else
    has the port."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await _listen(runner, address)
        yield Address(host=address.host, port=runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, address: Address) -> None:
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as failure:
        raise Misconfigured((f"{address.host}:{address.port} cannot be listened on ({failure.strerror}); "
                             "give another --port, each process on a machine its own",)) from failure
