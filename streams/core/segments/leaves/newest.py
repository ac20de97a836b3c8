"""`last_performed`: what the newest matching event says.

The newest event by (event time, arrival) is all that matters while the conditions do not depend on the clock; a late event
that is older changes nothing. Where `where` is relative to the clock, an older event may become the newest that counts, so
all are kept (`NewestOnClock`)."""
from __future__ import annotations

from streams.core.events import Event
from streams.core.intervals import BEGINNING, FOREVER, NEVER, intersection, next_change
from streams.core.profile import Entries, Profile
from streams.core.segments.comparisons import Regex
from streams.core.segments.leaves.leaf import KEPT, PASSED, TURNED, Evidence, Judgement, Leaf, Source, digest, states
from streams.core.segments.leaves.rows import Rows, active
from streams.core.segments.matching import Matcher, compile_match
from streams.core.segments.rules import EventMatch, LastPerformed, Window


def compile_last_performed(node: LastPerformed, regex: Regex) -> Leaf:
    matcher, verdict = compile_match(node.match, regex), compile_match(EventMatch(where=node.where_last), regex)
    if matcher.span is not None:
        return NewestOnClock(node, matcher, verdict)
    return NewestUntil(node, matcher, verdict) if verdict.span is not None else Newest(node, matcher, verdict)


def _width(node: LastPerformed) -> int:
    return FOREVER if node.within is None else node.within


AT, ARRIVAL, HOLDS = range(3)
"""Places in the entries of `Newest`."""


class Newest(Leaf, Source):
    """Entries: [event time, arrival, whether `where_last` holds] of the newest event."""

    most = 1

    def __init__(self, node: LastPerformed, matcher: Matcher, verdict: Matcher) -> None:
        super().__init__(node, (self,))
        self.match, self.names, self.width = matcher.check, matcher.names, _width(node)
        self.verdict, self.check = verdict, verdict.check

    def fold(self, leaves: dict[str, Entries], event: Event) -> int:
        if self.match is not None and not self.match(event):
            return PASSED
        at, arrival, newest = event.event_time, event.arrival, leaves.get(self.id)
        if newest is None:
            leaves[self.id] = [at, arrival, *self.says(event)]
            return TURNED
        if at < newest[AT] or (at == newest[AT] and arrival < newest[ARRIVAL]):
            return PASSED
        newest[AT], newest[ARRIVAL] = at, arrival
        return self.renew(newest, event)

    def says(self, event: Event) -> tuple[int, ...]:
        """What is kept of the newest event."""
        return (1,) if self.check is None or self.check(event) else (0,)

    def renew(self, newest: Entries, event: Event) -> int:
        """The same, in the place of what was kept of the one before."""
        holds = 1 if self.check is None or self.check(event) else 0
        if newest[HOLDS] == holds and self.width == FOREVER:
            return KEPT
        newest[HOLDS] = holds
        return TURNED

    def judge(self, profile: Profile, now: int) -> Judgement:
        found = states(profile, self.id)
        if not found:
            return False, FOREVER
        at, _, holds = found[0] if len(found) == 1 else max(found)
        if not holds or now >= at + self.width:
            return False, FOREVER
        return True, at + self.width if self.width < FOREVER else FOREVER

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        return tuple(Evidence(event_time=at) for at, *_ in sorted(states(profile, self.id))[-1:])


class NewestUntil(Newest):
    """`where_last` is relative to the clock. Entries: [event time, arrival, from, to]: it holds on [from, to)."""

    def says(self, event: Event) -> tuple[int, ...]:
        return intersection(self.verdict.admits(event) or NEVER, (BEGINNING, event.event_time + self.width))

    def renew(self, newest: Entries, event: Event) -> int:
        newest[HOLDS:] = self.says(event)
        return TURNED

    def judge(self, profile: Profile, now: int) -> Judgement:
        found = states(profile, self.id)
        if not found:
            return False, FOREVER
        _, _, start, end = max(found)
        return start <= now < end, next_change((start, end), now)


class NewestOnClock(Leaf):
    """Among the events whose conditions hold at this instant, the newest; `within` and `where_last` then look
    at that one."""

    def __init__(self, node: LastPerformed, matcher: Matcher, verdict: Matcher) -> None:
        self.width = _width(node)
        self.rows = Rows(digest(node), matcher, Window(), lambda event: list(verdict.admits(event) or NEVER))
        super().__init__(node, (self.rows,))

    def judge(self, profile: Profile, now: int) -> Judgement:
        found = active(self.rows, profile, now)
        if not found.times:
            return False, found.until
        start, end = intersection(tuple(found.values[-1]), (BEGINNING, found.times[-1] + self.width))
        return start <= now < end, min(found.until, next_change((start, end), now))

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        return tuple(Evidence(event_time=at) for at in active(self.rows, profile, now).times[-1:])
