"""`performed`: how many such events, or distinct values, against a bound.

A count compared with n depends on the newest n+1 event times alone, so no more is kept: a late event finds its place among
them, and no window has to be replayed. Only where a condition is itself relative to the clock do all entries stay
(`CountOnClock`), because then an older event may outlive a newer one."""
from __future__ import annotations

import operator
from abc import abstractmethod
from bisect import bisect_left, insort
from collections.abc import Callable

from streams.core.events import Event
from streams.core.intervals import FOREVER
from streams.core.profile import Entries, Profile
from streams.core.segments.comparisons import Regex
from streams.core.segments.leaves.leaf import KEPT, PASSED, TURNED, Evidence, Judgement, Leaf, Source, digest, states
from streams.core.segments.leaves.rows import Rows, active
from streams.core.segments.matching import Matcher, compile_match, reader
from streams.core.segments.rules import Bound, Path, Performed
from streams.core.values import key_of

HOLDS: dict[Bound, Callable[[int, int], bool]] = {
    Bound.AT_LEAST: operator.ge, Bound.AT_MOST: operator.le, Bound.EXACTLY: operator.eq}
"""Whether a number satisfies a bound, by its kind."""


def compile_performed(node: Performed, regex: Regex) -> Leaf:
    """The cheapest leaf that is exact for this node."""
    matcher = compile_match(node.match, regex)
    if matcher.span is not None:
        return CountOnClock(node, matcher)
    if node.distinct is not None:
        return DistinctCount(node, matcher, node.distinct)
    return CountEver(node, matcher) if node.window.within is None else CountWithin(node, matcher)


class Count(Leaf, Source):
    """What all counts that keep no more than decides have in common."""

    def __init__(self, node: Performed, matcher: Matcher) -> None:
        super().__init__(node, (self,))
        self.match, self.names, self.window = matcher.check, matcher.names, node.window
        self.bound, self.count, self.width = node.bound, node.count, node.window.width
        self.has_ceiling, self.holds = node.bound is not Bound.AT_LEAST, HOLDS[node.bound]
        self.needed = 0 if self.has_ceiling else node.count
        self.most = max(1, node.count + 1 if self.has_ceiling else node.count)


class CountByTime(Count):
    """Judged from the newest times that decide."""

    @abstractmethod
    def times(self, profile: Profile) -> list[int]:
        """The newest event times of all fragments, ascending, at least as many as can decide."""

    def judge(self, profile: Profile, now: int) -> Judgement:
        times = self.times(profile)
        if self.has_ceiling:
            too_many = self._ends(times, self.count + 1, now)
            if too_many > now:
                return False, too_many
            if self.bound is Bound.AT_MOST:
                return True, FOREVER
        end = self._ends(times, self.count, now)
        return (True, end) if end > now else (False, FOREVER)

    def _ends(self, times: list[int], count: int, now: int) -> int:
        """Until when at least `count` of these times are in the window; `now` or earlier if they are not."""
        if count <= 0:
            return FOREVER
        if len(times) < count:
            return now
        return times[-count] + self.width if self.width < FOREVER else FOREVER

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        return tuple(Evidence(event_time=at) for at in self.times(profile) if now < at + self.width)[-5:]


class CountWithin(CountByTime):
    """Entries: the newest event times, ascending."""

    def fold(self, leaves: dict[str, Entries], event: Event) -> int:
        if self.match is not None and not self.match(event):
            return PASSED
        at = event.event_time
        times = leaves.get(self.id)
        if times is None:
            times = leaves[self.id] = [at]
        elif at >= times[-1]:
            times.append(at)
        else:
            insort(times, at)
        if len(times) > self.most:
            del times[0]
        return KEPT if len(times) < self.needed else TURNED

    def times(self, profile: Profile) -> list[int]:
        found = states(profile, self.id)
        return found[0] if len(found) == 1 else sorted(at for times in found for at in times)


NUMBER = 0
"""Place in the entries of `CountEver`."""


class CountEver(Count):
    """Without a sliding window only the number matters. Entries: [number], never above what can decide."""

    def fold(self, leaves: dict[str, Entries], event: Event) -> int:
        counted = leaves.get(self.id)
        if counted is not None and counted[NUMBER] >= self.most:
            return PASSED
        if self.match is not None and not self.match(event):
            return PASSED
        if self.window.excludes(event.event_time):
            return PASSED
        if counted is None:
            counted = leaves[self.id] = [0]
        counted[NUMBER] += 1
        return KEPT if counted[NUMBER] < self.count else TURNED

    def judge(self, profile: Profile, now: int) -> Judgement:
        return self.holds(self._number(profile), self.count), FOREVER

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        number = self._number(profile)
        return (Evidence(value=f"{number} or more" if number >= self.most else number),)

    def _number(self, profile: Profile) -> int:
        return sum(counted[NUMBER] for counted in states(profile, self.id))


class DistinctCount(CountByTime):
    """Distinct values: per value only its newest time matters, and only the newest n+1 of those.

    Entries: [times, keys], ascending by time, each key once."""

    def __init__(self, node: Performed, matcher: Matcher, distinct: Path) -> None:
        super().__init__(node, matcher)
        self.read = reader(distinct)

    def fold(self, leaves: dict[str, Entries], event: Event) -> int:
        if self.match is not None and not self.match(event):
            return PASSED
        value, at = self.read(event), event.event_time
        if value is None or self.window.excludes(at):
            return PASSED
        times, keys = leaves.setdefault(self.id, [[], []])
        key = key_of(value)
        if key in keys:
            place = keys.index(key)
            if times[place] >= at:
                return PASSED
            del times[place], keys[place]
        place = bisect_left(times, at)
        times.insert(place, at)
        keys.insert(place, key)
        if len(times) > self.most:
            del times[0], keys[0]
        return TURNED

    def times(self, profile: Profile) -> list[int]:
        found = states(profile, self.id)
        if len(found) == 1:
            [[alone, _]] = found
            return alone  # type: ignore[no-any-return]
        newest: dict[str, int] = {}
        for times, keys in found:
            for at, key in zip(times, keys, strict=True):
                newest[key] = max(at, newest.get(key, at))
        return sorted(newest.values())


class CountOnClock(Leaf):
    """A condition relative to the clock: each event counts on an interval of its own, so all that can still count stay."""

    def __init__(self, node: Performed, matcher: Matcher) -> None:
        read = None if node.distinct is None else reader(node.distinct)

        def take(event: Event) -> object:
            if read is None:
                return True
            value = read(event)
            return None if value is None else key_of(value)

        self.count, self.holds, self.is_distinct = node.count, HOLDS[node.bound], read is not None
        self.rows = Rows(digest(node), matcher, node.window, take)
        super().__init__(node, (self.rows,))

    def judge(self, profile: Profile, now: int) -> Judgement:
        found = active(self.rows, profile, now)
        number = len(set(found.values)) if self.is_distinct else len(found.values)
        return self.holds(number, self.count), found.until

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        return tuple(Evidence(event_time=at) for at in active(self.rows, profile, now).times)[-5:]
