"""`sequence` with a condition relative to the clock: which events are steps changes as time passes.

Nothing can be concluded in advance, so the events stay and the chain is read anew at each judgement. Rare in practice, hence
simple rather than fast, and bounded more tightly than other leaves."""
from __future__ import annotations

from streams.core.events import Event
from streams.core.intervals import BEGINNING, FOREVER, NEVER, Interval, next_change
from streams.core.profile import Profile
from streams.core.segments.comparisons import Regex
from streams.core.segments.leaves.leaf import Evidence, Judgement, Leaf, digest, states
from streams.core.segments.leaves.rows import ARRIVALS, TIMES, VALUES, Retention, Rows, merged
from streams.core.segments.leaves.steps import DONE, NEVER_YET, ChainProgress, Steps, When, standing
from streams.core.segments.matching import Matcher, compile_match, compile_names
from streams.core.segments.rules import Sequence, Window
from streams.core.values import Json

MOST_STEPS = 2_000
STEP, FROM, TO = slice(0, None, 3), slice(1, None, 3), slice(2, None, 3)
"""Places in the value of a row."""


def compile_sequence(node: Sequence, regex: Regex) -> Leaf:
    moving = any(compile_match(match, regex).span is not None for match in node.watched)
    return StepsOnClock(node, regex) if moving else Steps(node, regex)


class StepsOnClock(Leaf):
    """Entries: rows whose value is [step, from, to, step, from, to, …]; the step after the last one ends the wait."""

    def __init__(self, node: Sequence, regex: Regex) -> None:
        self.tests = [(compile_names(match.names), compile_match(match, regex)) for match in node.watched]
        self.stop = len(node.steps)
        self.node, self.progress = node, ChainProgress(node)
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
        reached, stop, until = self.progress.none(), NEVER_YET, FOREVER
        found = states(profile, self.id)
        columns = merged(found) if found else [[], [], []]
        for at, arrival, spans in zip(columns[TIMES], columns[ARRIVALS], columns[VALUES], strict=True):
            steps, change = self._steps(spans, now)
            until = min(until, change)
            self.progress.advance(reached, at, arrival, steps & ~(1 << self.stop))
            if steps >> self.stop & 1:
                stop = (at, arrival)
        done_at, done_arrival = reached[DONE]
        return (done_at, done_arrival), stop, until

    def _steps(self, spans: list[Json], now: int) -> tuple[int, int]:
        steps, until = 0, FOREVER
        for step, start, end in zip(spans[STEP], spans[FROM], spans[TO], strict=True):
            if start <= now < end:
                steps |= 1 << step
            until = min(until, next_change((start, end), now))
        return steps, until

    def judge(self, profile: Profile, now: int) -> Judgement:
        done, stop, until = self._latest(profile, now)
        start, end = interval = standing(self.node, done, stop)
        return start <= now < end, min(until, next_change(interval, now))

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        done, stop, _ = self._latest(profile, now)
        return tuple(Evidence(event_time=at) for at, _ in sorted((done, stop)) if at > BEGINNING)
