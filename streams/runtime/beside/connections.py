"""Bounds the connections of a process that strangers may reach.

Each is a descriptor, and a client that sends half a request keeps it for an hour. So their number is bounded, and a new
connection replaces the one that has been idle for longest. A time limit alone would not do, as thousands can be opened
within it; nor would refusing the newest, which has something to say.
"""
from __future__ import annotations

import asyncio
import logging
import resource
from time import monotonic
from typing import Any, cast

from aiohttp import web
from aiohttp.typedefs import Handler

log = logging.getLogger(__name__)
MOST = 1_000
"""Unless `--connections` says otherwise."""
SAY_AGAIN_AFTER = 60.0
"""Seconds."""


def most_connections(wanted: int) -> int:
    """So many, or half of the descriptors that the process may have: the rest are for Kafka and files."""
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if descriptors == resource.RLIM_INFINITY or wanted <= descriptors // 2:
        return wanted
    if wanted > MOST:
        log.warning("%d connections are kept at most, not %d: half of the limit of open files (`ulimit -n`)",
                    descriptors // 2, wanted)
    return descriptors // 2


class Connections:
    """The open ones, the one that has been idle for longest first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[web.RequestHandler, asyncio.Transport] = {}
        self._said_at = float("-inf")

    @web.middleware
    async def noticed(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The application's middleware: a request renews its connection."""
        self._renew(request.protocol)
        try:
            return await handler(request)
        finally:
            self._renew(request.protocol)

    def begin(self, connection: web.RequestHandler, transport: asyncio.Transport) -> None:
        self._open[connection] = transport
        while len(self._open) > self._most:
            self._say()
            self._open.pop(next(iter(self._open))).abort()

    def end(self, connection: web.RequestHandler) -> None:
        self._open.pop(connection, None)

    def _renew(self, connection: web.RequestHandler) -> None:
        if connection in self._open:
            self._open[connection] = self._open.pop(connection)

    def _say(self) -> None:
        if monotonic() - self._said_at > SAY_AGAIN_AFTER:
            self._said_at = monotonic()
            log.warning("%d connections are open; for each new one that without news for longest is closed", self._most)


class Connection(web.RequestHandler):
    """aiohttp's connection, which also reports when it begins and ends."""

    __slots__ = ("_connections",)

    def __init__(self, server: web.Server, connections: Connections) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), access_log=cast(Any, None))
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.begin(self, cast(asyncio.Transport, transport))

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.end(self)
        super().connection_lost(exc)
