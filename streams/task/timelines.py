"""The stored events of profiles, in chunks: one a profile and unit of work (or several of a MiB), so that an append reads
nothing.

Key: profile key, two zero bytes, arrival of the chunk's first event (8 bytes, big endian). A scan gives the events of a
profile in order of arrival, and what is to be forgotten stands together at the front. Beyond `MOST` events the oldest whole
chunks go; `core.retention` bounds the time."""
from __future__ import annotations

from operator import attrgetter

from streams.core.tables import Entry, portions
from streams.task.rows import entry_of, pack, unpack
from streams.unit import ALL, Change, Store

TABLE = "timeline"
MOST = 10_000
_END = b"\x00\x00"


def _first(profile: str) -> bytes:
    return profile.encode() + _END


class StoredTimeline:
    """`core.tables.Timeline` over a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._added: dict[str, list[Entry]] = {}
        self._replaced: set[str] = set()
        self._dropped: dict[bytes, None] = {}

    def append(self, profile: str, entry: Entry) -> None:
        added = self._added.get(profile)
        if added is None:
            self._added[profile] = [entry]
        else:
            added.append(entry)

    def entries(self, profile: str) -> list[Entry]:
        found = [] if profile in self._replaced else [
            entry_of(row) for _, data in self._chunks(profile) for row in unpack(data)]
        return sorted([*found, *self._added.get(profile, ())], key=lambda entry: entry.arrival)

    def replace(self, profile: str, entries: list[Entry]) -> None:
        if profile not in self._replaced:
            self._replaced.add(profile)
            self._dropped |= dict.fromkeys(key for key, _ in self._chunks(profile))
        self._added[profile] = entries

    def trim(self, profile: str) -> None:
        """Let go of the oldest chunks beyond the bound."""
        if profile in self._replaced:
            return
        kept = 0
        for key, data in reversed(self._chunks(profile)):
            if kept >= MOST:
                self._dropped[key] = None
            kept += len(unpack(data))

    def is_touched(self, key: bytes) -> bool:
        """Whether this unit of work already writes or deletes the chunk with that key."""
        profile = key[:key.rindex(_END, 0, -8)].decode()
        return key in self._dropped or profile in self._replaced

    def oldest(self, profile: str) -> int | None:
        """See `core.tables.Timeline`."""
        first = [] if profile in self._replaced else self._chunks(profile, most=len(self._dropped) + 1)[:1]
        found = [entry_of(unpack(data)[0]) for _, data in first] + self._added.get(profile, [])
        return min((entry.arrival for entry in found), default=None)

    def forget(self, profile: str, before: int) -> list[Entry]:
        """See `core.tables.Timeline`. Reads the chunks that hold some of them, and no other."""
        chunks = [] if profile in self._replaced else self._chunks(profile, before)
        self._dropped |= dict.fromkeys(key for key, _ in chunks)
        entries = [entry_of(row) for _, data in chunks for row in unpack(data)] + self._added.pop(profile, [])
        if kept := [entry for entry in entries if entry.arrival >= before]:
            self._added[profile] = kept
        return sorted((entry for entry in entries if entry.arrival < before), key=lambda entry: entry.arrival)

    def changes(self) -> list[Change]:
        """The chunks to delete and to write."""
        found = [Change(TABLE, key, None) for key in self._dropped]
        for profile, entries in self._added.items():
            if entries:
                if len(entries) > 1:
                    entries.sort(key=attrgetter("arrival"))
                for chunk in portions(entries, len(entries)) if len(entries) > 1 else (entries,):
                    key = _first(profile) + chunk[0].arrival.to_bytes(8, "big", signed=True)
                    found.append(Change(TABLE, key, pack(chunk)))
        self._added.clear()
        self._replaced.clear()
        self._dropped.clear()
        return found

    def _chunks(self, profile: str, before: int | None = None, most: int = ALL) -> list[tuple[bytes, bytes]]:
        """Those that began before an arrival, without what this unit of work dropped."""
        first = _first(profile)
        last = first[:-1] + b"\x01" if before is None else first + before.to_bytes(8, "big", signed=True)
        rows = self._store.scan(TABLE, first, last, most)
        return [(key, chunk) for key, chunk in rows if key not in self._dropped]
