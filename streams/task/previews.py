"""Walks over a task's profiles in slices and adds up what other definitions would do to them.

It reads past the working set, into copies: a preview must not push out of memory what the next events need, nor change
anything. A hash of the profile's key decides whom it looks at, so a sample is the same whenever it is taken, and has nothing
to do with what people did."""
from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from streams.core.context import Context
from streams.core.events import Event
from streams.core.profile import Profile
from streams.core.segments.previewing import Preview
from streams.task.rows import PROFILE
from streams.task.state import State
from streams.unit import LAST, Store

PROFILES_A_SLICE = 250
ROWS_A_SLICE = 10_000
CHANCE = 0
"""Place in a row of `Effect.sample`."""


@dataclass(slots=True)
class Effect:
    """What a change does to one segment, among the profiles looked at. both: by other segment, how many of those who would
    be in are in it too. sample: [place by chance, identifier], the first few in that order."""

    present: int = 0
    after: int = 0
    entering: int = 0
    leaving: int = 0
    both: Counter[str] = field(default_factory=Counter)
    sample: list[list[Any]] = field(default_factory=list)


class Walk:
    """people: about how many profiles to look at, 0 for all of them. shown: how many members a sample has, 0 for neither
    sample nor overlap."""

    def __init__(self, preview: Preview, store: Store, state: State, *, profiles: int, people: int, shown: int) -> None:
        self._preview, self._store, self._state, self._shown = preview, store, state, shown
        self._one_in = max(1, profiles // people) if people else 1
        self._cursor: bytes | None = b""
        self.looked_at = 0
        self.effects = {name: Effect() for name in sorted(preview.affected)}

    @property
    def is_exact(self) -> bool:
        """Everybody is looked at, and nobody is left to chance."""
        return self._one_in == 1

    def slice(self, context: Context, now: int) -> bool:
        """Looks at some more; False once it has seen all."""
        if self._cursor is None:
            return False
        limit = min(PROFILES_A_SLICE * self._one_in, ROWS_A_SLICE)
        rows = self._store.scan("profiles", self._cursor, LAST, limit)
        last, _ = rows[-1] if len(rows) == limit else (None, None)
        self._cursor = None if last is None else last + b"\x00"
        for key, data in rows:
            chance = int.from_bytes(blake2b(key, digest_size=6).digest())
            if chance % self._one_in == 0:
                row = PROFILE.decode(data)
                if isinstance(row, Profile) and row.fragments:
                    self._look_at(context, row, max(now, row.now), chance)
        return self._cursor is not None

    def body(self) -> dict[str, Any]:
        """What was found, as plain values."""
        return {"looked_at": self.looked_at, "is_exact": self.is_exact, "segments": {name: {
            "present": each.present, "after": each.after, "entering": each.entering, "leaving": each.leaving,
            "both": dict(each.both), "sample": each.sample} for name, each in self.effects.items()}}

    def _look_at(self, context: Context, profile: Profile, now: int, chance: int) -> None:
        self.looked_at += 1
        after = self._preview.members(profile, now, lambda: self._events(context, profile.key))
        for name, effect in self.effects.items():
            was, will = name in profile.members, name in after
            effect.present += was
            effect.after += will
            effect.entering += will and not was
            effect.leaving += was and not will
        if self._shown:
            self._note_members(context, profile, after, chance)

    def _note_members(self, context: Context, profile: Profile, after: frozenset[str], chance: int) -> None:
        others = after | (profile.members.keys() - self._preview.affected)
        for name in after:
            effect = self.effects[name]
            effect.both.update(others - {name})
            if profile.identifiers and (len(effect.sample) < self._shown or chance < effect.sample[-1][CHANCE]):
                insort(effect.sample, [chance, min(profile.identifiers, key=context.namespaces.strength)])
                del effect.sample[self._shown:]

    def _events(self, context: Context, key: str) -> Iterator[tuple[str, Event]]:
        return ((entry.fragment, context.reread(entry)) for entry in self._state.timeline.entries(key))
