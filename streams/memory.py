"""A task's state in a dictionary: what RocksDB is to the worker, for `Pipeline` and tests."""
from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence

from streams.unit import Change


class MemoryStore:
    """A `streams.unit.Store`; keys are kept sorted for `scan`."""

    def __init__(self) -> None:
        self._values: dict[str, dict[bytes, bytes]] = defaultdict(dict)
        self._keys: dict[str, list[bytes]] = defaultdict(list)

    def get(self, table: str, keys: Sequence[bytes]) -> list[bytes | None]:
        values = self._values[table]
        return [values.get(key) for key in keys]

    def scan(self, table: str, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        keys, values = self._keys[table], self._values[table]
        first = bisect_left(keys, start)
        last = min(bisect_left(keys, stop), first + limit)
        return [(key, values[key]) for key in keys[first:last]]

    def keys(self, table: str) -> list[bytes]:
        return list(self._keys[table])

    def write(self, changes: Iterable[Change]) -> None:
        """What the worker writes after its commit."""
        for table, key, value in changes:
            values = self._values[table]
            if value is None:
                if values.pop(key, None) is not None:
                    keys = self._keys[table]
                    del keys[bisect_left(keys, key)]
            else:
                if key not in values:
                    insort(self._keys[table], key)
                values[key] = value
