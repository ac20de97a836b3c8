"""Timers in order of due time, without holding all of them in memory.

The nearest are on a heap; the rest are rows in the store, keyed by due time, and are loaded when the heap runs out. A timer
within the heap's reach is pushed on it at once; a heap that has grown keeps only the nearest."""
from __future__ import annotations

import heapq
from typing import Final

from streams.core.intervals import FOREVER
from streams.unit import ALL, Change, Store

TABLE = "timers"
LOAD = 5_000
"""Timers that come on at once, and that stay."""
_STOP = b"\xff" * 9
Timer = tuple[int, str, str]
DUE: Final = 0
"""Place in a timer, which is (due, cause, key)."""
DISARMED, ARMED, FRESH = range(3)
"""What this unit did to a timer; fresh: armed it, and there was none."""


def _key(due: int, cause: str, key: str) -> bytes:
    return max(due, 0).to_bytes(8, "big") + cause.encode() + b"\x00" + key.encode()


def _timer(key: bytes) -> Timer:
    cause, _, rest = key[8:].partition(b"\x00")
    return int.from_bytes(key[:8], "big"), cause.decode(), rest.decode()


class Wheel:
    """`core.tables.Timers` over a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._heap: list[Timer] = []
        self._changed: dict[Timer, int] = {}
        self._gone: set[Timer] = set()
        self._reach = -1
        """Of what is due before, all is on the heap."""
        self._most = 2 * LOAD

    def arm(self, due: int, cause: str, key: str) -> None:
        if due < 0:
            due = 0
        timer = (due, cause, key)
        self._changed[timer] = ARMED if timer in self._changed else FRESH
        if self._gone:
            self._gone.discard(timer)
        if due < self._reach:
            heapq.heappush(self._heap, timer)

    def disarm(self, due: int, cause: str, key: str) -> None:
        timer = (max(due, 0), cause, key)
        self._remove(timer)
        if timer[DUE] < self._reach:
            self._gone.add(timer)

    def is_armed(self, due: int, cause: str, key: str) -> bool:
        """Usually no look into the store: nothing is armed that is due before the next."""
        timer = (max(due, 0), cause, key)
        if timer[DUE] < (self._heap[0][DUE] if self._heap else self._reach):
            return False
        if timer in self._changed:
            return bool(self._changed[timer])
        return self._store.get(TABLE, [_key(*timer)]) != [None]

    def first(self) -> Timer | None:
        """The next timer, without taking it."""
        while True:
            while self._heap and self._heap[0] in self._gone:
                self._gone.discard(self._pop())
            if self._heap:
                return self._heap[0]
            if self._reach >= FOREVER:
                return None
            self._load()

    def take(self, until: int) -> Timer | None:
        """The next timer that is due at `until` or before, taken off and deleted."""
        timer = self.first()
        if timer is None or timer[DUE] > until:
            return None
        self._remove(self._pop())
        return timer

    def _pop(self) -> Timer:
        """Off the heap, however often it was armed."""
        timer = heapq.heappop(self._heap)
        while self._heap and self._heap[0] == timer:
            heapq.heappop(self._heap)
        return timer

    def _remove(self, timer: Timer) -> None:
        """What this unit armed itself was never written: nothing is to be deleted. With a backlog that is most of them."""
        if self._changed.get(timer) == FRESH:
            del self._changed[timer]
        else:
            self._changed[timer] = DISARMED

    def changes(self) -> list[Change]:
        found = [Change(TABLE, _key(*timer), b"" if armed else None) for timer, armed in self._changed.items()]
        self._changed.clear()
        if len(self._heap) + len(self._gone) > self._most:
            self._let_go()
        return found

    def _let_go(self) -> None:
        """Of all but the nearest, and those due with the first. Once this unit is committed they are rows."""
        nearest = sorted({*self._heap} - self._gone)
        if len(nearest) > LOAD:
            self._reach = max(nearest[LOAD][DUE], nearest[0][DUE] + 1)
        self._heap = [timer for timer in nearest if timer[DUE] < self._reach]
        self._gone.clear()
        self._most = 2 * max(LOAD, len(self._heap))

    def _load(self) -> None:
        """Bring the next rows on, as they are with this unit's own changes."""
        start = max(self._reach, 0)
        rows = self._store.scan(TABLE, start.to_bytes(8, "big"), _STOP, LOAD)
        reach = FOREVER
        if len(rows) == LOAD:
            last, _ = rows[-1]
            reach = _timer(last)[DUE]
            if reach == start:
                reach = start + 1
                rows = self._store.scan(TABLE, start.to_bytes(8, "big"), reach.to_bytes(8, "big"), ALL)
        stored = {_timer(key) for key, _ in rows}
        stored |= {timer for timer, armed in self._changed.items() if armed}
        self._heap = [t for t in stored if start <= t[DUE] < reach and self._changed.get(t, ARMED)]
        heapq.heapify(self._heap)
        self._gone.clear()
        self._reach = reach
