"""Functions over everything ever folded, in a few numbers per fragment that add up over fragments.

Exact in any order of events: whole numbers are whole, floats are kept as Shewchuk's partials (the method of
`math.fsum`), and what is first or newest is settled by (event time, arrival).
"""
from __future__ import annotations

from abc import abstractmethod
from math import fsum

from streams.core.errors import Bug
from streams.core.events import Event
from streams.core.intervals import FOREVER
from streams.core.profile import Entries, Profile
from streams.core.segments.leaves.functions import WIDEST, Take, in_order, most_frequent, narrowed, rounded
from streams.core.segments.leaves.leaf import MOST_ENTRIES, PASSED, TURNED, Source, states
from streams.core.segments.leaves.terms import Past, Term, Valued
from streams.core.segments.matching import Matcher
from streams.core.segments.rules import Function, Window
from streams.core.values import Json, Number, iso, key_of


class Accumulator(Term, Source):
    """What all of these share. None of them can look back (see `folded`)."""

    __slots__ = ("function", "id", "match", "most", "names", "sources", "take", "trait", "traits", "window")
    kept = 1

    def __init__(self, source: str, function: Function, matcher: Matcher, window: Window, take: Take) -> None:
        self.id, self.function, self.match, self.window, self.take = source, function, matcher.check, window, take
        self.names, self.trait, self.traits, self.most = matcher.names, None, (), self.kept
        self.sources: tuple[Source, ...] = (self,)

    def fold(self, leaves: dict[str, Entries], event: Event) -> int:
        if self.match is not None and not self.match(event):
            return PASSED
        if self.window.excludes(event.event_time):
            return PASSED
        value = self.take(event)
        if value is None:
            return PASSED
        entries = leaves.get(self.id)
        if entries is None:
            entries = leaves[self.id] = self.empty()
        return self.add(entries, value, event)

    @abstractmethod
    def empty(self) -> Entries: ...

    @abstractmethod
    def add(self, entries: Entries, value: Json, event: Event) -> int: ...

    def past(self, profile: Profile) -> Past:
        raise Bug("a total keeps nothing to look back on; compile its call with `held`")


class Total(Accumulator):
    """`sum`, `average`, `count`. Entries: [number of values, whole part, partials…]; floats make partials. Before these
    stands an integer if the whole part ever left 64 bits: so many times WIDEST belong to it."""

    __slots__ = ()
    kept = 43

    def empty(self) -> Entries:
        return [0, 0]

    def add(self, entries: Entries, value: Json, event: Event) -> int:
        entries[0] += 1
        if type(value) is int:
            entries[1] += value
            if not -WIDEST < entries[1] < WIDEST:
                carried, entries[1] = divmod(entries[1], WIDEST)
                entries[2:_floats(entries)] = [_carried(entries) + carried]
        elif value is not True:
            floats = _floats(entries)
            entries[floats:] = _grown(entries[floats:], value)
        return TURNED

    def value(self, profile: Profile, now: int) -> Valued:
        found = states(profile, self.id)
        number = sum(entries[0] for entries in found)
        if self.function is Function.COUNT:
            return Valued(number)
        if not number:
            return Valued(None)
        whole = sum(entries[1] + _carried(entries) * WIDEST for entries in found)
        partials = [part for entries in found for part in entries[_floats(entries):]]
        return Valued(self._of(number, whole, partials))

    def _of(self, number: int, whole: int, partials: list[float]) -> Number:
        if not partials:
            return narrowed(whole) if self.function is Function.SUM else whole / number
        added = fsum([float(whole), float(whole - int(float(whole))), *partials])
        if self.function is Function.SUM:
            return added if number == 1 else rounded(added)
        return rounded(added / number)


def _floats(entries: Entries) -> int:
    """Where the partials begin."""
    return 3 if len(entries) > 2 and type(entries[2]) is int else 2


def _carried(entries: Entries) -> int:
    return entries[2] if _floats(entries) == 3 else 0


