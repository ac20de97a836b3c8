"""Terms: what a comparison compares. A trait, something inside it, the first of several, a function of events.

A trait rule, an `aggregate` and a computed trait differ only in the term, so there is one leaf that compares (`compared`),
and computed traits can stand wherever a trait can."""
from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from streams.core.events import Event
from streams.core.intervals import FOREVER
from streams.core.precedence import Order, in_force, kind_of, origin, rank, statements, strongest
from streams.core.profile import EVENT_TIME, VALUE, Entries, Fragment, Profile, Statement
from streams.core.segments.leaves.leaf import MOST_ENTRIES, PASSED, TURNED, Source, digest, place_of, states
from streams.core.segments.leaves.rows import merged
from streams.core.values import Json, descend


class Valued(NamedTuple):
    """A value (None: missing), when time alone may change it, and the event time it rests on, if it is one event's."""

    value: Json
    until: int = FOREVER
    event_time: int | None = None


class Past(NamedTuple):
    """The values of a term by event time. marks: every instant at which the value may have changed. at: the value at an
    instant."""

    marks: list[int]
    at: Callable[[int], Json]


class Term(ABC):
    """sources: what it folds. traits: the trait names it reads. `past` works only on a term that was built with a `held`
    duration, to be looked back on."""

    sources: tuple[Source, ...]
    traits: tuple[str, ...]

    @abstractmethod
    def value(self, profile: Profile, now: int) -> Valued: ...

    @abstractmethod
    def past(self, profile: Profile) -> Past: ...


class TraitHistory(Source):
    """The statements about a trait that matter for the last `held` ms: those made in it, and the newest before it of each
    type of source. Entries: [times, arrivals, values, types of source], ascending."""

    trait: str
    is_exact = False

    def __init__(self, trait: str, held: int) -> None:
        self.trait, self.held, self.names, self.most = trait, held, None, MOST_ENTRIES
        self.id = digest("Settings", trait, held, "by type of source")

    def fold(self, leaves: dict[str, Entries], event: Event) -> int:
        if self.trait not in event.traits:
            return PASSED
        statement = [event.traits[self.trait], event.event_time, event.arrival, *origin(event)]
        return self.note(leaves, statement, event.received_at)

    def note(self, leaves: dict[str, Entries], statement: Statement, received_at: int) -> int:
        columns = leaves.setdefault(self.id, [[], [], [], []])
        times, arrivals, _, _ = columns
        value, at, arrival, *_ = statement
        place = place_of(times, arrivals, at, arrival)
        if place and times[place - 1] == at and arrivals[place - 1] == arrival:
            return PASSED
        for column, entry in zip(columns, (at, arrival, value, kind_of(statement)), strict=True):
            column.insert(place, entry)
        self._forget(columns, received_at)
        return TURNED

    def _forget(self, columns: Entries, received_at: int) -> None:
        """Drop what the same type of source replaced before the last `held` ms, and what is too much."""
        times, _, _, kinds = columns
        settled = bisect_right(times, received_at - self.held)
        last = {kinds[place]: place for place in range(settled)}
        dead = {place for place in range(settled) if last[kinds[place]] != place}
        if dead:
            for column in columns:
                column[:settled] = [entry for place, entry in enumerate(column[:settled]) if place not in dead]
        if len(kinds) > self.most:
            for column in columns:
                del column[:-self.most]

    def recall(self, fragment: Fragment) -> None:
        """Note what is known of the trait, for a fragment whose timeline no longer has the events that said it."""
        for statement in statements(fragment, self.trait):
            self.note(fragment.leaves, statement, statement[EVENT_TIME])


def _in_turn(columns: Entries, order: Order) -> list[Json]:
    """The value in force after each statement."""
    newest: dict[int, Statement] = {}
    values = []
    for at, arrival, value, kind in zip(*columns, strict=True):
        newest[rank(order, kind)] = [value, at, arrival]
        statement = strongest(newest)
        values.append(None if statement is None else statement[VALUE])
    return values


class TraitValue(Term):
    """A trait under its whole name; `order` says which sources are believed."""

    def __init__(self, name: str, held: int | None, order: Order) -> None:
        self.name, self.order, self.traits = name, order, (name,)
        self.settings = None if held is None else TraitHistory(name, held)
        self.sources = () if self.settings is None else (self.settings,)

    def value(self, profile: Profile, now: int) -> Valued:
        statement = in_force(profile, self.name, self.order)
        return Valued(None) if statement is None else Valued(statement[VALUE], FOREVER, statement[EVENT_TIME])

    def past(self, profile: Profile) -> Past:
        found = [] if self.settings is None else states(profile, self.settings.id)
        columns = merged(found) if found else [[], [], [], []]
        times, _, stated, _ = columns
        values = _in_turn(columns, self.order) if self.order else stated

        def at(moment: int) -> Json:
            place = bisect_right(times, moment)
            return values[place - 1] if place else None

        return Past(times, at)


class Inside(Term):
    """Where a path leads inside another term's value."""

    def __init__(self, term: Term, path: tuple[str, ...]) -> None:
        self.term, self.path = term, path
        self.sources, self.traits = term.sources, term.traits

    def value(self, profile: Profile, now: int) -> Valued:
        found = self.term.value(profile, now)
        return Valued(descend(found.value, self.path), found.until, found.event_time)

    def past(self, profile: Profile) -> Past:
        whole = self.term.past(profile)
        return Past(whole.marks, lambda moment: descend(whole.at(moment), self.path))


class FirstOf(Term):
    """The first value that is present."""

    def __init__(self, terms: tuple[Term, ...]) -> None:
        self.terms = terms
        self.sources = tuple(source for term in terms for source in term.sources)
        self.traits = tuple(trait for term in terms for trait in term.traits)

    def value(self, profile: Profile, now: int) -> Valued:
        until = FOREVER
        for term in self.terms:
            found = term.value(profile, now)
            until = min(until, found.until)
            if found.value is not None:
                return Valued(found.value, until, found.event_time)
        return Valued(None, until)

    def past(self, profile: Profile) -> Past:
        pasts = [term.past(profile) for term in self.terms]

        def at(moment: int) -> Json:
            return next((value for past in pasts if (value := past.at(moment)) is not None), None)

        return Past(sorted({mark for past in pasts for mark in past.marks}), at)
