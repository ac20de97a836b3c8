"""What a supervisor and Prometheus ask of a process that listens over HTTP: `/live`, `/ready`, `/metrics`.

The same for `collect`, `feedback`, `deliver` and `serve`; a worker's web server is Faust's and has its own.
"""
from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import orjson
from aiohttp import web

from streams.core.values import Json

TEXT_FORMAT = "text/plain; version=0.0.4"


def add_probes(
    app: web.Application, *, ready: Callable[[], Awaitable[Mapping[str, Json]]], metrics: Callable[[], Awaitable[bytes]],
) -> None:
    """`ready` gives the body, whose field `ready` decides between 200 and 503; `metrics` is in Prometheus' text format. A
    process that answers at all is live."""
    async def answer_live(_request: web.Request) -> web.Response:
        return _answer({"live": True})

    async def answer_ready(_request: web.Request) -> web.Response:
        body = await ready()
        return _answer(body, 200 if body["ready"] else 503)

    async def answer_metrics(_request: web.Request) -> web.Response:
        return web.Response(body=await metrics(), headers={"Content-Type": TEXT_FORMAT})

    app.add_routes([
        web.get("/live", answer_live), web.get("/ready", answer_ready), web.get("/metrics", answer_metrics)])


def _answer(body: Mapping[str, Json], status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json", status=status)
