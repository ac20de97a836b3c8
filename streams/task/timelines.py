"""The events of profiles, as chunks: one a profile and unit of work, so that an append reads nothing.

Key: profile key, two zero bytes, arrival of the chunk's first event (8 bytes, big endian): a scan gives the events
of a profile in order of arrival. Bounded by number: beyond `MOST` the oldest whole chunks go.
"""
from __future__ import annotations

from streams.core.tables import Entry
from streams.task.rows import pack, unpack
from streams.unit import Change, Store

TABLE = "timeline"
MOST = 10_000
MOST_CHUNKS = 1 << 30
_END = b"\x00\x00"


def _first(profile: str) -> bytes:
    return profile.encode() + _END


def _entry(row: list[object]) -> Entry:
    arrival, event_time, received_at, fragment, identifiers, raw = row
    return Entry(arrival, event_time, received_at, fragment, tuple(identifiers), raw)  # type: ignore[arg-type]


class StoredTimeline:
    """`core.tables.Timeline` over a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._added: dict[str, list[Entry]] = {}
        self._replaced: set[str] = set()
        self._dropped: list[bytes] = []

    def append(self, profile: str, entry: Entry) -> None:
        added = self._added.get(profile)
        if added is None:
            self._added[profile] = [entry]
        else:
            added.append(entry)

    def entries(self, profile: str) -> list[Entry]:
        found = [] if profile in self._replaced else [
            _entry(row) for _, data in self._chunks(profile) for row in unpack(data)]
        return sorted([*found, *self._added.get(profile, ())], key=lambda entry: entry.arrival)

    def replace(self, profile: str, entries: list[Entry]) -> None:
        if profile not in self._replaced:
            self._replaced.add(profile)
            self._dropped += [key for key, _ in self._chunks(profile)]
        self._added[profile] = entries

    def trim(self, profile: str) -> None:
        """Let go of the oldest chunks beyond the bound."""
        if profile in self._replaced:
            return
        kept = 0
        for key, data in reversed(self._chunks(profile)):
            if kept >= MOST:
                self._dropped.append(key)
            kept += len(unpack(data))

    def changes(self) -> list[Change]:
        """The chunks to delete and to write."""
        found = [Change(TABLE, key, None) for key in self._dropped]
        for profile, entries in self._added.items():
            if entries:
                key = _first(profile) + entries[0].arrival.to_bytes(8, "big", signed=True)
                found.append(Change(TABLE, key, pack(entries)))
        self._added.clear()
        self._replaced.clear()
        self._dropped.clear()
        return found

    def _chunks(self, profile: str) -> list[tuple[bytes, bytes]]:
        first = _first(profile)
        return self._store.scan(TABLE, first, first[:-1] + b"\x01", MOST_CHUNKS)
