"""The working set: decoded rows of a task, read once, changed in place, written once a unit of work.

Rows stay decoded after the commit, up to `CAPACITY` a table, because the same visitors come back within seconds. That is
sound only because the processor is thrown away when a commit fails."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from streams.core.errors import Bug
from streams.task.rows import UNREADABLE, RowCodec
from streams.unit import ALL, LAST, Change, Store

T = TypeVar("T")
CAPACITY = 20_000
BYTES = 64 << 20
"""Rows that stay decoded; and bytes, as stored, that may be read and written until half of them are let go: a few large ones
take the memory of many small."""


class DecodedRows(dict[str, Any]):
    """Decoded rows by key, None for one that is not there. What is not at hand when it is asked for is read.

    It knows its place in the store itself: with a method of its table, table and rows would be a cycle, and the rows of a
    task that is let go would stay until Python looks for cycles."""

    def __init__(self, store: Store, table: str, codec: RowCodec, prefix: bytes) -> None:
        self._store, self._table, self._codec, self._prefix = store, table, codec, prefix
        self.bytes = 0
        """Of what was read or written since rows were last let go."""

    def __missing__(self, key: str) -> Any:
        self.read([key])
        return self[key]

    def read(self, keys: list[str]) -> None:
        """From the store, in one multi-get."""
        prefix, decode = self._prefix, self._decode
        try:
            for key, data in zip(keys, self._store.get(self._table, [prefix + key.encode() for key in keys]), strict=True):
                self[key] = None if data is None else decode(key, data)
                self.bytes += len(data or b"")
        except UNREADABLE as fault:
            raise Bug(f"a row of {self._table} cannot be read ({type(fault).__name__}): damaged, or written by another "
                      "version; delete the folder of the state, and it is rebuilt from Kafka") from fault

    def _decode(self, key: str, data: bytes) -> Any:
        return self._codec.decode(data)


class WorkingTable(Generic[T]):
    """The rows of one kind in one table of the store, under a key prefix of their own."""

    def __init__(
        self, store: Store, table: str, codec: RowCodec, prefix: bytes = b"", rows: type[DecodedRows] = DecodedRows,
    ) -> None:
        self._table, self._codec, self._prefix = table, codec, prefix
        self._rows = rows(store, table, codec, prefix)
        self._dirty: dict[str, None] = {}
        self.get: Callable[[str], T | None] = self._rows.__getitem__
        """The dictionary's own: a look-up of what is at hand, several for every event, runs no Python."""

    def put(self, key: str, row: T) -> None:
        self._rows[key] = row
        self._dirty[key] = None

    def delete(self, key: str) -> None:
        self._rows[key] = None
        self._dirty[key] = None

    def prefetch(self, keys: Iterable[str]) -> None:
        """Read all of these that are not at hand, in one multi-get."""
        if wanted := [key for key in keys if key not in self._rows]:
            self._rows.read(wanted)

    def has_local(self, key: str) -> bool:
        """Whether there is such a row, as far as it was read or prefetched."""
        return self._rows.get(key) is not None

    def rows(self) -> list[tuple[str, T]]:
        """The rows at hand, in key order. From any thread."""
        return sorted((key, row) for key, row in list(self._rows.items()) if row is not None)

    def changes(self) -> list[Change]:
        """What was put or deleted since the last call: each key once, encoded, in the order in which they first changed."""
        encode, prefix, table, rows = self._codec.encode, self._prefix, self._table, self._rows
        found = []
        for key in self._dirty:
            row = rows[key]
            found.append(Change(table, prefix + key.encode(), None if row is None else encode(row)))
        rows.bytes += sum(len(change.value or b"") for change in found)
        if len(rows) > CAPACITY or rows.bytes > BYTES:
            self._let_go()
            rows.bytes = 0
        self._dirty.clear()
        return found

    def _let_go(self) -> None:
        """Not of what is in `_dirty`: until the commit the store has an older row."""
        for key in list(self._rows)[:len(self._rows) - min(len(self._rows), CAPACITY) // 2]:
            if key not in self._dirty:
                del self._rows[key]


class WholeTable(WorkingTable[T]):
    """A table whose rows are all at hand, however many they are: `rows` gives every one."""

    def __init__(self, store: Store, table: str, codec: RowCodec, prefix: bytes) -> None:
        super().__init__(store, table, codec, prefix)
        self.prefetch(key[len(prefix):].decode() for key, _ in store.scan(table, prefix, prefix + LAST, ALL))

    def _let_go(self) -> None:
        """Of what was deleted."""
        for key in [key for key, row in self._rows.items() if row is None]:
            del self._rows[key]


class RareTable(WorkingTable[T]):
    """`core.tables.RareTable`. The store is looked into once; the first `put` makes it non-empty."""

    def __init__(self, store: Store, table: str, codec: RowCodec, prefix: bytes) -> None:
        super().__init__(store, table, codec, prefix)
        self._is_empty = not store.scan(table, prefix, prefix + LAST, 1)

    def is_empty(self) -> bool:
        return self._is_empty

    def put(self, key: str, row: T) -> None:
        self._is_empty = False
        super().put(key, row)
