"""Processes that listen over HTTP."""
from __future__ import annotations

import asyncio

from aiohttp import web

from streams.runtime.beside.listening import Address, listening
from tests.processes import fetched


def test_whoever_asks_for_any_port_hears_which_it_is() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="here")

    async def run() -> tuple[int, bytes]:
        app = web.Application()
        app.router.add_get("/", answer)
        async with listening(app, Address(host="127.0.0.1", port=0)) as there:
            return await asyncio.to_thread(fetched, f"http://127.0.0.1:{there.port}/")

    assert asyncio.run(run()) == (200, b"here")
