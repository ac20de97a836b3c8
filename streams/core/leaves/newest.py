"""`last_performed`: what the newest matching event says.

The newest event by (event time, arrival) is all that matters as long as its conditions do not depend on the
clock; a late event that is older than it changes nothing. Where `where` is relative to the clock, an older
event may become the newest that counts: then all are kept.
"""
from __future__ import annotations

from streams.core.comparisons import Regex
from streams.core.events import Event
from streams.core.intervals import BEGINNING, FOREVER, intersection, next_change
from streams.core.leaves.leaf import Evidence, Hears, Judgement, Leaf, Source, digest, states
from streams.core.leaves.rows import Rows, active
from streams.core.matching import Matcher, compile_match, compile_verdict
from streams.core.profile import Entries, Profile
from streams.core.rules import LastPerformed, Window
from streams.core.wording import phrase


def compile_last_performed(node: LastPerformed, regex: Regex) -> Leaf:
    matcher = compile_match(node.match, regex)
    return NewestOnClock(node, matcher, regex) if matcher.span is not None else Newest(node, matcher, regex)


class Newest(Leaf, Source):
    """Entries: [event time, arrival, from, to] of the newest event; it decides so on [from, to)."""

    __slots__ = ("hears", "id", "match", "most", "names", "sources", "text", "trait", "verdict", "width")

    def __init__(self, node: LastPerformed, matcher: Matcher, regex: Regex) -> None:
        self.match, self.names, self.trait, self.most = matcher.check, matcher.names, None, 1
        self.width = node.within
        self.verdict = compile_verdict(type(node.match)(where=node.where_last), regex)
        self.id, self.text, self.hears = digest(node), phrase(node), Hears()
        self.sources: tuple[Source, ...] = (self,)

    def fold(self, leaves: dict[str, Entries], event: Event) -> bool:
        if self.match is not None and not self.match(event):
            return False
        at, arrival = event.event_time, event.arrival
        newest = leaves.get(self.id)
        if newest is not None and (at < newest[0] or (at == newest[0] and arrival < newest[1])):
            return False
        holds = self.verdict(event)
        if self.width is not None:
            holds = intersection(holds, (BEGINNING, at + self.width))
        leaves[self.id] = [at, arrival, *holds]
        return True

    def judge(self, profile: Profile, now: int) -> Judgement:
        found = states(profile, self.id)
        if not found:
            return False, FOREVER
        _, _, start, end = found[0] if len(found) == 1 else max(found)
        return start <= now < end, next_change((start, end), now)

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        return tuple(Evidence(event_time=newest[0]) for newest in sorted(states(profile, self.id))[-1:])


class NewestOnClock(Leaf):
    """Among the events whose conditions hold at this instant, the newest; `within` and `where_last` then look
    at that one."""

    __slots__ = ("hears", "id", "rows", "sources", "text", "width")

    def __init__(self, node: LastPerformed, matcher: Matcher, regex: Regex) -> None:
        verdict = compile_verdict(type(node.match)(where=node.where_last), regex)
        self.id, self.text, self.hears = digest(node), phrase(node), Hears()
        self.width = FOREVER if node.within is None else node.within
        self.rows = Rows(self.id, matcher, Window(), lambda event: list(verdict(event)))
        self.sources: tuple[Source, ...] = (self.rows,)

    def judge(self, profile: Profile, now: int) -> Judgement:
        found = active(self.rows, profile, now)
        if not found.times:
            return False, found.until
        start, end = intersection(tuple(found.values[-1]), (BEGINNING, found.times[-1] + self.width))
        return start <= now < end, min(found.until, next_change((start, end), now))

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        return tuple(Evidence(event_time=at) for at in active(self.rows, profile, now).times[-1:])
