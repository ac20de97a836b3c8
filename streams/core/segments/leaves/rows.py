"""Events kept one by one, as (event time, arrival, value) in ascending order: for rules that fewer numbers cannot decide.

Columns instead of a list of rows, so that sums, windows and merges run in C. Where the match depends on the clock, two more
columns say from when to when the entry counts."""
from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from streams.core.events import Event
from streams.core.intervals import BEGINNING, FOREVER
from streams.core.profile import Entries, Profile
from streams.core.segments.leaves.leaf import MOST_ENTRIES, PASSED, TURNED, Source, place_of, states
from streams.core.segments.matching import Matcher
from streams.core.segments.rules import Window
from streams.core.values import Json

Take: TypeAlias = Callable[[Event], Json]
TIMES, ARRIVALS, VALUES, STARTS, ENDS = range(5)
_SWEEP_EVERY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """past: for how long (ms) an entry is still needed after it stopped counting. most: the newest so many are kept;
    is_exact: no more than those can ever matter."""

    past: int = 0
    most: int = MOST_ENTRIES
    is_exact: bool = False


class Rows(Source):
    """take: what to keep of an event, None to pass it by."""

    def __init__(
        self, source: str, matcher: Matcher, window: Window, take: Take, retention: Retention = Retention(),
    ) -> None:
        self.id, self.match, self.names = source, matcher, matcher.names
        self.window, self.width, self.take, self.is_moving = window, window.width, take, matcher.span is not None
        self.past, self.most, self.is_exact = retention.past, retention.most, retention.is_exact

    def fold(self, leaves: dict[str, Entries], event: Event) -> int:
        interval = self.match.admits(event)
        if interval is None or self.window.excludes(event.event_time):
            return PASSED
        value = self.take(event)
        if value is None:
            return PASSED
        start, stop = interval
        end = min(stop, event.event_time + self.width)
        if end + self.past <= event.received_at or start >= end:
            return PASSED
        columns = leaves.get(self.id)
        if columns is None:
            columns = leaves[self.id] = [[], [], []] + ([[], []] if self.is_moving else [])
        row = (event.event_time, event.arrival, value, start, end)
        place = place_of(columns[TIMES], columns[ARRIVALS], event.event_time, event.arrival)
        for column, cell in zip(columns, row, strict=False):
            column.insert(place, cell)
        self._forget(columns, event.received_at)
        return TURNED

    def _forget(self, columns: Entries, now: int) -> None:
        """Drop the oldest that can never count again, and all but the newest `most`."""
        dead = bisect_right(columns[TIMES], now - self.past - self.width)
        number = len(columns[TIMES])
        if self.is_moving and (number > self.most or number % _SWEEP_EVERY == 0):
            _keep(columns, [at for at, end in enumerate(columns[ENDS]) if end + self.past > now])
            dead = 0
        dead = max(dead, len(columns[TIMES]) - self.most)
        if dead > 0:
            for column in columns:
                del column[:dead]


def _keep(columns: Entries, places: list[int]) -> None:
    for column in columns:
        column[:] = [column[place] for place in places]


class Active(NamedTuple):
    """What counts at an instant, ascending by event time, then arrival. until: when time changes that set."""

    times: list[int]
    values: list[Json]
    until: int


def active(rows: Rows, profile: Profile, now: int) -> Active:
    found = states(profile, rows.id)
    if len(found) > 1:
        found = [columns for columns in found if columns[TIMES] and columns[TIMES][-1] > now - rows.width]
    if not found:
        return Active([], [], FOREVER)
    columns = merged(found)
    if rows.is_moving:
        return _active_moving(columns, now)
    times, _, values = columns
    if rows.width >= FOREVER:
        return Active(times, values, FOREVER)
    gone = bisect_right(times, now - rows.width)
    until = times[gone] + rows.width if gone < len(times) else FOREVER
    return Active(times[gone:], values[gone:], until) if gone else Active(times, values, until)


def merged(found: list[Entries]) -> Entries:
    """The columns of several fragments, at least one, as one."""
    if len(found) == 1:
        return found[0]
    rows = sorted((row for columns in found for row in zip(*columns, strict=True)), key=itemgetter(TIMES, ARRIVALS))
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in found[0]]


def _active_moving(columns: Entries, now: int) -> Active:
    times: list[int] = []
    values: list[Json] = []
    until = FOREVER
    for at, _, value, start, end in zip(*columns, strict=True):
        if start <= now < end:
            times.append(at)
            values.append(value)
            until = min(until, end)
        elif start > now:
            until = min(until, start)
    return Active(times, values, until)


class RowsPast(NamedTuple):
    """All that was kept, to look back. marks: every instant at which the set of what counts changed or will change."""

    columns: Entries
    marks: list[int]

    def at(self, moment: int) -> Active:
        """What counted then, by event time: an event counts from its own time on, however late it came."""
        times: list[int] = []
        values: list[Json] = []
        times_column = self.columns[TIMES]
        for place in range(bisect_right(times_column, moment)):
            if self.columns[STARTS][place] <= moment < self.columns[ENDS][place]:
                times.append(times_column[place])
                values.append(self.columns[VALUES][place])
        return Active(times, values, FOREVER)


def past(rows: Rows, profile: Profile) -> RowsPast:
    found = states(profile, rows.id)
    columns: Entries = merged(found) if found else [[] for _ in range(5 if rows.is_moving else STARTS)]
    if not rows.is_moving:
        ends = [min(at + rows.width, FOREVER) for at in columns[TIMES]]
        columns = [*columns[:STARTS], [BEGINNING] * len(ends), ends]
    marks = {*columns[TIMES], *columns[STARTS], *columns[ENDS]} - {BEGINNING, FOREVER}
    return RowsPast(columns, sorted(marks))
