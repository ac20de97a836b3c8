"""The state of a task as the stages see it: tables of decoded rows, the timeline and timers.

Rows are read once per unit of work and written once, however often they were touched. These are the contracts; `task` brings
the implementations."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

from streams.core.intervals import DAY_MS
from streams.core.profile import Forward, Profile
from streams.core.requests import Receipt

T = TypeVar("T")
VIEW, RULE, FORWARD, EXPIRY, EVENTS, MESSAGES = "view", "rule", "forward", "expiry", "past", "messages"
"""Causes of a profile's timers. Timers of one instant fire in the alphabetical order of these words: so a profile that ends
(`expiry`) can still look at its events before they are let go of (`past`)."""
VACANT, ANSWER = "vacant", "answer"
"""Causes of timers at the sequencer: of an identifier that nobody owns any more, and of a receipt."""
UNDER_WAY = 7 * DAY_MS
"""ms for which forwards and vacant identifiers are kept: far longer than any message can be under way."""
WATCHED_FOR = DAY_MS
"""ms for which, after that, an erased identifier is still taken out of whatever profiles are handed."""


class RowTable(Protocol[T]):
    """One table of one task. A row that was got may be changed in place; `put` then marks it as changed."""

    def get(self, key: str) -> T | None: ...

    def put(self, key: str, row: T) -> None: ...

    def delete(self, key: str) -> None: ...


class RareTable(RowTable[T], Protocol[T]):
    """A table in which most deployments have no row at all."""

    def is_empty(self) -> bool:
        """True if there is no row; told without looking for one."""


class Entry(NamedTuple):
    """One event as the timeline keeps it: the message as it came, and what its acceptance added."""

    arrival: int
    event_time: int
    received_at: int
    fragment: str
    identifiers: tuple[str, ...]
    raw: bytes


PORTION = 1 << 20


def portions(entries: Iterable[Entry], most: int) -> Iterator[list[Entry]]:
    """These events in their order, in portions of at most `most`, each small enough for one record: a portion is larger than
    PORTION only if it is one event."""
    portion: list[Entry] = []
    size = 0
    for entry in entries:
        if portion and (len(portion) == most or size + len(entry.raw) > PORTION):
            yield portion
            portion, size = [], 0
        portion.append(entry)
        size += len(entry.raw)
    if portion:
        yield portion


class Timeline(Protocol):
    """The events of profiles, oldest arrival first, bounded in number."""

    def append(self, profile: str, entry: Entry) -> None: ...

    def entries(self, profile: str) -> list[Entry]: ...

    def replace(self, profile: str, entries: list[Entry]) -> None: ...

    def trim(self, profile: str) -> None: ...

    def oldest(self, profile: str) -> int | None:
        """The arrival of its first event."""

    def forget(self, profile: str, before: int) -> list[Entry]:
        """Let go of the events with an earlier arrival than `before`; returns them, oldest first."""


class Timers(Protocol):
    """What is due when: at most one per (profile key, cause)."""

    def arm(self, due: int, cause: str, key: str) -> None:
        """Arm a timer that is not armed now."""

    def disarm(self, due: int, cause: str, key: str) -> None: ...

    def is_armed(self, due: int, cause: str, key: str) -> bool: ...


@dataclass(slots=True)
class Pointer:
    """Who owned an identifier, by event time: `owners` are [from, profile key, epoch], oldest first; empty while nothing was
    decided for it, or only that it was refused. A lone identifier that is its own profile has no pointer.

    seen, chunks: which of its messages came before, see `copies`. is_vacant: its owner was forgotten, and nothing has named
    it since."""

    owners: list[list[Any]] = field(default_factory=list)
    seen: bytes = b""
    chunks: int = 0
    is_vacant: bool = False


DECISION, REASON = range(2)
"""Places in `Node.suppressed`."""


@dataclass(slots=True)
class Node:
    """An identifier in the identity graph: the same intervals as its pointer, and the next free epoch.

    suppressed: [decision, reason], reason None once it was lifted; empty if it never was suppressed, see `suppression`.
    generation: of the newest profile named after it. vacant_until: how long it is remembered while nobody owns it."""

    owners: list[list[Any]] = field(default_factory=list)
    epochs: int = 0
    suppressed: list[Any] = field(default_factory=list)
    generation: int = 0
    vacant_until: int = 0

    @property
    def is_suppressed(self) -> bool:
        """Whether it is on the suppression list now."""
        return bool(self.suppressed) and self.suppressed[REASON] is not None


SIDE = 0
"""Place in a row of `Person.parted`."""


@dataclass(slots=True)
class Person:
    """A profile in the identity graph. identifiers: identifier -> arrival of its attachment; former: what it owned
    once. created: arrival that orders profiles by age. parted: number of a split -> [side, its instant], see
    `resolution.are_parted`. decisions: how many the profile was told as its own, see `expiry` and `Profile.heard`."""

    created: int
    identifiers: dict[str, int] = field(default_factory=dict)
    former: set[str] = field(default_factory=set)
    merges: int = 0
    parted: dict[int, list[int]] = field(default_factory=dict)
    decisions: int = 0


@dataclass(slots=True)
class Barred:
    """What is kept of an erased identifier, under its keyed hash. until: events up to this time never count. is_lifted:
    later ones count again."""

    until: int
    is_lifted: bool = False


@dataclass(slots=True)
class Tables:
    pointers: RowTable[Pointer]
    profiles: RowTable[Profile | Forward]
    nodes: RowTable[Node]
    persons: RowTable[Person]
    chunks: RowTable[bytes]
    counters: RowTable[int]
    timeline: Timeline
    timers: Timers
    receipts: RowTable[Receipt]
    barred: RareTable[Barred]
