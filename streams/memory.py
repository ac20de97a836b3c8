"""A task's state in a dictionary: what RocksDB is to the worker, for `Pipeline`, commands that read state, and tests."""
from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from streams.unit import Change

LARGEST_CHUNK = 2_000


class SortedKeys:
    """Keys in order, in chunks: one list of a million would move four megabytes for each key that comes or goes.

    The keys of chunk n lie from `_bounds[n]` up to below `_bounds[n + 1]`.
    """

    def __init__(self) -> None:
        self._chunks: list[list[bytes]] = [[]]
        self._bounds = [b""]

    def add(self, key: bytes) -> None:
        """`key` is not there yet."""
        place = bisect_right(self._bounds, key) - 1
        chunk = self._chunks[place]
        insort(chunk, key)
        if len(chunk) > LARGEST_CHUNK:
            upper = chunk[len(chunk) // 2:]
            del chunk[len(chunk) // 2:]
            self._chunks.insert(place + 1, upper)
            self._bounds.insert(place + 1, upper[0])

    def remove(self, key: bytes) -> None:
        """`key` is there."""
        place = bisect_right(self._bounds, key) - 1
        chunk = self._chunks[place]
        del chunk[bisect_left(chunk, key)]
        if not chunk and place:
            del self._chunks[place], self._bounds[place]

    def between(self, start: bytes, stop: bytes, limit: int) -> list[bytes]:
        """The first `limit` keys from `start` up to below `stop`."""
        place = bisect_right(self._bounds, start) - 1
        first = bisect_left(self._chunks[place], start)
        found = self._chunks[place][first:first + limit]
        while len(found) < limit and place + 1 < len(self._chunks):
            place += 1
            found += self._chunks[place][:limit - len(found)]
        del found[bisect_left(found, stop):]
        return found

    def __iter__(self) -> Iterator[bytes]:
        return chain.from_iterable(self._chunks)


class MemoryStore:
    """A `streams.unit.Store`; keys are kept sorted for `scan`."""

    def __init__(self) -> None:
        self._values: dict[str, dict[bytes, bytes]] = defaultdict(dict)
        self._keys: dict[str, SortedKeys] = defaultdict(SortedKeys)

    def get(self, table: str, keys: Sequence[bytes]) -> list[bytes | None]:
        values = self._values[table]
        return [values.get(key) for key in keys]

    def scan(self, table: str, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        values = self._values[table]
        return [(key, values[key]) for key in self._keys[table].between(start, stop, limit)]

    def keys(self, table: str) -> list[bytes]:
        return list(self._keys[table])

    def write(self, changes: Iterable[Change]) -> None:
        """What the worker writes after its commit."""
        for table, key, value in changes:
            values = self._values[table]
            if value is None:
                if values.pop(key, None) is not None:
                    self._keys[table].remove(key)
            else:
                if key not in values:
                    self._keys[table].add(key)
                values[key] = value
