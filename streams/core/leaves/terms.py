"""Terms: what a comparison compares. A trait, something inside it, the first of several, a function of
events.

A trait rule, an `aggregate` and a computed trait differ only in the term; so there is one leaf that compares
(`compared`), and computed traits can stand wherever a trait can.
"""
from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from typing import NamedTuple

from streams.core.events import Event
from streams.core.intervals import FOREVER
from streams.core.leaves.leaf import MOST_ENTRIES, Source, digest, states
from streams.core.leaves.rows import merged
from streams.core.profile import Entries, Fragment, Profile
from streams.core.values import Json, descend


class Valued(NamedTuple):
    """A value (None: missing), when time alone may change it, and the event time it rests on, if it is one
    event's."""

    value: Json
    until: int = FOREVER
    event_time: int | None = None


class Past(ABC):
    """The values of a term as they were by event time."""

    marks: list[int]
    """Every instant at which the value may have changed."""

    @abstractmethod
    def at(self, moment: int) -> Json: ...


class Term(ABC):
    """sources: what it folds. traits: the trait names it reads. `past` works only on a term that was built to
    be looked back on (with a `held` duration)."""

    __slots__ = ()
    sources: tuple[Source, ...]
    traits: tuple[str, ...]

    @abstractmethod
    def value(self, profile: Profile, now: int) -> Valued: ...

    @abstractmethod
    def past(self, profile: Profile) -> Past: ...


class Settings(Source):
    """Every setting of a trait that matters for the last `held` ms: those within it and the newest before.

    Entries: [times, arrivals, values], ascending.
    """

    __slots__ = ("held", "id", "most", "names", "trait")
    trait: str
    is_exact = False

    def __init__(self, trait: str, held: int) -> None:
        self.trait, self.held, self.names, self.most = trait, held, None, MOST_ENTRIES
        self.id = digest("Settings", trait, held)

    def fold(self, leaves: dict[str, Entries], event: Event) -> bool:
        if self.trait not in event.traits:
            return False
        return self.note(leaves, event.traits[self.trait], event.event_time, event.arrival, event.received_at)

    def note(self, leaves: dict[str, Entries], value: Json, at: int, arrival: int, received_at: int) -> bool:
        columns = leaves.setdefault(self.id, [[], [], []])
        times, arrivals, values = columns
        place = bisect_right(times, at)
        while place and times[place - 1] == at and arrivals[place - 1] > arrival:
            place -= 1
        if place and times[place - 1] == at and arrivals[place - 1] == arrival:
            return False
        times.insert(place, at)
        arrivals.insert(place, arrival)
        values.insert(place, value)
        settled = bisect_right(times, received_at - self.held) - 1
        dead = max(settled, len(times) - self.most)
        if dead > 0:
            del times[:dead], arrivals[:dead], values[:dead]
        return True


    def recall(self, fragment: Fragment) -> None:
        """The present setting, for a fragment whose timeline no longer has the event that made it."""
        known = fragment.traits.get(self.trait)
        if known is not None:
            self.note(fragment.leaves, known[0], known[1], known[2], known[1])


class SettingsPast(Past):
    def __init__(self, columns: Entries) -> None:
        self.marks, _, self.values = columns

    def at(self, moment: int) -> Json:
        place = bisect_right(self.marks, moment)
        return self.values[place - 1] if place else None


class TraitValue(Term):
    """A trait under its whole name."""

    __slots__ = ("name", "settings", "sources", "traits")

    def __init__(self, name: str, held: int | None) -> None:
        self.name, self.traits = name, (name,)
        self.settings = None if held is None else Settings(name, held)
        self.sources = () if self.settings is None else (self.settings,)

    def value(self, profile: Profile, now: int) -> Valued:
        setting = newest_setting(profile, self.name)
        return Valued(None) if setting is None else Valued(setting[0], FOREVER, setting[1])

    def past(self, profile: Profile) -> Past:
        found = [] if self.settings is None else states(profile, self.settings.id)
        return SettingsPast(merged(found) if found else [[], [], []])


def newest_setting(profile: Profile, name: str) -> list[Json] | None:
    """[value, event time, arrival, source] of the newest setting over all fragments; its value is None if
    that removed the trait. None if it was never set."""
    newest: list[Json] | None = None
    for fragment in profile.fragments.values():
        setting = fragment.traits.get(name)
        if setting is not None and (newest is None or setting[1:3] > newest[1:3]):
            newest = setting
    return newest


class Inside(Term):
    """Where a path leads inside another term's value."""

    __slots__ = ("path", "sources", "term", "traits")

    def __init__(self, term: Term, path: tuple[str, ...]) -> None:
        self.term, self.path = term, path
        self.sources, self.traits = term.sources, term.traits

    def value(self, profile: Profile, now: int) -> Valued:
        found = self.term.value(profile, now)
        return Valued(descend(found.value, self.path), found.until, found.event_time)

    def past(self, profile: Profile) -> Past:
        return InsidePast(self.term.past(profile), self.path)


class InsidePast(Past):
    def __init__(self, past: Past, path: tuple[str, ...]) -> None:
        self.marks, self.whole, self.path = past.marks, past, path

    def at(self, moment: int) -> Json:
        return descend(self.whole.at(moment), self.path)


class FirstOf(Term):
    """The first value that is present."""

    __slots__ = ("sources", "terms", "traits")

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
        return FirstOfPast([term.past(profile) for term in self.terms])


class FirstOfPast(Past):
    def __init__(self, pasts: list[Past]) -> None:
        self.marks, self.pasts = sorted({mark for past in pasts for mark in past.marks}), pasts

    def at(self, moment: int) -> Json:
        return next((value for past in self.pasts if (value := past.at(moment)) is not None), None)
