"""Processes that listen over HTTP."""
from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Callable
from contextlib import ExitStack
from threading import Event

import pytest
from aiohttp import web

from streams.cli import parser
from streams.cli.listening import address_of
from streams.runtime.beside import connections
from streams.runtime.beside.listening import Address, listening
from tests.processes import fetched

HALF, END = b"GET / HTTP/1.1\r\nHost: x\r\n", b"\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"


class Visitors(ExitStack):
    """Connections to the port, each a socket. `/slow` has `begun` when asked for, and is answered once it `may_end`."""

    def __init__(self) -> None:
        super().__init__()
        self.port, self.begun, self.may_end = 0, Event(), Event()

    def opened(self, sent: bytes = HALF) -> socket.socket:
        """One request was answered there: the connection was taken up after those that were opened before."""
        line = self.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=10))
        assert said(line, HALF + END) == b"200"
        line.sendall(sent)
        return line

    def is_answered(self) -> bool:
        return fetched(f"http://127.0.0.1:{self.port}/") == (200, b"here")


def said(line: socket.socket, sent: bytes = b"") -> bytes:
    """The status of an answer; empty if the connection was closed."""
    try:
        line.sendall(sent)
        return line.recv(4096)[9:12]
    except ConnectionError:
        return b""


def visit(work: Callable[[Visitors], None], most: int = connections.MOST) -> None:
    there = Visitors()

    async def at_once(_: web.Request) -> web.Response:
        return web.Response(text="here")

    async def slow(_: web.Request) -> web.Response:
        there.begun.set()
        await asyncio.to_thread(there.may_end.wait, 10)
        return web.Response(text="late")

    async def run() -> None:
        app = web.Application()
        app.add_routes([web.get("/", at_once), web.get("/slow", slow)])
        with there:
            async with listening(app, Address(host="127.0.0.1", port=0, connections=most)) as address:
                there.port = address.port
                await asyncio.to_thread(work, there)

    asyncio.run(run())


def test_whoever_asks_for_any_port_hears_which_it_is() -> None:
    def ask(there: Visitors) -> None:
        assert there.is_answered()

    visit(ask)


def test_requests_that_never_end_keep_nobody_out(caplog: pytest.LogCaptureFixture) -> None:
    def fill(there: Visitors) -> None:
        used, *half = there.opened(b""), there.opened(), there.opened(), there.opened()
        assert said(used, HALF + END) == b"200"
        assert there.is_answered()
        assert said(half[0]) == b"", "it was without news for longest"
        assert said(used, HALF + END) == said(half[1], END) == b"200"
        more = [there.opened() for _ in range(40)]
        assert [said(each, END) for each in more[-4:]] == [b"200"] * 4
        assert said(more[0]) == said(used) == b""

    visit(fill, most=4)
    assert [record.message for record in caplog.records if record.name == connections.__name__] == [
        "4 connections are open; for each new one that without news for longest is closed"]


def test_whose_request_is_under_way_is_not_closed_before_who_was_silent_longer() -> None:
    def wait(there: Visitors) -> None:
        waiting, *silent = there.opened(b""), there.opened(), there.opened()
        waiting.sendall(SLOW)
        assert there.begun.wait(10)
        assert there.is_answered() and there.is_answered()
        there.may_end.set()
        assert said(waiting) == b"200" and said(silent[0]) == b""

    visit(wait, most=3)


def test_connections_that_were_closed_count_no_more() -> None:
    def come_and_go(there: Visitors) -> None:
        idle = there.opened(b"")
        assert all(there.is_answered() for _ in range(9))
        assert said(idle, HALF + END) == b"200"

    visit(come_and_go, most=3)


def test_kafka_and_files_are_left_descriptors(caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as stack:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        assert [connections.most_connections(wanted) for wanted in (3, 128, connections.MOST)] == [3, 128, 128]
        assert not caplog.records
        assert connections.most_connections(5_000) == 128, "and whoever asked for more is told"
        assert [record.message for record in caplog.records] == [
            "128 connections are kept at most, not 5000: half of the limit of open files (`ulimit -n`)"]


@pytest.mark.parametrize("name", ["collect", "deliver", "feedback", "serve"])
def test_each_process_takes_a_number_of_connections(name: str) -> None:
    options = parser().parse_args([name, "--connections", "5000"])
    assert address_of(options) == Address(host="127.0.0.1", port=options.port, connections=5_000)
    assert address_of(parser().parse_args([name])).connections == connections.MOST
