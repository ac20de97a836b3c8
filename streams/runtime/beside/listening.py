"""A process that listens over HTTP until it is told to end, as all beside the workers do."""
from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from aiohttp import web

from streams.core.errors import Misconfigured
from streams.runtime.beside.connections import MOST, Connection, Connections, most_connections


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a process listens, and for how many at a time."""

    host: str
    port: int
    connections: int = MOST


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
    connections = Connections(most_connections(address.connections))
    app.middlewares.append(connections.noticed)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        server = await _server(runner, connections, address)
        try:
            yield replace(address, port=server.sockets[0].getsockname()[1])
        finally:
            server.close()
    finally:
        await runner.cleanup()


async def _server(runner: web.AppRunner, connections: Connections, address: Address) -> asyncio.Server:
    """Not a TCPSite, which would not let us make the connections."""
    def new() -> Connection:
        assert runner.server is not None
        return Connection(runner.server, connections)

    try:
        return await asyncio.get_running_loop().create_server(new, address.host, address.port, backlog=128)
    except OSError as failure:
        raise Misconfigured((f"{address.host}:{address.port} cannot be listened on ({failure.strerror}); "
                             "give another --port, each process on a machine its own",)) from failure
