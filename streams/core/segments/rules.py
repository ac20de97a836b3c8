"""The rule language as a closed set of typed nodes. Durations and instants are milliseconds.

Documents are parsed into these once, at the edge; the engine never sees a dictionary."""
from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from streams.core.intervals import FOREVER
from streams.core.values import Json

Path: TypeAlias = tuple[str, ...]
"""A dotted path, already cut: ("level1", "level2"). For a property, ("context", …) goes into the context.
A trait or property whose own key holds the dots is found first under its full name."""


class Operator(StrEnum):
    """How a value is compared. Instants and durations among the operands are milliseconds."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    MATCHES = "matches"
    EXISTS = "exists"
    INCLUDES = "includes"
    BEFORE = "before"
    AFTER = "after"
    WITHIN_LAST = "within_last"
    WITHIN_NEXT = "within_next"
    OLDER_THAN = "older_than"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`operand` by operator: a scalar, for is/is_not also a tuple where a list is meant; a tuple of scalars for in/not_in;
    a bool for exists; a text (the RE2 pattern) for matches; milliseconds for before/after (instant) and
    within_last/within_next/older_than."""

    operator: Operator
    operand: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    property: Path
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMatch:
    """Which events: any of `names` (each a name or a pattern with `*`); empty means any event. All of `where`."""

    names: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most one of `within` (sliding) and the absolute pair; `start <= t < end` on event time."""

    within: int | None = None
    start: int | None = None
    end: int | None = None

    @property
    def width(self) -> int:
        """`within` in ms, FOREVER where there is none."""
        return FOREVER if self.within is None else self.within

    def excludes(self, event_time: int) -> bool:
        """Whether the absolute pair excludes it, which no passing of time changes."""
        return (self.start is not None and event_time < self.start) or (self.end is not None and event_time >= self.end)


class Bound(StrEnum):
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    EXACTLY = "exactly"


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Everyone:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """`name` is the dotted path cut; its first part may be a computed trait's id."""

    name: Path
    comparison: Comparison
    held_for: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HasIdentifier:
    namespace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    match: EventMatch
    window: Window = Window()
    bound: Bound = Bound.AT_LEAST
    count: int = 1
    distinct: Path | None = None


class Function(StrEnum):
    """What a computed trait or an `aggregate` computes."""

    SUM = "sum"
    AVERAGE = "average"
    MIN = "min"
    MAX = "max"
    FIRST = "first"
    LAST = "last"
    MOST_FREQUENT = "most_frequent"
    COUNT = "count"
    DISTINCT = "distinct"
    DISTINCT_COUNT = "distinct_count"
    FIRST_SEEN = "first_seen"
    LAST_SEEN = "last_seen"
    LIST = "list"
    COALESCE = "coalesce"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    match: EventMatch
    function: Function
    property: Path
    comparison: Comparison
    window: Window = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPerformed:
    match: EventMatch
    where_last: tuple[Condition, ...] = ()
    within: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThenNot:
    match: EventMatch
    wait: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    steps: tuple[EventMatch, ...]
    within: int | None = None
    completed_within: int | None = None
    then_not: ThenNot | None = None

    @property
    def watched(self) -> tuple[EventMatch, ...]:
        """The events it looks at: its steps and, last, what ends the wait."""
        return self.steps if self.then_not is None else (*self.steps, self.then_not.match)

    @property
    def watched_names(self) -> tuple[str, ...]:
        """The names and patterns of all of these; none as soon as one of them means any event."""
        if any(not match.names for match in self.watched):
            return ()
        return tuple(sorted({name for match in self.watched for name in match.names}))


@dataclass(frozen=True, slots=True, kw_only=True)
class InSegment:
    id: str


class ConsentState(StrEnum):
    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    purpose: str
    state: ConsentState = ConsentState.GRANTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Random:
    percent: float
    salt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Normalised identifiers, `namespace:value`; a long list as digests, see `listed`."""

    identifiers: frozenset[str] = frozenset()
    digests: bytes = b""


Predicate: TypeAlias = (
    Trait | HasIdentifier | Performed | Aggregate | LastPerformed | Sequence | Consent | Random | Members
)
"""Nodes that become leaves."""
Rule: TypeAlias = All | AnyOf | Not | Everyone | InSegment | Predicate
