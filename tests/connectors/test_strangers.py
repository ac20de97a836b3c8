"""Whatever strangers send to a process that listens, it answers without a failure of its own."""
from __future__ import annotations

import asyncio
import gzip
import logging
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

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
        (400, [NO_GZIP], b"plain"), (400, [NO_GZIP], gzip.compress(b'{"a": 1}' * 99)[:-9]),
        (401, [b"Authorization: \xff"], b"{}"), (401, [b"Authorization: Basic \xff"], b"{}"),
        (401, [b"Origin: \xff"], b"{}")],
    "serve /memberships": [(400, [NO_GZIP], b"plain"), (400, [], b"\xff")]}


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
