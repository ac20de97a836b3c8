"""The state of one task on this machine: a RocksDB with a column family for each table.

It is only a cache of the changelog, written after the transaction is committed, in one WriteBatch with its position in the
changelog. So it can be lost, discarded or behind, but never ahead. Writes are not synced: after a power failure RocksDB
comes back as of some earlier batch, position included, and the restore replays the rest. RocksDB's own log repeats the
changelog and costs 1.2 us of CPU an event (measured), but without it a full disk would show only at a later flush.
"""
from __future__ import annotations

import logging
import shutil
import struct
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import cast

from rocksdict import Rdict, ReadOptions, WriteBatch

from streams.runtime.exits import Exit, Stop
from streams.runtime.state.damage import is_damage, note_damage, refuse_damaged
from streams.runtime.state.memory import Memory
from streams.runtime.state.unopened import unopened
from streams.topology import TOMBSTONES_LAST
from streams.unit import TABLES, Change

log = logging.getLogger(__name__)

STATE_VERSION = 7
"""Raised when older code could not read what newer code wrote, or newer code what older code did.

2: for people a count of decisions instead of an instant; other keys for what campaigns have told. 3: one sequence for each
identifier. 4: which sighting of an identifier arrived last. 5: which messages an absorbed part had had. 6: rows without a
version of their own. 7: for audiences, the version of the segment too."""
USABLE_FOR = TOMBSTONES_LAST // 2
"""An older store is discarded: compaction may have dropped tombstones that it has not seen."""
RESERVED = b"\x00"
"""Keys of `meta` that begin so are the runtime's."""
POSITION_KEY = RESERVED + b"position"
VERSION_KEY = RESERVED + b"version"
VERSION = Change("meta", VERSION_KEY, bytes([STATE_VERSION]))
"""Goes through the changelog like any other change, so that a restored state has its version too."""
_POSITION = struct.Struct(">qq")


class TaskStore:
    """Implements `streams.unit.Store`, and what the runtime needs beside it. One thread at a time may write;
    reads are allowed from any thread."""

    def __init__(self, folder: Path, memory: Memory, *, wall: int) -> None:
        """Opens the store, or a new one if it is missing, damaged or too old. `wall` is now, in ms."""
        self.folder = folder
        self._memory = memory
        self._open()
        if self.position and wall - self.current_at > USABLE_FOR // timedelta(milliseconds=1):
            log.warning("State in %s was last current more than %s ago: discarded", folder, USABLE_FOR)
            self.discard()

    @property
    def version(self) -> int:
        """The version of what is stored, 0 if nothing is."""
        (found,) = self.get("meta", [VERSION_KEY])
        return found[0] if found else 0

    def get(self, table: str, keys: Sequence[bytes]) -> list[bytes | None]:
        """Values in the order of `keys`, None where there is none. Stop(DISK) if they cannot be read, as `scan`."""
        try:
            return cast("list[bytes | None]", self._tables[table].get(list(keys)))
        except Exception as failure:
            raise self._unreadable(failure) from failure

    def scan(self, table: str, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """At most `limit` pairs with `start <= key < stop`, in key order."""
        if start >= stop:
            return []
        bounds = ReadOptions()
        bounds.set_iterate_upper_bound(stop)
        cursor = self._tables[table].iter(bounds)
        cursor.seek(max(start, RESERVED + b"\xff") if table == "meta" else start)
        found: list[tuple[bytes, bytes]] = []
        while len(found) < limit and cursor.valid():
            found.append((cursor.key(), cursor.value()))
            cursor.next()
        try:
            cursor.status()
        except Exception as failure:
            raise self._unreadable(failure) from failure
        return found

    def write(self, changes: Iterable[Change], position: int, wall: int) -> None:
        """One WriteBatch: the changes, and that they are the changelog up to `position`, as of `wall`. Stop(DISK) if RocksDB
        cannot; what was committed is then replayed by the next start."""
        batch = WriteBatch(raw_mode=True)
        put, delete, handles = batch.put, batch.delete, self._handles
        for table, key, value in changes:
            if value is None:
                delete(key, handles[table])
            else:
                put(key, value, handles[table])
        put(POSITION_KEY, _POSITION.pack(position, wall), handles["meta"])
        try:
            self._database.write(batch)
        except Exception as failure:
            if is_damage(failure):  # met by a compaction, after which RocksDB writes no more
                raise self._unreadable(failure) from failure
            raise Stop(Exit.DISK, (
                f"The batch is committed, but the state in {self.folder} could not be written: {failure}. Is the disk full? "
                "Make room and start again: what is missing is replayed from the changelog")) from failure
        self.position, self.current_at = position, wall

    def discard(self) -> None:
        """Begins again with nothing. The changelog has it all. Stop as on opening."""
        self.close()
        self._open(anew=True)

    def close(self) -> None:
        """Lets go of the files; twice is once. Every handle must go: RocksDB holds its lock as long as one lives. A
        full disk is no failure here: it would hide the one that led here."""
        if not self._tables:
            return
        for table in (*self._tables.values(), self._database):
            try:
                table.close()
            except Exception as failure:
                log.warning("State in %s was closed unfinished: %s. The next start replays the rest", self.folder, failure)
        self._tables.clear()
        self._handles.clear()

    def _open(self, *, anew: bool = False) -> None:
        try:
            self._database = self._connected(anew=anew)
        except Exception as failure:
            raise unopened(f"The state in {self.folder}", failure) from failure
        self._tables = {name: self._database.get_column_family(name) for name in TABLES}
        self._handles = {name: self._database.get_column_family_handle(name) for name in TABLES}
        (found,) = self.get("meta", [POSITION_KEY])
        self.position, self.current_at = _POSITION.unpack(found) if found else (0, 0)

    def _connected(self, *, anew: bool) -> Rdict:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if anew:
            shutil.rmtree(self.folder)
        try:
            return self._connect()
        except Exception as failure:
            if not is_damage(failure):
                raise
            log.warning("State in %s is damaged (%s): discarded and rebuilt", self.folder, failure)
            shutil.rmtree(self.folder)
            return self._connect()

    def _connect(self) -> Rdict:
        refuse_damaged(self.folder)
        families = {name: self._memory.options() for name in TABLES}
        return Rdict(str(self.folder), self._memory.options(), column_families=families)

    def _unreadable(self, failure: Exception) -> Stop:
        if is_damage(failure):
            note_damage(self.folder)
        return Stop(Exit.DISK, (
            f"The state in {self.folder} could not be read: {failure}. If it is damaged, the next start discards it and "
            "rebuilds it from the changelog; if that happens again, look at the disk"))


def refuse_other(version: int) -> None:
    """Stop(STATE) if a newer version of this program wrote the state, or one so old that its rows would be misread. An empty
    state has version 0, which is neither."""
    if 0 < version < STATE_VERSION:
        raise Stop(Exit.STATE, (
            f"The state has version {version}, this worker reads {STATE_VERSION}: an older one ran with this AUDIENCE_APP, "
            "and its rows mean something else. Choose another AUDIENCE_APP, which rebuilds its state from the source "
            "topics; or start the older version again"))
    if version > STATE_VERSION:
        raise Stop(Exit.STATE, (
            f"The state has version {version}, this worker reads up to {STATE_VERSION}: a newer one ran with this "
            "AUDIENCE_APP. Start that version again; or, to go back for good, choose another AUDIENCE_APP, which rebuilds "
            "its state from the source topics"))
