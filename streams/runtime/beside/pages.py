"""The pages of `audience deliver` for supervisors and Prometheus: live, ready, metrics.

Plain aiohttp: this process has no Faust app. A failing destination does not make the process unready: it is being probed,
and a restart would only forget when to probe next.
"""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from connectors.delivery import Deferred, Delivered, Refused
from connectors.probes import add_probes
from streams.core.values import Json
from streams.runtime.beside.destinations import Destinations, Keeper
from streams.runtime.status.metrics import Kind, Metric, Metrics

Ends = Mapping[str, Mapping[int, int]]
"""By channel and partition: where its topic ends."""

DELIVERED = Metric(
    name="audience_delivered", kind=Kind.COUNTER, labels=("destination",),
    tells="Activations that the destination took.",
    moves="At zero while lag grows: see audience_deferred; the reasons are on `deliveries`.")
DEFERRED = Metric(
    name="audience_deferred", kind=Kind.COUNTER, labels=("destination",),
    tells="Attempts that will be made again.",
    moves="A steady rate: the destination is away, asks to wait, or its credentials are wrong.")
REFUSED = Metric(
    name="audience_refused", kind=Kind.COUNTER, labels=("destination",),
    tells="Activations that the destination will never take, or that were given up.",
    moves="Any steady rate: the reasons on `deliveries` tell whether address, template or settings are wrong.")
LAG = Metric(
    name="audience_delivery_lag_records", kind=Kind.GAUGE, labels=("destination",),
    tells="Records of the channel that are not settled for this destination; NaN while the broker does not answer.",
    moves="Growing: raise per_second, start more processes, or look at audience_deferred.")
WAITING = Metric(
    name="audience_delivery_waiting", kind=Kind.GAUGE, labels=("destination",),
    tells="Of these, activations at hand: under way, or waiting for their next attempt; at most 1,000.",
    moves="At its bound: the destination takes nothing, and nothing more is read for it.")
BREAKER = Metric(
    name="audience_delivery_breaker_open", kind=Kind.GAUGE, labels=("destination",),
    tells="1 while the destination failed three times in a row and is only probed.",
    moves="For minutes: the destination is down or refuses the credentials; nothing is lost.")
RUNNING = Metric(
    name="audience_delivery_running", kind=Kind.GAUGE, labels=("destination",),
    tells="1 while activations of the destination are taken; 0 when its settings are wrong or it begins anew.",
    moves="At zero: /ready and the log say why.")
DECLARED = (DELIVERED, DEFERRED, REFUSED, LAG, WAITING, BREAKER, RUNNING)
OUTCOMES = ((DELIVERED, Delivered), (DEFERRED, Deferred), (REFUSED, Refused))
NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationStanding:
    """How a destination stands: what `/ready` says of it."""

    is_running: bool
    breaker: str
    waiting: int
    faults: tuple[str, ...] = ()


class Pages:
    """`ends` is asked in a thread and may fail; `is_current` tells whether the definitions are known and followed."""

    def __init__(self, destinations: Destinations, ends: Callable[[], Ends], is_current: Callable[[], bool]) -> None:
        self._destinations, self._ends, self._is_current = destinations, ends, is_current
        self._metrics = Metrics(lambda _: None, DECLARED)
        self._counted: dict[tuple[str, Metric], int] = {}

    def application(self) -> web.Application:
        app = web.Application()
        add_probes(app, ready=self.ready, metrics=self.metrics)
        return app

    async def ready(self) -> dict[str, Json]:
        """Ready while the definitions are followed and every destination in force runs."""
        standing = self._standing()
        is_ready = self._is_current() and all(each.is_running for each in standing.values())
        return {"ready": is_ready, "definitions": self._is_current(), "destinations": standing}

    async def metrics(self) -> bytes:
        self._refresh(await asyncio.to_thread(self._ends))
        return self._metrics.text()

    def _standing(self) -> dict[str, DestinationStanding]:
        roster, keepers = self._destinations.roster, self._destinations.keepers
        found = {name: _of(keepers[name]) for name in roster.running}
        for name, faults in roster.faults.items():
            found[name] = DestinationStanding(is_running=False, breaker="closed", waiting=0, faults=faults)
        return dict(sorted(found.items()))

    def _refresh(self, ends: Ends) -> None:
        self._metrics.forget((LAG, WAITING, BREAKER, RUNNING))
        for name, standing in self._standing().items():
            self._metrics.set(RUNNING, standing.is_running, destination=name)
            self._metrics.set(BREAKER, standing.breaker == "open", destination=name)
            self._metrics.set(WAITING, standing.waiting, destination=name)
        for name, keeper in self._destinations.keepers.items():
            self._count(name, keeper)
            if keeper.source is not None and keeper.engine is not None:
                here = ends.get(keeper.destination.channel)
                lag = NAN if here is None else keeper.source.unread(here) + keeper.engine.waiting
                self._metrics.set(LAG, lag, destination=name)

    def _count(self, name: str, keeper: Keeper) -> None:
        for metric, kind in OUTCOMES:
            counted = self._counted.get((name, metric), 0)
            self._counted[name, metric] = keeper.outcomes[kind]
            self._metrics.add(metric, keeper.outcomes[kind] - counted, name)


def _of(keeper: Keeper) -> DestinationStanding:
    engine = keeper.engine
    if engine is None:
        return DestinationStanding(is_running=False, breaker="closed", waiting=0)
    return DestinationStanding(is_running=True, breaker="open" if engine.is_held_back else "closed", waiting=engine.waiting)
