"""`sequence` with a condition relative to the clock: which events are steps changes as time passes.

Nothing can be concluded in advance, so the events stay and are read anew at each judgement: from the newest on, because the
latest completion is seldom far. Rare in practice, and bounded more tightly than other leaves."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from streams.core.events import Event
from streams.core.intervals import BEGINNING, FOREVER, NEVER, Interval, next_change
from streams.core.profile import Entries, Profile
from streams.core.segments.comparisons import Regex
from streams.core.segments.leaves.leaf import Evidence, Judgement, Leaf, digest, states
from streams.core.segments.leaves.rows import ARRIVALS, TIMES, VALUES, Retention, Rows, merged
from streams.core.segments.leaves.steps import NEVER_YET, Steps, When, standing
from streams.core.segments.matching import Matcher, compile_match, compile_names
from streams.core.segments.rules import Sequence, Window

MOST_STEPS = 2_000
FROM, TO = slice(1, None, 3), slice(2, None, 3)
"""Places in the value of a row."""


def compile_sequence(node: Sequence, regex: Regex) -> Leaf:
    moving = any(compile_match(match, regex).span is not None for match in node.watched)
    return StepsOnClock(node, regex) if moving else Steps(node, regex)


class StepsOnClock(Leaf):
    """Entries: rows whose value is [step, from, to, step, from, to, …]; the step after the last one ends the wait."""

    def __init__(self, node: Sequence, regex: Regex) -> None:
        self.tests = [(compile_names(match.names), compile_match(match, regex)) for match in node.watched]
        self.stop = len(node.steps)
        self.node, self.width = node, FOREVER if node.within is None else node.within
        matcher = Matcher(names=node.watched_names, check=None, span=self._hull)
        self.rows = Rows(digest(node), matcher, Window(), self._spans, Retention(most=MOST_STEPS))
        super().__init__(node, (self.rows,))

    def _spans(self, event: Event) -> list[int] | None:
        spans: list[int] = []
        for step, (named, matcher) in enumerate(self.tests):
            interval = matcher.admits(event) if named(event.name) else None
            if interval is not None:
                spans += (step, *interval)
        return spans or None

    def _hull(self, event: Event) -> Interval:
        spans = self._spans(event)
        return (min(spans[FROM]), max(spans[TO])) if spans else NEVER

    def _latest(self, profile: Profile, now: int) -> tuple[When, When, int]:
        """As of `now`: the latest completion, the newest stop, and when an event becomes or ceases to be a step."""
        found = states(profile, self.id)
        if not found:
            return NEVER_YET, NEVER_YET, FOREVER
        columns = merged(found)
        stop = next(_places(columns, self.stop, now), None) if len(self.tests) > self.stop else None
        return _when(columns, self._completion(columns, now)), _when(columns, stop), _until(columns, now)

    def _completion(self, columns: Entries, now: int) -> int | None:
        """Where the latest completion is. Before a last step, the newest event of each step in turn makes the chain that
        begins latest; for an earlier last step, each of these is the same or an earlier event, so all are passed once."""
        times = columns[TIMES]
        *before, last = (_places(columns, step, now) for step in range(self.stop))
        reached = [len(times)] * len(before)
        for done in last:
            place = done
            for step in reversed(range(len(before))):
                while reached[step] >= place:
                    reached[step] = next(before[step], -1)
                place = reached[step]
                if place < 0:
                    return None
            if times[done] - times[place] < self.width:
                return done
        return None

    def judge(self, profile: Profile, now: int) -> Judgement:
        done, stop, until = self._latest(profile, now)
        start, end = interval = standing(self.node, done, stop)
        return start <= now < end, min(until, next_change(interval, now))

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        done, stop, _ = self._latest(profile, now)
        return tuple(Evidence(event_time=at) for at, _ in sorted((done, stop)) if at > BEGINNING)


def _places(columns: Entries, step: int, now: int) -> Iterator[int]:
    """Where events are that step now, the newest first."""
    values = columns[VALUES]
    for place in range(len(values) - 1, -1, -1):
        spans = values[place]
        for at in range(0, len(spans), 3):
            if spans[at] == step and spans[at + 1] <= now < spans[at + 2]:
                yield place


def _when(columns: Entries, place: int | None) -> When:
    return NEVER_YET if place is None else (columns[TIMES][place], columns[ARRIVALS][place])


def _until(columns: Entries, now: int) -> int:
    """When the first of all spans begins or ends."""
    spans = [*chain.from_iterable(columns[VALUES])]
    return min(filter(now.__lt__, spans[FROM] + spans[TO]), default=FOREVER)
