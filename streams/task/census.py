"""Counts the profiles of a task by segment and edition, where their rows are written.

Counting told changes would miss merges, splits and erasures, which move people without a line about each of their segments;
but no row is written past this table. The counts are state like any other, in the same unit of work, so they are exact after
a crash too."""
from __future__ import annotations

from collections import Counter

from streams.core.profile import Forward, Profile
from streams.task.prefixes import Meta
from streams.task.rows import PLAIN, PROFILE, RowCodec
from streams.task.working import CAPACITY, DecodedRows, WorkingTable
from streams.unit import ALL, LAST, Change, Store

EDITION = "@"
"""Begins the name of a count of profiles by edition; no segment's id does."""
Names = tuple[str, ...]
"""What a profile counts for: its edition and its segments; nothing for one without events."""


class Census:
    """Counts by name: a segment's id, or an edition. Those at zero are not kept."""

    def __init__(self, store: Store) -> None:
        rows = store.scan("meta", Meta.CENSUS, Meta.CENSUS + LAST, ALL)
        self._counts: Counter[str] = Counter({key[len(Meta.CENSUS):].decode(): PLAIN.decode(data) for key, data in rows})
        self._dirty: set[str] = set()

    def counts(self) -> dict[str, int]:
        """A copy; from any thread, as the unit that runs has it so far."""
        return dict(self._counts)

    def move(self, old: Names, new: Names) -> None:
        """A profile counts for `new` where it counted for `old`."""
        for name in {*old} ^ {*new}:
            self._counts[name] += 1 if name in new else -1
            self._dirty.add(name)

    def changes(self) -> list[Change]:
        found = []
        for name in sorted(self._dirty):
            count = self._counts[name]
            if not count:
                del self._counts[name]
            found.append(Change("meta", Meta.CENSUS + name.encode(), PLAIN.encode(count) if count else None))
        self._dirty.clear()
        return found


def edition_of(name: str) -> int | None:
    """The edition that is counted under this name; None for the name of a segment."""
    return int(name[1:]) if name.startswith(EDITION) else None


class CountedRows(DecodedRows):
    """`counted`: what the census last counted each for, of those that were read."""

    def __init__(self, store: Store, table: str, codec: RowCodec, prefix: bytes) -> None:
        super().__init__(store, table, codec, prefix)
        self.counted: dict[str, Names] = {}

    def _decode(self, key: str, data: bytes) -> Profile | Forward:
        row: Profile | Forward = super()._decode(key, data)
        self.counted[key] = _names(row)
        return row


class CountedProfiles(WorkingTable[Profile | Forward]):
    """The table of profiles, with the census of its rows."""

    _rows: CountedRows

    def __init__(self, store: Store) -> None:
        super().__init__(store, "profiles", PROFILE, rows=CountedRows)
        self.census = Census(store)

    def put(self, key: str, row: Profile | Forward) -> None:
        if key not in self._rows:
            self.get(key)
        self._rows[key] = row
        self._dirty[key] = None

    def delete(self, key: str) -> None:
        if key not in self._rows:
            self.get(key)
        super().delete(key)

    def count(self) -> None:
        """Bring the census up to what this unit has done so far."""
        counted, rows, move = self._rows.counted, self._rows, self.census.move
        for key in self._dirty:
            old, new = counted.get(key, ()), _names(rows[key])
            if old != new:
                move(old, new)
                counted[key] = new

    def changes(self) -> list[Change]:
        self.count()
        rows = self._rows
        found = super().changes()
        if len(rows.counted) > CAPACITY + CAPACITY // 2:
            rows.counted = {key: names for key, names in rows.counted.items() if key in rows}
        return found + self.census.changes()


def _names(row: Profile | Forward | None) -> Names:
    """A profile without fragments has lost all its events to others; it is nobody until its next event."""
    if not isinstance(row, Profile) or not row.fragments:
        return ()
    return (f"{EDITION}{row.edition}", *row.members)
