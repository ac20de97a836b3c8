"""Functions of all events ever folded, kept as a few numbers per fragment that add up over fragments.

Exact in any order of events: whole numbers stay whole, floats are kept as Shewchuk's partials (the method of `math.fsum`),
and which event is first or newest is settled by (event time, arrival)."""
from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
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

    most = 1

    def __init__(self, source: str, function: Function, matcher: Matcher, window: Window, take: Take) -> None:
        self.id, self.function, self.match, self.window, self.take = source, function, matcher.check, window, take
        self.names, self.traits, self.sources = matcher.names, (), (self,)

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

    def empty(self) -> Entries:
        """The entries before the first event."""
        return []

    @abstractmethod
    def add(self, entries: Entries, value: Json, event: Event) -> int: ...

    def past(self, profile: Profile) -> Past:
        raise Bug("a total keeps nothing to look back on; compile its call with `held`")


NUMBER, WHOLE, CARRIED = range(3)
"""Places in the entries of `Total`; CARRIED only where the whole part ever left 64 bits."""


class Total(Accumulator):
    """`sum`, `average`, `count`. Entries: [number of values, whole part, partials…]; floats make partials. Before these
    stands an integer if the whole part ever left 64 bits: so many times WIDEST belong to it."""

    most = 43

    def empty(self) -> Entries:
        return [0, 0]

    def add(self, entries: Entries, value: Json, event: Event) -> int:
        entries[NUMBER] += 1
        if type(value) is int:
            entries[WHOLE] += value
            if not -WIDEST < entries[WHOLE] < WIDEST:
                carried, entries[WHOLE] = divmod(entries[WHOLE], WIDEST)
                entries[CARRIED:_floats(entries)] = [_carried(entries) + carried]
        elif value is not True:
            floats = _floats(entries)
            entries[floats:] = _grown(entries[floats:], value)
        return TURNED

    def value(self, profile: Profile, now: int) -> Valued:
        found = states(profile, self.id)
        number = sum(entries[NUMBER] for entries in found)
        if self.function is Function.COUNT:
            return Valued(number)
        if not number:
            return Valued(None)
        whole = sum(entries[WHOLE] + _carried(entries) * WIDEST for entries in found)
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
    return CARRIED + 1 if len(entries) > CARRIED and type(entries[CARRIED]) is int else CARRIED


def _carried(entries: Entries) -> int:
    return entries[CARRIED] if _floats(entries) > CARRIED else 0


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

    @property
    def best(self) -> Callable[[Iterable[Number]], Number]:
        return min if self.function is Function.MIN else max

    def add(self, entries: Entries, value: Json, event: Event) -> int:
        if entries:
            [known] = entries
            value = self.best((known, value))
            if value == known:
                return PASSED
        entries[:] = [value]
        return TURNED

    def value(self, profile: Profile, now: int) -> Valued:
        found = [best for [best] in states(profile, self.id)]
        return Valued(self.best(found) if found else None)


def _when(entries: Entries) -> Entries:
    """[event time, arrival] of what `Ends` keeps."""
    *when, _ = entries
    return when


class Ends(Accumulator):
    """`first`, `last`, `first_seen`, `last_seen`. Entries: [event time, arrival, value] of that one event. In
    a sliding window only the newest can be said so: it is the last to leave."""

    @property
    def is_first(self) -> bool:
        return self.function in (Function.FIRST, Function.FIRST_SEEN)

    def add(self, entries: Entries, value: Json, event: Event) -> int:
        when = [event.event_time, event.arrival]
        if entries and (_when(entries) <= when) is self.is_first:
            return PASSED
        entries[:] = [*when, value]
        return TURNED

    def value(self, profile: Profile, now: int) -> Valued:
        found = states(profile, self.id)
        if not found:
            return Valued(None)
        at, _, value = (min if self.is_first else max)(found, key=_when)
        if self.function in (Function.FIRST_SEEN, Function.LAST_SEEN):
            value = iso(at)
        if self.window.within is None:
            return Valued(value, FOREVER, at)
        end = at + self.window.within
        return Valued(value, end, at) if now < end else Valued(None)


class Tallied(Accumulator):
    """`most_frequent`, `distinct`, `distinct_count`. Entries: [{key: [number, event time, arrival, value]}],
    the value as it was sent last; beyond the bound new values are no longer noticed."""

    most = MOST_ENTRIES
    is_exact = False

    def empty(self) -> Entries:
        return [{}]

    def add(self, entries: Entries, value: Json, event: Event) -> int:
        [counted], key = entries, key_of(value)
        known = counted.get(key)
        if known is None:
            if len(counted) >= MOST_ENTRIES:
                return PASSED
            counted[key] = [1, event.event_time, event.arrival, value]
            return TURNED
        number, *last = known
        *when, _ = last
        if when < [event.event_time, event.arrival]:
            last = [event.event_time, event.arrival, value]
        known[:] = [number + 1, *last]
        return TURNED

    def value(self, profile: Profile, now: int) -> Valued:
        counted = _united([counted for [counted] in states(profile, self.id)])
        if self.function is Function.DISTINCT_COUNT:
            return Valued(len(counted))
        if not counted:
            return Valued(None)
        if self.function is Function.DISTINCT:
            return Valued(in_order([value for *_, value in counted.values()]))
        return Valued(most_frequent([(number, value) for number, _, _, value in counted.values()]))


def _united(found: list[dict[str, list[Json]]]) -> dict[str, list[Json]]:
    if len(found) == 1:
        return found[0]
    united: dict[str, list[Json]] = {}
    for counted in found:
        for key, known in counted.items():
            united[key] = _added(known, united[key]) if key in united else known
    return united


def _added(one: list[Json], other: list[Json]) -> list[Json]:
    """How often both together, and what was sent last."""
    (number, *last), (other_number, *other_last) = one, other
    return [number + other_number, *max(last, other_last, key=_when)]
