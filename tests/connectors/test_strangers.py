"""Whatever strangers send to a process that listens, it answers without a failure of its own."""
from __future__ import annotations

import asyncio
import gzip
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors import requests
from connectors.sources.collector import Collector
from connectors.sources.collector import application as collecting
from connectors.sources.feedback import Feedback, Signal
from connectors.sources.feedback import application as feeding_back
from streams.serve.openrtb import Provider
from streams.serve.server import Served
from streams.serve.server import application as serving
from tests.connectors.test_feedback import AT, SENDERS, TOKEN
from tests.serve.test_server import Copy, Following

FORM = b"Content-Type: application/x-www-form-urlencoded"
NO_GZIP = b"Content-Encoding: gzip"
NOW = b"webhook-timestamp: %d" % (AT // 1000)
CASES = {
    "feedback /twilio/texts": [
        (403, [FORM, b"X-Twilio-Signature: \xff"], b"a=b"), (403, [FORM + b"; charset=raw_unicode_escape"], b"a=\\ud800"),
        (400, [FORM + b"; charset=nonsense"], b"a=b"), (400, [FORM + b"; charset=hex"], b"a=b"), (400, [FORM], b"a=\xff"),
        (400, [FORM, NO_GZIP], b"plain"), (400, [b"Content-Type: multipart/form-data"], b"a=b"),
        (400, [b"Content-Type: multipart/form-data; boundary=x"], b"a=b"),
        (400, [b"Content-Type: multipart/form-data; boundary=x"],
         b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: odd\r\n\r\nb\r\n--x--\r\n')],
    f"feedback /unsubscribe/{TOKEN}": [
        (400, [b"Content-Type: multipart/form-data; boundary=x"], b"a=b"), (400, [FORM, NO_GZIP], b"plain"),
        (400, [b"Content-Type: multipart/form-data; boundary=x"],
         b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"; filename="f"\r\n\r\nb\r\n--x--\r\n'),
        (200, [b"Content-Type: multipart/form-data; boundary=x"],
         b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n')],
    "feedback /webhooks/esp": [
        (403, [b"webhook-timestamp: " + b"9" * 5000], b"{}"), (403, [NOW, b"webhook-id: \xff"], b"{}"),
        (403, [NOW, b"webhook-signature: v1,\xc3\xa9"], b"{}"), (403, [NOW, b"webhook-signature: v1,\xff"], b"{}"),
        (400, [NO_GZIP], b"plain")],
    "feedback /unsubscribe/x": [(404, [NO_GZIP], b"plain")], "collect /v1/nonsense": [(404, [NO_GZIP], b"plain")],
    "serve /live": [(405, [NO_GZIP], b"plain")],
    "feedback /reports": [(400, [NO_GZIP], b"plain")],
    "collect /v1/track": [
        (400, [NO_GZIP], b"plain"), (400, [NO_GZIP], gzip.compress(b'{"a": 1}' * 99, mtime=0)[:-9]),
        (401, [b"Authorization: \xff"], b"{}"), (401, [b"Authorization: Basic \xff"], b"{}"),
        (401, [b"Origin: \xff"], b"{}")],
    "serve /memberships": [(400, [NO_GZIP], b"plain"), (400, [], b"\xff")]}

ROOT = Path(__file__).parents[2]
HEAD = b"POST %s HTTP/1.1\r\nHost: x\r\n"
MALFORMED = [
    b"GARBAGE\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /%s HTTP/9.9\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", HEAD + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
    HEAD + b"Content-Length: -2\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nnope\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n"]
PROCESS = """
import asyncio
from tests.connectors.test_strangers import *
from streams.runtime.beside.listening import Address, listening
from streams.runtime.logs import begin_log

async def fail(_):
    raise ValueError("ours")

async def main():
    for name in ("collect", "feedback", "serve"):
        app = app_of(name)
        app.router.add_get("/fail", fail)
        async with listening(app, Address(host="127.0.0.1", port=0)) as at:
            for sent in (*MALFORMED, b"GET /fail HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n"):
                print(await status_of(at.port, sent))

begin_log({})
asyncio.run(main())
"""


async def tell(_: Signal) -> None:
    """Told."""


async def put(_: Any) -> None:
    """Put."""


async def is_there() -> bool:
    return True


def app_of(name: str) -> web.Application:
    match name:
        case "feedback":
            return feeding_back(Feedback(lambda: SENDERS, tell, clock=lambda: AT, normalised=str))
        case "collect":
            return collecting(Collector(put, is_there, clock=lambda: AT, keys={"k"}))
        case _:
            provider = Provider(domain="shop.example", segtax=600)
            return serving(Served(copy=Copy({}), following=Following(), provider=provider, ready_within=10))


@pytest.mark.parametrize(("place", "status", "headers", "body"), [
    (place, *case) for place, cases in CASES.items() for case in cases])
def test_nothing_that_a_stranger_sends_is_a_failure_of_ours(
    place: str, status: int, headers: list[bytes], body: bytes, caplog: pytest.LogCaptureFixture,
) -> None:
    name, path = place.split()
    with caplog.at_level(logging.WARNING):
        assert asyncio.run(answered(app_of(name), path, headers, body)) == status
    assert not caplog.records


def test_nothing_is_awaited_on_a_connection_that_cannot_be_understood() -> None:
    async def closed(path: bytes) -> bool:
        async with TestServer(app_of("collect")) as server, asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain" % path)
            await reader.read()
            writer.close()
            return reader.at_eof()

    assert asyncio.run(closed(b"/v1/track")) and asyncio.run(closed(b"/v1/nonsense"))


def test_what_is_no_http_is_answered_with_400_and_is_a_line_of_the_log_without_a_traceback() -> None:
    """A failure of ours has its traceback, also right after it."""
    ran = subprocess.run([sys.executable, "-c", PROCESS], cwd=ROOT, capture_output=True, text=True, check=True,
                         timeout=60)
    assert ran.stdout.split() == [*["400"] * len(MALFORMED), "500"] * 3
    strange, ours, *rest = (line for line in ran.stderr.splitlines() if " aiohttp.server: " in line)
    assert "no request that can be read (BadHttpMessage): " in strange and "Error handling request" in ours and not rest
    assert ran.stderr.count("Traceback") == ran.stderr.count("ValueError: ours") == 1


def test_a_body_that_breaks_off_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a broken chunk that came in a packet of its own nobody heard: the request waited for as long as its sender did."""
    monkeypatch.setattr(requests, "WITHIN", 0.2)

    async def status(name: str, path: bytes, *sent: bytes) -> int:
        async with TestServer(app_of(name)) as server:
            return await status_of(server.port or 0, HEAD % path + b"Transfer-Encoding: chunked\r\n", *sent)

    places = {"collect": b"/v1/track", "serve": b"/memberships", "feedback": b"/unsubscribe/" + TOKEN.encode()}
    for end in (b"ZZ\r\nnope\r\n", b""):
        for name, path in places.items():
            assert asyncio.run(status(name, path, FORM + b"\r\n\r\n", b"2\r\n{}\r\n", end)) == 400


async def status_of(port: int, *sent: bytes) -> int:
    """Of what is sent as bytes, each part in a packet of its own."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for part in sent:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)
        line = await reader.readline()
        writer.close()
    return int(line.split()[1])


async def answered(app: web.Application, path: str, headers: list[bytes], body: bytes) -> int:
    """Of a POST as bytes: a client of HTTP would not send all of these."""
    async with TestServer(app) as server, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(server.host, server.port)
        head = [f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}".encode(), *headers]
        writer.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
        line = await reader.readline()
        await reader.read()
        writer.close()
    return int(line.split()[1])