def _grown(partials: list[float], value: float) -> list[float]:
    """Shewchuk's expansion with one more value: its sum is exact."""
    grown: list[float] = []
    for partial in partials:
        larger, smaller = (value, partial) if abs(value) >= abs(partial) else (partial, value)
        value = larger + smaller
        rest = smaller - (value - larger)
        if rest:
            grown.append(rest)
    return [*grown, value]


class Extreme(Accumulator):
    """`min`, `max`. Entries: [value]."""

    __slots__ = ()

    def empty(self) -> Entries:
        return []

    def add(self, entries: Entries, value: Json, event: Event) -> int:
        best = value if not entries else self._better(entries[0], value)
        if entries and best == entries[0]:
            return PASSED
        entries[:] = [best]
        return TURNED

    def _better(self, one: Number, other: Number) -> Number:
        return min(one, other) if self.function is Function.MIN else max(one, other)

    def value(self, profile: Profile, now: int) -> Valued:
        found = [entries[0] for entries in states(profile, self.id)]
        if not found:
            return Valued(None)
        return Valued(min(found) if self.function is Function.MIN else max(found))


class Ends(Accumulator):
    """`first`, `last`, `first_seen`, `last_seen`. Entries: [event time, arrival, value] of that one event. In
    a sliding window only the newest can be said so: it is the last to leave."""

    __slots__ = ()

    def empty(self) -> Entries:
        return []

    @property
    def is_first(self) -> bool:
        return self.function in (Function.FIRST, Function.FIRST_SEEN)

    def add(self, entries: Entries, value: Json, event: Event) -> int:
        at = [event.event_time, event.arrival]
        if entries and (entries[:2] <= at) is self.is_first:
            return PASSED
        entries[:] = [*at, value]
        return TURNED

    def value(self, profile: Profile, now: int) -> Valued:
        found = states(profile, self.id)
        if not found:
            return Valued(None)
        at, _, value = (min if self.is_first else max)(found, key=lambda entries: entries[:2])
        if self.function in (Function.FIRST_SEEN, Function.LAST_SEEN):
            value = iso(at)
        if self.window.within is None:
            return Valued(value, FOREVER, at)
        end = at + self.window.within
        return Valued(value, end, at) if now < end else Valued(None)


class Tallied(Accumulator):
    """`most_frequent`, `distinct`, `distinct_count`. Entries: [{key: [number, event time, arrival, value]}],
    the value as it was sent last; beyond the bound new values are no longer noticed."""

    __slots__ = ()
    kept = MOST_ENTRIES
    is_exact = False

    def empty(self) -> Entries:
        return [{}]

    def add(self, entries: Entries, value: Json, event: Event) -> int:
        counted, key = entries[0], key_of(value)
        known = counted.get(key)
        if known is None:
            if len(counted) >= MOST_ENTRIES:
                return PASSED
            counted[key] = [1, event.event_time, event.arrival, value]
            return TURNED
        known[0] += 1
        if known[1:3] < [event.event_time, event.arrival]:
            known[1:] = [event.event_time, event.arrival, value]
        return TURNED

    def value(self, profile: Profile, now: int) -> Valued:
        counted = _united([entries[0] for entries in states(profile, self.id)])
        if self.function is Function.DISTINCT_COUNT:
            return Valued(len(counted))
        if not counted:
            return Valued(None)
        if self.function is Function.DISTINCT:
            return Valued(in_order([known[3] for known in counted.values()]))
        return Valued(most_frequent([(known[0], known[3]) for known in counted.values()]))


def _united(found: list[dict[str, list[Json]]]) -> dict[str, list[Json]]:
    if len(found) == 1:
        return found[0]
    united: dict[str, list[Json]] = {}
    for counted in found:
        for key, known in counted.items():
            other = united.get(key)
            if other is None:
                united[key] = known
            else:
                united[key] = [known[0] + other[0], *max(known, other, key=lambda entry: entry[1:3])[1:]]
    return united
