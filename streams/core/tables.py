"""The state of a task, as the stages see it: tables of decoded rows, its timeline and its timers.

Rows are read once per unit of work and written once, however often they were touched; `Table` is the contract,
the unit of work brings the implementation.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

from streams.core.intervals import DAY_MS
from streams.core.profile import Forward, Profile
from streams.core.requests import Receipt

T = TypeVar("T")
VIEW, RULE, FORWARD, EXPIRY, EVENTS, MESSAGES = "view", "rule", "forward", "expiry", "past", "messages"
VACANT, ANSWER = "vacant", "answer"
"""Causes of timers of profiles; of these two: of identifiers and receipts, at the sequencer. At one instant they fire in
the order of these words: the end of a profile asks its events before they go."""
WATCHED_FOR = DAY_MS
"""For how long an erased identifier is taken out of what profiles are handed, once nothing that names it is under way."""
UNDER_WAY = 7 * DAY_MS
"""What forwards and vacant identifiers outlast: far longer than any message can be under way."""


class Table(Protocol[T]):
    """One table of one task. A row that was got may be changed in place; `put` then marks it as changed."""

    def get(self, key: str) -> T | None: ...

    def put(self, key: str, row: T) -> None: ...

    def delete(self, key: str) -> None: ...


class RareTable(Table[T], Protocol[T]):
    """One of which most deployments have no row at all."""

    def is_empty(self) -> bool:
        """Whether no row can be found, told without looking for a certain one."""


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
    """These events one after the other, at most so many together, and bytes for one record: more than PORTION only of one
    that is alone."""
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
        """Let go of the events that arrived before that arrival; gives them, oldest first."""


class Timers(Protocol):
    """What is due when: at most one per (profile key, cause)."""

    def arm(self, due: int, cause: str, key: str) -> None:
        """One that is not armed now."""

    def disarm(self, due: int, cause: str, key: str) -> None: ...

    def is_armed(self, due: int, cause: str, key: str) -> bool: ...


@dataclass(slots=True)
class Pointer:
    """Who owned an identifier, by event time: `owners` are [from, profile key, epoch], oldest first; none while
    nothing was decided for it, or only that it was refused. A lone identifier that is its own profile has no pointer.

    seen, chunks: which of its messages came before, see `copies`. is_vacant: it was somebody's until they were forgotten,
    and nothing named it since."""

    owners: list[list[Any]] = field(default_factory=list)
    seen: bytes = b""
    chunks: int = 0
    is_vacant: bool = False


@dataclass(slots=True)
class Node:
    """An identifier in the identity graph: the same intervals as its pointer, and the next free epoch.

    suppressed: [decision, reason], reason None once it was lifted; empty where it never was, see `suppression`.
    generation: of the newest profile named after it. vacant_until: how long it is remembered while nobody owns it."""

    owners: list[list[Any]] = field(default_factory=list)
    epochs: int = 0
    suppressed: list[Any] = field(default_factory=list)
    generation: int = 0
    vacant_until: int = 0


@dataclass(slots=True)
class Person:
    """A profile in the identity graph. identifiers: identifier -> arrival of its attachment; former: what it owned
    once. created: arrival that orders profiles by age. parted: number of a split -> [side, its instant], see
    `resolution.are_parted`. words: how many decisions the profile was told as its own, see `expiry`."""

    created: int
    identifiers: dict[str, int] = field(default_factory=dict)
    former: set[str] = field(default_factory=set)
    merges: int = 0
    parted: dict[int, list[int]] = field(default_factory=dict)
    words: int = 0


@dataclass(slots=True)
class Barred:
    """Of an identifier that was erased, under its keyed hash. until: events up to this time count nowhere, for ever.
    is_lifted: later ones count again."""

    until: int
    is_lifted: bool = False


@dataclass(slots=True)
class Tables:
    pointers: Table[Pointer]
    profiles: Table[Profile | Forward]
    nodes: Table[Node]
    persons: Table[Person]
    chunks: Table[bytes]
    counters: Table[int]
    timeline: Timeline
    timers: Timers
    receipts: Table[Receipt]
    barred: RareTable[Barred]
