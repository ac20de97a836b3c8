"""Destinations side by side in one process, each as it is defined now: what ends or changes one ends no other."""
from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from connectors.delivery import Activations, Connector, Delivery, Engine, Limits, Taken
from connectors.delivery.progress import Mark
from streams.core.definitions import Destination
from streams.runtime.beside.deliveries import Rebalanced
from streams.runtime.clock import wall_ms
from streams.runtime.exits import is_surprise

log = logging.getLogger(__name__)

AGAIN_AFTER = 5.0
"""Seconds after which a destination that failed begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A destination with all that it needs; the same as long as its definition is."""

    definition: Destination
    connector: Connector = field(compare=False)
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """What is to run, by id; `faults`: why others cannot."""

    running: Mapping[str, Running]
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class ActivationSource(Activations, Protocol):
    """Where a destination's activations come from, until it is closed."""

    def unread(self, ends: Mapping[int, int]) -> int: ...

    def close(self) -> None: ...


class Keeper:
    """Keeps one destination running, started again by itself after whatever ended it."""

    def __init__(self, wanted: Running, opened: Callable[[Destination], ActivationSource]) -> None:
        self.destination = wanted.definition
        self.outcomes: Counter[type] = Counter()
        """What became of attempts, since this process began."""
        self.engine: Engine | None = None
        """None while nothing is delivered: it begins, or waits after a failure."""
        self.source: ActivationSource | None = None
        self._wanted: Running | None = wanted
        self._opened = opened
        self._changed = asyncio.Event()

    def want(self, wanted: Running | None) -> None:
        """From now on as it is defined here, or not at all; what is under way is finished and written down."""
        if wanted == self._wanted:
            return
        self._wanted = wanted
        self._changed.set()
        if self.engine is not None:
            self.engine.stop()

    async def live(self) -> None:
        """Until it is not wanted."""
        while (running := self._wanted) is not None:
            self._changed.clear()
            self.destination = running.definition
            await self._once(running)

    async def _once(self, running: Running) -> None:
        try:
            await self._with_source(running)
        except Exception as fault:  # whatever it is, it is this destination's; Kafka holds all that is needed to resume
            log.error("%s: begins anew in %g s: %s", running.definition.id, AGAIN_AFTER, fault, exc_info=is_surprise(fault))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), AGAIN_AFTER)

    async def _with_source(self, running: Running) -> None:
        source = self.source = await asyncio.to_thread(self._opened, running.definition)
        try:
            while self._wanted is running:
                await self._one_assignment(running, source)
        finally:
            self.engine = self.source = None
            await asyncio.to_thread(source.close)

    async def _one_assignment(self, running: Running, source: ActivationSource) -> None:
        """An engine from its first activation to the next rebalance, or to the end."""
        counted = _Counted(source, self.outcomes)
        self.engine = Engine(running.definition.id, running.connector, counted, running.limits, clock=wall_ms)
        try:
            await self.engine.run()
        except Rebalanced:
            log.info("%s: partitions were given to others or taken over; goes on from what is committed",
                     running.definition.id)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A source whose outcomes are counted once they are written down."""

    source: Activations
    outcomes: Counter[type]

    async def take(self, most: int, within: float) -> Sequence[Taken]:
        return await self.source.take(most, within)

    async def stay(self) -> None:
        await self.source.stay()

    async def settle(self, deliveries: Sequence[Delivery], marks: Mapping[int, Mark]) -> None:
        written = [type(each.outcome) for each in deliveries]
        try:
            await self.source.settle(deliveries, marks)
        except Rebalanced:
            self.outcomes.update(written)
            raise
        self.outcomes.update(written)


class Destinations:
    """All destinations of this process. Use it inside an event loop."""

    def __init__(self, opened: Callable[[Destination], ActivationSource]) -> None:
        self._opened = opened
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.keepers: dict[str, Keeper] = {}
        """By id, those that are gone included."""
        self.roster = Roster(running={})

    def become(self, roster: Roster) -> None:
        """Starts what is new, changes what differs, ends what is gone or faulty: a destination that somebody meant to
        change must not go on as it was. Returns at once."""
        self.roster = roster
        for name, keeper in self.keepers.items():
            keeper.want(roster.running.get(name))
        for name, running in roster.running.items():
            if name not in self._tasks or self._tasks[name].done():
                self._start(name, running)

    def _start(self, name: str, running: Running) -> None:
        keeper, before = Keeper(running, self._opened), self.keepers.get(name)
        if before is not None:
            keeper.outcomes = before.outcomes
        self.keepers[name] = keeper
        self._tasks[name] = asyncio.create_task(keeper.live(), name=name)

    async def stop(self, within: float) -> tuple[str, ...]:
        """Ends all, when what is under way is written down; those that are not so far after so many seconds are named, and
        still at it."""
        self.become(Roster(running={}))
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=within)
        return tuple(sorted(name for name, task in self._tasks.items() if not task.done()))
