"""The HTTP side of `audience collect`.

Success means that all messages are on their topics; after a 503 SDKs send them again. What comes twice is one event to the
pipeline, by its `messageId`.
"""
from __future__ import annotations

import base64
import hmac
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, generate_latest

from connectors.probes import add_probes
from connectors.requests import body_of, giving_up
from connectors.sources.collector.bodies import BATCHES, CALLS, Message, TooLarge, messages_of, read_body
from streams.core.errors import Misconfigured, Rejected, Retryable

LARGEST = 1 << 20
"""Bytes of a body. The topics take more."""
PREFLIGHT = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "authorization, content-type",
             "Access-Control-Max-Age": "86400"}
Put: TypeAlias = Callable[[Sequence[Message]], Awaitable[None]]
"""Returns when all are on their topics; Retryable if they may not be."""


def keys_of(text: str, source: str) -> frozenset[str]:
    """Write keys, one a line. Misconfigured if there is none."""
    found = frozenset(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    if not found:
        raise Misconfigured((f"{source}: no write key; expected one a line",))
    return found


class Collector:
    """put: writes messages to the topics; is_there: whether these can be reached. clock: epoch ms. keys: whoever has one may
    write, and anybody if there are none. origins: sites whose scripts may write, `*` for any."""

    def __init__(
        self, put: Put, is_there: Callable[[], Awaitable[bool]], *, clock: Callable[[], int],
        keys: Collection[str] = (), origins: Collection[str] = (),
    ) -> None:
        self._put, self._is_there, self._keys, self._origins, self._clock = put, is_there, keys, origins, clock
        self.registry = CollectorRegistry()
        self._collected = Counter("audience_collected", "Messages that are on their topics.", registry=self.registry)
        self._answers = Counter(
            "audience_collect_answers", "Requests by status. 503: Kafka is away, they are sent again; 400, 401, 413: a "
            "sender is to be mended.", ["status"], registry=self.registry)

    async def collect(self, request: web.Request) -> web.Response:
        """One message or a batch."""
        try:
            body = read_body(await body_of(request))
            if not self._may_write(request, body):
                return self._answer(request, 401, "the write key is missing or not known here")
            messages = messages_of(request.match_info["call"], body, self._clock())
            await self._put(messages)
        except web.HTTPRequestEntityTooLarge:
            return self._answer(request, 413, f"the body is too large; at most {LARGEST:,} bytes, send smaller batches")
        except web.HTTPBadRequest as fault:
            return self._answer(request, 400, fault.text or "")
        except TooLarge as fault:
            return self._answer(request, 413, fault.reason)
        except Rejected as fault:
            return self._answer(request, 400, fault.reason)
        except Retryable:
            return self._answer(request, 503, "it could not be written; please send it again", {"Retry-After": "5"})
        self._collected.inc(len(messages))
        return self._answer(request, 200)

    async def preflight(self, request: web.Request) -> web.Response:
        """What a browser asks before it lets a script of another site post."""
        return web.Response(status=204, headers={**self._for_origin(request), **PREFLIGHT})

    async def ready(self) -> dict[str, bool]:
        return {"ready": await self._is_there()}

    async def metrics(self) -> bytes:
        return generate_latest(self.registry)

    def _answer(
        self, request: web.Request, status: int, fault: str = "", headers: Mapping[str, str] = MappingProxyType({}),
    ) -> web.Response:
        self._answers.labels(status).inc()
        body = {"success": False, "error": fault} if fault else {"success": True}
        return web.json_response(body, status=status, headers={**self._for_origin(request), **headers})

    def _may_write(self, request: web.Request, body: Message) -> bool:
        """By the user name of basic authentication, as SDKs of servers send it, or by `writeKey`, as those of browsers
        do."""
        if not self._keys:
            return True
        found = [str(body.get("writeKey") or ""), _user(request.headers.get("Authorization", ""))]
        return any(hmac.compare_digest(key.encode(), each.encode()) for key in self._keys for each in found if each)

    def _for_origin(self, request: web.Request) -> dict[str, str]:
        origin = request.headers.get("Origin")
        if origin is None or not {origin, "*"} & {*self._origins}:
            return {}
        return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


def _user(authorization: str) -> str:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials).decode().partition(":")[0]
    except ValueError:  # neither base64 nor text
        return ""


def application(collector: Collector) -> web.Application:
    """Its routes. A proxy passes `/v1/` alone."""
    app = web.Application(client_max_size=LARGEST, middlewares=[giving_up])
    calls = f"/v1/{{call:{'|'.join((*CALLS, *sorted(BATCHES)))}}}"
    app.add_routes([web.post(calls, collector.collect), web.options(calls, collector.preflight)])
    add_probes(app, ready=collector.ready, metrics=collector.metrics)
    return app
