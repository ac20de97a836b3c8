"""A term compared with a value: `trait`, `aggregate`, and `trait` with `for`.

`for` looks back along event time: the value at a past moment is what the events up to that moment say, however late they
came in. A late value can split a stretch of time or join two, so no judgement is remembered."""
from __future__ import annotations

from bisect import bisect_left, bisect_right

from streams.core.intervals import FOREVER, next_change
from streams.core.profile import Profile
from streams.core.segments.comparisons import Test
from streams.core.segments.leaves.leaf import Evidence, Hears, Judgement, Leaf
from streams.core.segments.leaves.terms import Past, Term
from streams.core.segments.rules import Aggregate, Trait


class Compared(Leaf):
    """The comparison holds now. is_blind: of a missing value no comparison holds."""

    def __init__(
        self, node: Trait | Aggregate, term: Term, test: Test, meaning: str, *, is_blind: bool = False,
    ) -> None:
        super().__init__(node, term.sources, Hears(traits=term.traits), meaning=meaning)
        self.term, self.test, self.is_blind = term, test, is_blind

    def judge(self, profile: Profile, now: int) -> Judgement:
        found = self.term.value(profile, now)
        if self.is_blind and found.value is None:
            return False, found.until
        if self.test.check is not None:
            return self.test.check(found.value), found.until
        start, end = interval = self.test.interval(found.value)
        return start <= now < end, min(found.until, next_change(interval, now))

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        found = self.term.value(profile, now)
        return () if found.value is None else (Evidence(event_time=found.event_time, value=found.value),)


class Held(Leaf):
    """The comparison has held, unbroken, for at least `width` ms, counted from the profile's first event at the earliest."""

    def __init__(self, node: Trait, term: Term, test: Test, meaning: str, width: int) -> None:
        super().__init__(node, term.sources, Hears(traits=term.traits, birth=True), meaning=meaning)
        self.term, self.test, self.width = term, test, width

    def judge(self, profile: Profile, now: int) -> Judgement:
        past, birth = self.term.past(profile), first_seen(profile)
        ahead = bisect_right(past.marks, now)
        until = past.marks[ahead] if ahead < len(past.marks) else FOREVER
        if birth is None or birth > now:
            return False, until
        until = min(until, next_change(self.test.interval(past.at(now)), now))
        since = self._since(past, birth, now)
        if since is None:
            return False, until
        held = since + self.width
        return (True, until) if held <= now else (False, min(until, held))

    def _since(self, past: Past, birth: int, now: int) -> int | None:
        """Since when the comparison has held without a break, or a moment at least `width` before now; None if it does not
        hold now."""
        end, since, enough = now + 1, None, now - self.width
        while since is None or since > max(birth, enough):
            mark = bisect_left(past.marks, end) - 1
            begin = max(birth, past.marks[mark] if mark >= 0 else birth)
            start, stop = self.test.interval(past.at(end - 1))
            if not start < end <= stop:
                return since
            since = max(begin, start)
            if since > begin:
                return since
            end = since
        return since

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        past, birth = self.term.past(profile), first_seen(profile)
        if birth is None:
            return ()
        return (Evidence(event_time=self._since(past, birth, now), value=past.at(now)),)


def first_seen(profile: Profile) -> int | None:
    """The event time of the profile's first event."""
    return min((fragment.first_seen for fragment in profile.fragments.values()
                if fragment.events or fragment.first_seen), default=None)
