"""A function of events as a term: the events themselves where they must stay, a few numbers where those are
enough.

Events must stay (`Listed`) while they can leave again: in a sliding window, under a condition relative to the
clock, or to look back. Without a window everything ever folded counts, and a handful of numbers that add up
over fragments say the same for any number of events (`totals`).
"""
from __future__ import annotations

from streams.core.comparisons import Regex
from streams.core.leaves.functions import calculation, takes
from streams.core.leaves.leaf import MOST_ENTRIES, digest
from streams.core.leaves.rows import Past as RowsPast
from streams.core.leaves.rows import Rows, active, past
from streams.core.leaves.terms import Past, Term, Valued
from streams.core.leaves.totals import Ends, Extreme, Tallied, Total
from streams.core.matching import compile_match, reader
from streams.core.profile import Profile
from streams.core.rules import EventMatch, Function, Path, Window
from streams.core.values import Json

MOST_LOOKED_BACK = 1_000
"""Entries kept to look back on: every one of them is an instant to look at."""

_NEWEST = frozenset({Function.LAST, Function.LAST_SEEN})


def compile_function(
    function: Function, match: EventMatch, path: Path | None, window: Window, regex: Regex,
    *, limit: int = 100, held: int | None = None,
) -> Term:
    """The smallest memory that is exact for this function, match and window."""
    matcher, read = compile_match(match, regex), None if path is None else reader(path)
    meaning = ("Function", function, match, path, window, limit if function is Function.LIST else 0)
    take = takes(function, read)
    slides = window.within is not None and function not in _NEWEST
    if held is not None or matcher.span is not None or slides or function is Function.LIST:
        is_exact = function is Function.LIST and held is None and matcher.span is None
        most = limit if is_exact else MOST_ENTRIES if held is None else MOST_LOOKED_BACK
        source = digest(*meaning) if held is None else digest(*meaning, held)
        rows = Rows(source, matcher, window, take, past=held or 0, most=most, is_exact=is_exact)
        return Folded(function, rows, limit)
    kind = _TOTALS.get(function, Ends)
    return kind(digest(*meaning), function, matcher, window, take)


_TOTALS: dict[Function, type[Total | Extreme | Tallied | Ends]] = {
    Function.SUM: Total, Function.AVERAGE: Total, Function.COUNT: Total, Function.MIN: Extreme, Function.MAX: Extreme,
    Function.MOST_FREQUENT: Tallied, Function.DISTINCT: Tallied, Function.DISTINCT_COUNT: Tallied,
}


class Folded(Term):
    """Over the events that count now, one by one."""

    __slots__ = ("calculate", "limit", "rows", "sources", "traits")

    def __init__(self, function: Function, rows: Rows, limit: int) -> None:
        self.calculate, self.rows = calculation(function), rows
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
        return FoldedPast(self, past(self.rows, profile))


class FoldedPast(Past):
    def __init__(self, folded: Folded, rows: RowsPast) -> None:
        self.marks, self.folded, self.rows = rows.marks, folded, rows

    def at(self, moment: int) -> Json:
        found = self.rows.at(moment)
        limit = self.folded.limit
        return self.folded.calculate(found.times[-limit:], found.values[-limit:])
