"""The copy of `audiences.memberships` that `audience serve` answers from: one RocksDB, rows as they are answered.

Rows are kept as JSON, not as the topic's Avro: a row is encoded once when it changes and pasted into every answer.
Not `TaskStore`: that one is a cache of a changelog of tables, with one position; a follower has one a partition.
"""
from __future__ import annotations

import shutil
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from rocksdict import Rdict, WriteBatch

from streams.runtime.exits import Exit, Stop, end_process
from streams.runtime.state.damage import is_damage, note_damage, refuse_damaged
from streams.runtime.state.memory import Memory
from streams.runtime.state.unopened import unopened
from streams.topology import TOMBSTONES_LAST

T = TypeVar("T")
USABLE_FOR_MS = TOMBSTONES_LAST // 2 // timedelta(milliseconds=1)
"""An older copy is discarded: compaction may have dropped tombstones that it has not seen."""
ROW, POSITION, CURRENT_AT, TOPIC_ID = b"i", b"p", b"c", b"t"
_PARTITION, _NUMBER = struct.Struct(">i"), struct.Struct(">q")


class MembershipsStore:
    """Rows by identifier and a position a partition, written together. One thread writes; any thread reads."""

    def __init__(
        self, folder: Path, memory: Memory, *, wall: int, fail: Callable[[BaseException], None] = end_process,
    ) -> None:
        """Opens the copy in `folder`, or a new one if it is missing, damaged or too old. `wall` is now, in ms. `fail` hears
        that a row cannot be read; by default the process ends, for only opening it anew mends that."""
        self.folder = folder
        self._fail = fail
        self._memory = memory
        self._open()
        if self.positions() and wall - self._current_at() > USABLE_FOR_MS:
            self.discard()

    def get(self, identifiers: Sequence[str]) -> list[bytes | None]:
        """The JSON row of each identifier, in order; None where there is none."""
        keys: list[Any] = [ROW + identifier.encode() for identifier in identifiers]
        try:
            return cast("list[bytes | None]", self._read(lambda: self._database.get(keys)))
        except Stop as unreadable:
            self._fail(unreadable)
            raise

    def rows(self) -> Iterator[bytes]:
        """Every JSON row, by identifier, in the order of their bytes."""
        cursor = self._database.iter()
        cursor.seek(ROW)
        while cursor.valid() and cursor.key().startswith(ROW):
            yield cursor.value()
            cursor.next()
        self._read(cursor.status)

    def positions(self) -> dict[int, int]:
        """The offset to go on from, by partition; a partition never read is left out."""
        cursor = self._database.iter()
        cursor.seek(POSITION)
        found: dict[int, int] = {}
        while cursor.valid() and cursor.key().startswith(POSITION) and cursor.key() != POSITION:
            found[_PARTITION.unpack(cursor.key()[1:])[0]] = _NUMBER.unpack(cursor.value())[0]
            cursor.next()
        self._read(cursor.status)
        return found

    def write(self, rows: Mapping[bytes, bytes | None], positions: Mapping[int, int], current_at: int | None) -> None:
        """One WriteBatch: rows by identifier (None deletes), that they are the topic up to `positions`, and, if given,
        the instant (ms) at which the copy was complete. Stop(DISK) if RocksDB cannot."""
        batch = WriteBatch(raw_mode=True)
        for identifier, row in rows.items():
            if row is None:
                batch.delete(ROW + identifier)
            else:
                batch.put(ROW + identifier, row)
        for partition, offset in positions.items():
            batch.put(POSITION + _PARTITION.pack(partition), _NUMBER.pack(offset))
        if current_at is not None:
            batch.put(CURRENT_AT, _NUMBER.pack(current_at))
        self._write(batch)

    def topic_id(self) -> str:
        """Kafka's id of the topic that the copy is of; empty if it was never noted."""
        return (self._value(TOPIC_ID) or b"").decode()

    def note_topic(self, topic_id: str) -> None:
        """Until the copy is discarded. Stop(DISK) as `write`."""
        batch = WriteBatch(raw_mode=True)
        batch.put(TOPIC_ID, topic_id.encode())
        self._write(batch)

    def discard(self) -> None:
        """Begins again with nothing; the topic has it all. Compacted at once, so that who was erased is not on the disk.
        Stop(DISK) as `write`."""
        self._writing(self._erase)

    def _erase(self) -> None:
        self._database.delete_range(b"", b"\xff")
        self._database.compact_range(None, None)

    def close(self) -> None:
        """Lets go of the files."""
        self._database.close()

    def _open(self) -> None:
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as failure:
            raise Stop(Exit.DISK, f"The folder {self.folder} for the copy of the memberships could not be made: "
                       f"{failure.strerror}. AUDIENCE_DATA is to name a folder that can be made") from failure
        try:
            self._database = self._connected()
        except Exception as failure:
            raise unopened(f"The copy of the memberships in {self.folder}", failure) from failure

    def _connected(self) -> Rdict:
        try:
            refuse_damaged(self.folder)
            return Rdict(str(self.folder), self._memory.options())
        except Exception as failure:
            if not is_damage(failure):
                raise
            shutil.rmtree(self.folder)
            return Rdict(str(self.folder), self._memory.options())

    def _write(self, batch: WriteBatch) -> None:
        self._writing(lambda: self._database.write(batch))

    def _writing(self, write: Callable[[], None]) -> None:
        try:
            write()
        except Exception as failure:
            if is_damage(failure):
                raise self._unreadable(failure) from failure
            raise Stop(Exit.DISK, f"The copy of the memberships in {self.folder} could not be written: {failure}. Is the "
                       "disk full? Make room and start again: it goes on where it stood") from failure

    def _read(self, read: Callable[[], T]) -> T:
        """Stop(DISK) if it cannot be read."""
        try:
            return read()
        except Exception as failure:
            raise self._unreadable(failure) from failure

    def _value(self, key: bytes) -> bytes | None:
        return cast("bytes | None", self._read(lambda: self._database.get(key)))

    def _unreadable(self, failure: Exception) -> Stop:
        if is_damage(failure):
            note_damage(self.folder)
        return Stop(Exit.DISK, f"The copy of the memberships in {self.folder} could not be read: {failure}. If damaged, the "
                    "next start reads the topic anew; if that happens again, look at the disk")

    def _current_at(self) -> int:
        found = self._value(CURRENT_AT)
        return int(_NUMBER.unpack(found)[0]) if found else 0
