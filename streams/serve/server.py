"""The HTTP side of `audience serve`: look-ups, readiness, metrics. It only reads.

Plain aiohttp: this process has no Faust app, and at a thousand requests a second every layer shows. An unknown identifier is
answered like one in no segment: an ad server needs no third case, and should not learn who is known here and has refused to
be advertised to."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeGuard

import orjson
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest

from connectors.openrtb import Provider, user
from connectors.probes import add_probes
from connectors.requests import body_of, giving_up
from streams.core.values import Json
from streams.definitions.members import meant

MOST = 1_000
"""Identifiers a request."""
JSON = "application/json"


class Copy(Protocol):
    """The rows: JSON `{identifier, segments, at}` each."""

    def get(self, identifiers: Sequence[str]) -> list[bytes | None]: ...


class Following(Protocol):
    """How the copy is kept. `behind`: seconds it may lag, None if it was never complete since the start."""

    @property
    def records(self) -> int: ...

    @property
    def rejected(self) -> int: ...

    def behind(self) -> float | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What is served. Ready while the copy lags at most `ready_within` seconds."""

    copy: Copy
    following: Following
    provider: Provider
    ready_within: float


def application(served: Served) -> web.Application:
    """Routes: `/memberships/NAMESPACE:VALUE`, `/memberships?identifier=…&identifier=…` (GET), `/memberships` (POST
    `{"identifiers": […]}`), each also with `format=openrtb`; `/ready`, `/live`, `/metrics`."""
    lookups = _Lookups(served)
    app = web.Application(middlewares=[giving_up])
    app.add_routes([
        web.get("/memberships/{identifier:.+}", lookups.one), web.get("/memberships", lookups.many),
        web.post("/memberships", lookups.posted)])
    add_probes(app, ready=lookups.ready, metrics=lookups.metrics)
    return app


class _Lookups:
    def __init__(self, served: Served) -> None:
        self._served = served
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._asked = Counter("audience_serve_lookups", "Identifiers asked for. At zero: is the ad server pointed here?",
                              registry=self._registry)
        following = served.following
        gauges: tuple[tuple[str, str, Callable[[], float]], ...] = (
            ("records", "Records followed. At zero while workers run: is AUDIENCE_PREFIX theirs?",
             lambda: following.records),
            ("rejected", "Records that could not be decoded and were skipped; the log says which.",
             lambda: following.rejected),
            ("behind_seconds", "How old the copy may be; NaN before it is complete. Rising: the broker is away, or more "
             "comes than this process takes.", lambda: _or_nan(following.behind())),
        )
        for name, tells, read in gauges:
            Gauge(f"audience_serve_{name}", tells, registry=self._registry).set_function(read)

    async def one(self, request: web.Request) -> web.Response:
        identifier = request.match_info["identifier"]
        if _wants_openrtb(request) or not _is_identifier(identifier):
            return self._answer(request, [identifier])
        return web.Response(body=self._rows([identifier])[0], content_type=JSON)

    async def many(self, request: web.Request) -> web.Response:
        return self._answer(request, request.query.getall("identifier", []))

    async def posted(self, request: web.Request) -> web.Response:
        try:
            identifiers = orjson.loads(await body_of(request))["identifiers"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            identifiers = None
        return self._answer(request, identifiers)

    async def ready(self) -> dict[str, Json]:
        behind = self._served.following.behind()
        return {"ready": behind is not None and behind <= self._served.ready_within, "behind_seconds": behind}

    async def metrics(self) -> bytes:
        return generate_latest(self._registry)

    def _answer(self, request: web.Request, identifiers: object) -> web.Response:
        if not _are_identifiers(identifiers):
            body = {"error": f"expected 1 to {MOST} identifiers NAMESPACE:VALUE, as ?identifier=…&identifier=… or as "
                             'a POST of {"identifiers": […]}'}
            return web.Response(body=orjson.dumps(body), content_type=JSON, status=400)
        if _wants_openrtb(request):
            return self._openrtb(identifiers)
        return web.Response(body=b'{"memberships":[' + b",".join(self._rows(identifiers)) + b"]}", content_type=JSON)

    def _rows(self, asked: list[str]) -> list[bytes]:
        self._asked.inc(len(asked))
        identifiers = list(map(meant, asked))
        found = self._served.copy.get(identifiers)
        return [row or _nobody(identifier) for identifier, row in zip(identifiers, found, strict=True)]

    def _openrtb(self, identifiers: list[str]) -> web.Response:
        rows = [orjson.loads(row) for row in self._rows(identifiers)]
        body = {"user": user(self._served.provider, [(row["identifier"], row["segments"]) for row in rows])}
        return web.Response(body=orjson.dumps(body), content_type=JSON)


def _nobody(identifier: str) -> bytes:
    return orjson.dumps({"identifier": identifier, "segments": [], "at": None})


def _is_identifier(value: object) -> bool:
    return isinstance(value, str) and ":" in value


def _are_identifiers(found: object) -> TypeGuard[list[str]]:
    return isinstance(found, list) and 1 <= len(found) <= MOST and all(map(_is_identifier, found))


def _wants_openrtb(request: web.Request) -> bool:
    return request.query.get("format") == "openrtb"


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
