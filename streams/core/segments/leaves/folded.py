"""A function of events as a term, over the events themselves or over a few numbers that stand for them.

Events must stay (`Rows`) where they can stop counting again: in a sliding window, under a condition relative to the
clock, or to look back. Otherwise everything ever folded counts, and a few numbers that add up over fragments are enough
(`totals`)."""
from __future__ import annotations

from dataclasses import dataclass

from streams.core.profile import Profile
from streams.core.segments.comparisons import Regex
from streams.core.segments.leaves.functions import CALCULATIONS, takes
from streams.core.segments.leaves.leaf import MOST_ENTRIES, digest
from streams.core.segments.leaves.rows import Retention, Rows, active, past
from streams.core.segments.leaves.terms import Past, Term, Valued
from streams.core.segments.leaves.totals import Ends, Extreme, Tallied, Total
from streams.core.segments.matching import compile_match, reader
from streams.core.segments.rules import EventMatch, Function, Path, Window
from streams.core.values import Json

MOST_LOOKED_BACK = 1_000
"""Entries kept to look back on: every one of them is an instant to look at."""

_NEWEST = frozenset({Function.LAST, Function.LAST_SEEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function of events. held: for how long back (ms) its value must be known, None for now only."""

    function: Function
    match: EventMatch
    path: Path | None
    window: Window
    limit: int = 100
    held: int | None = None

    @property
    def source(self) -> str:
        """The id of what it keeps: calls that keep the same share it."""
        limit = self.limit if self.function is Function.LIST else 0
        meaning = ("Function", self.function, self.match, self.path, self.window, limit)
        return digest(*meaning) if self.held is None else digest(*meaning, self.held)

    def compile(self, regex: Regex) -> Term:
        """As the term that keeps least and is exact for this function, match and window."""
        matcher, read = compile_match(self.match, regex), None if self.path is None else reader(self.path)
        take = takes(self.function, read)
        slides = self.window.within is not None and self.function not in _NEWEST
        if self.held is not None or matcher.span is not None or slides or self.function is Function.LIST:
            rows = Rows(self.source, matcher, self.window, take, self._retention(is_moving=matcher.span is not None))
            return Folded(self.function, rows, self.limit)
        return _TOTALS.get(self.function, Ends)(self.source, self.function, matcher, self.window, take)

    def _retention(self, *, is_moving: bool) -> Retention:
        if self.held is not None:
            return Retention(past=self.held, most=MOST_LOOKED_BACK)
        if self.function is Function.LIST and not is_moving:
            return Retention(most=self.limit, is_exact=True)
        return Retention()


_TOTALS: dict[Function, type[Total | Extreme | Tallied | Ends]] = {
    Function.SUM: Total, Function.AVERAGE: Total, Function.COUNT: Total, Function.MIN: Extreme, Function.MAX: Extreme,
    Function.MOST_FREQUENT: Tallied, Function.DISTINCT: Tallied, Function.DISTINCT_COUNT: Tallied,
}


class Folded(Term):
    """Over the events that count now, one by one."""

    def __init__(self, function: Function, rows: Rows, limit: int) -> None:
        self.calculate, self.rows = CALCULATIONS[function], rows
        self.limit = limit if function is Function.LIST else MOST_ENTRIES
        self.sources, self.traits = (rows,), ()

    def value(self, profile: Profile, now: int) -> Valued:
        found = active(self.rows, profile, now)
        times, values = found.times, found.values
        if len(times) > self.limit:
            times, values = times[-self.limit:], values[-self.limit:]
        at = times[-1] if times else None
        return Valued(self.calculate(times, values), found.until, at)

    def past(self, profile: Profile) -> Past:
        rows = past(self.rows, profile)

        def at(moment: int) -> Json:
            found = rows.at(moment)
            return self.calculate(found.times[-self.limit:], found.values[-self.limit:])

        return Past(rows.marks, at)
