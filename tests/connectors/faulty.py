"""A line to a real local server that fails as it is told to: the same faults for every protocol over TCP."""
from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What happens to a connection. DOWN: refused. SILENT: nobody answers. CUT: after some answers the line breaks, when the
    server has done the work of the next. NONSENSE: bytes of no protocol. LIMITED and FAILING: the protocol's own words."""

    NONE = "none"
    DOWN = "down"
    SLOW = "slow"
    SILENT = "silent"
    CUT = "cut"
    NONSENSE = "nonsense"
    LIMITED = "limited"
    FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a server of a protocol says. `answers`: so many come through before a line is cut."""

    greets: bool
    answers: int
    limited: bytes
    failing: bytes


HTTP = Words(
    greets=False, answers=1,
    limited=b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    failing=b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
MAIL = Words(greets=True, answers=8, limited=b"421 4.7.0 too many connections\r\n", failing=b"554 5.3.2 no service here\r\n")
DELAY = 0.005


@dataclass(slots=True)
class Line:
    """Between a connector and a server on `target`. `faults` counts what went wrong so far."""

    words: Words
    target: int
    fault: Fault
    port: int = 0
    faults: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Line:
        await self.listen()
        if self.fault is Fault.DOWN:
            await self._close()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()
        tasks = tuple(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def mend(self) -> None:
        """From now on connections go through."""
        self.fault = Fault.NONE
        if self._server is None:
            await self.listen()

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with suppress(OSError, EOFError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            writer.transport.abort()
            self._open.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match self.fault:
            case Fault.NONE | Fault.SLOW | Fault.CUT:
                await self._pass_on(reader, writer)
            case Fault.SILENT:
                self.faults += 1
                await reader.read(-1)
            case fault:
                said = {Fault.LIMITED: self.words.limited, Fault.FAILING: self.words.failing}
                if not self.words.greets:
                    await self._request(reader)
                self.faults += 1
                writer.write(said.get(fault, b"\x00\xff nonsense\r\n\r\n"))
                await writer.drain()

    @staticmethod
    async def _request(reader: asyncio.StreamReader) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, found, length = head.partition(b"content-length: ")
        await reader.readexactly(int(length.split()[0]) if found else 0)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", self.target)
        sending = asyncio.create_task(self._send(reader, ours))
        answers = 0
        try:
            while said := await theirs.read(65_536):
                if self.fault is Fault.CUT and answers == self.words.answers:
                    self.faults += 1
                    writer.transport.abort()
                    return
                await asyncio.sleep(DELAY if self.fault is Fault.SLOW else 0)
                writer.write(said)
                await writer.drain()
                answers += 1
        finally:
            sending.cancel()
            ours.transport.abort()

    @staticmethod
    async def _send(reader: asyncio.StreamReader, ours: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while said := await reader.read(65_536):
                ours.write(said)
                await ours.drain()
            ours.close()
