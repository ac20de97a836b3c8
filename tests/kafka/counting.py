"""A small stand-in for the stages, so that the runtime can be judged by itself, against an oracle that cannot err.

It does everything that a task does and that the runtime must keep exact: it counts per key, caches what it decoded,
writes to another partition's task through `commands`, sets timers, answers, and refuses poison. What it computes does
not depend on how topics and partitions are interleaved.

    hit          count and sum of the key; every fifth: a line on `audiences.changes`
    hit, id % 50 a command to another key, which counts there
    hit, id % 20 a timer half a second later, which counts and says so on `activations.display`
    poison       a dead letter
"""
from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from streams.runtime.settings import Settings
from streams.unit import Change, Inbound, Outbound, Outcome, Store

HITS, INTERACTIONS, COMMANDS = "events.hits", "events.interactions", "commands"
CHANGES, DISPLAY, DEAD = "audiences.changes", "activations.display", "dead-letters"
EVERY = 5
TELLS_ANOTHER = 50
SETS_A_TIMER = 20
DELAY = 500


def partition_of(key: bytes, partitions: int) -> int:
    return zlib.crc32(key) % partitions


def other(key: bytes, number: int, keys: int) -> bytes:
    """The key that a command for `number` goes to."""
    return b"k%d" % ((int(key[1:]) * 7 + number) % keys)


@dataclass(slots=True)
class Count:
    """What is kept of a key."""

    hits: int = 0
    total: int = 0
    told: int = 0
    fired: int = 0

    def encode(self) -> bytes:
        return b"%d %d %d %d" % (self.hits, self.total, self.told, self.fired)

    @classmethod
    def decode(cls, value: bytes) -> Count:
        return cls(*map(int, value.split()))


@dataclass(slots=True)
class _Unit:
    outcome: Outcome = field(default_factory=lambda: Outcome([], []))
    touched: set[bytes] = field(default_factory=set)


class Counting:
    """Implements `streams.unit.Processor`. Its cache outlives a unit, as the real one's does."""

    def __init__(self, partition: int, partitions: int, store: Store, keys: int = 1_000) -> None:
        self._partitions, self._store, self._keys = partitions, store, keys
        self._cache: dict[bytes, Count] = {}
        self._timers = {key for key, _ in store.scan("timers", b"", b"\xff", 1 << 30)}

    def frontier(self, record: Inbound) -> int:
        return record.at

    def next_timer(self) -> int | None:
        return _due(min(self._timers)) if self._timers else None

    def busy(self) -> bool:
        return False

    def standing(self) -> None:
        return None

    def run(
        self, batch: Sequence[Inbound], wall: int, timers_until: int, portion: float = 1.0, *, has_turn: bool = True,
    ) -> Outcome:
        unit = _Unit()
        self._prefetch({record.key or b"" for record in batch})
        for record in batch:
            self._handle(record, unit)
        self._fire(timers_until, unit)
        unit.outcome.changes += [Change("profiles", key, self._cache[key].encode()) for key in unit.touched]
        if len(self._cache) > 100_000:
            self._cache.clear()
        return unit.outcome

    def _prefetch(self, keys: set[bytes]) -> None:
        missing = [key for key in keys if key not in self._cache]
        for key, value in zip(missing, self._store.get("profiles", missing), strict=True):
            self._cache[key] = Count.decode(value) if value else Count()

    def _handle(self, record: Inbound, unit: _Unit) -> None:
        key = record.key or b""
        try:
            event = json.loads(record.value or b"")
            number, amount = event["id"], event["n"]
        except (ValueError, KeyError):
            unit.outcome.sends.append(Outbound(DEAD, key, record.value))
            unit.outcome.rejected += 1
            return
        unit.outcome.applied += 1
        unit.touched.add(key)
        if record.topic == COMMANDS:
            self._cache[key].told += 1
        else:
            self._count(key, number, amount, record.at, unit)

    def _count(self, key: bytes, number: int, amount: int, at: int, unit: _Unit) -> None:
        count = self._cache[key]
        count.hits += 1
        count.total += amount
        if count.hits % EVERY == 0:
            unit.outcome.sends.append(Outbound(CHANGES, key, b"%d" % count.hits))
        if number % TELLS_ANOTHER == 0:
            to = other(key, number, self._keys)
            value = b'{"id": %d, "n": 0}' % number
            unit.outcome.sends.append(Outbound(COMMANDS, to, value, partition_of(to, self._partitions)))
        if number % SETS_A_TIMER == 0:
            timer = b"%013d %d %s" % (at + DELAY, number, key)
            self._timers.add(timer)
            unit.outcome.changes.append(Change("timers", timer, b""))

    def _fire(self, until: int, unit: _Unit) -> None:
        for timer in sorted(timer for timer in self._timers if _due(timer) <= until):
            self._timers.discard(timer)
            _, number, key = timer.split(b" ", 2)
            self._prefetch({key})
            self._cache[key].fired += 1
            unit.touched.add(key)
            unit.outcome.changes.append(Change("timers", timer, None))
            unit.outcome.sends.append(Outbound(DISPLAY, key, number))


def _due(timer: bytes) -> int:
    return int(timer[:13])


def factory(_settings: Settings) -> type[Counting]:
    """For `tests.kafka.worker_main`."""
    return Counting
