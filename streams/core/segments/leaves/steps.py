"""`sequence`: steps in order, and whether the latest completion stands.

Reading from the oldest event on, it is enough to remember, per step, when the latest chain that got so far began: a chain
that began later completes whenever one that began earlier does. So an event in order costs a few comparisons. A late event
is put in its place and what follows it is read again, which is why events stay, up to a bound."""
from __future__ import annotations

from bisect import bisect_right
from typing import TypeAlias

from streams.core.events import Event
from streams.core.intervals import BEGINNING, FOREVER, NEVER, Interval, next_change
from streams.core.profile import Entries, Profile
from streams.core.segments.comparisons import Regex
from streams.core.segments.leaves.leaf import (
    KEPT,
    MOST_ENTRIES,
    PASSED,
    TURNED,
    Evidence,
    Judgement,
    Leaf,
    Source,
    place_of,
    states,
)
from streams.core.segments.leaves.rows import merged
from streams.core.segments.matching import compile_match, compile_names
from streams.core.segments.rules import Sequence

TIMES, ARRIVALS, STEPS, BASE, TIP, STOP = range(6)
"""Places in the entries of `Steps`."""
DONE_AT, STARTS, DONE = -2, slice(None, -2), slice(-2, None)
"""Places in the progress of chains: when the latest completed; the starts; [event time, arrival] of the completion."""
When: TypeAlias = tuple[int, int]
"""(event time, arrival)."""
NEVER_YET: When = (BEGINNING, BEGINNING)


class ChainProgress:
    """How far chains got: [latest start that reached step 1, … step k-1, completion's event time, its arrival]."""

    def __init__(self, node: Sequence) -> None:
        self.last = len(node.steps) - 1
        self.width = FOREVER if node.within is None else node.within

    def none(self) -> list[int]:
        return [BEGINNING] * (self.last + 2)

    def advance(self, reached: list[int], at: int, arrival: int, steps: int) -> None:
        """Take the next event; later steps first, because one event is never two steps of a chain."""
        last = self.last
        if steps >> last & 1 and reached[last - 1] > BEGINNING and at - reached[last - 1] < self.width:
            reached[last:] = max(reached[last:], [at, arrival])
        for step in range(last - 1, 0, -1):
            if steps >> step & 1 and reached[step - 1] > reached[step]:
                reached[step] = reached[step - 1]
        if steps & 1 and at > reached[0]:
            reached[0] = at

    def replay(self, base: list[int], columns: Entries) -> list[int]:
        reached = base.copy()
        for at, arrival, steps in zip(*columns[:BASE], strict=True):
            self.advance(reached, at, arrival, steps)
        return reached


def standing(node: Sequence, done: When, stop: When) -> Interval:
    """On which interval a completion counts, given the newest event that would end the wait."""
    done_at, _ = done
    if done_at == BEGINNING or (node.then_not is not None and stop > done):
        return NEVER
    start = BEGINNING if node.then_not is None else done_at + node.then_not.wait
    end = FOREVER if node.completed_within is None else done_at + node.completed_within
    return (start, end) if start < end else NEVER


class Steps(Leaf, Source):
    """Entries: [times, arrivals, steps (a bit each), base, tip, stop]. base is the progress before the first
    of the rows, tip after the last; stop is [event time, arrival] of the newest event that ends the wait."""

    is_exact = False
    most = MOST_ENTRIES

    def __init__(self, node: Sequence, regex: Regex) -> None:
        super().__init__(node, (self,))
        tests = [(compile_names(match.names), compile_match(match, regex).check) for match in node.watched]
        self.names = node.watched_names
        self.steps = tuple((1 << step, *test) for step, test in enumerate(tests[:len(node.steps)]))
        self.stops = None if node.then_not is None else tests[-1]
        self.node, self.progress = node, ChainProgress(node)
        self.past = None if node.completed_within is None else node.completed_within + self.progress.width

    def fold(self, leaves: dict[str, Entries], event: Event) -> int:
        steps, name = 0, event.name
        for bit, named, check in self.steps:
            if named(name) and (check is None or check(event)):
                steps |= bit
        is_stop = False
        if self.stops is not None:
            named, check = self.stops
            is_stop = named(name) and (check is None or check(event))
        if not steps and not is_stop:
            return PASSED
        entries = leaves.get(self.id)
        if entries is None:
            entries = leaves[self.id] = [[], [], [], self.progress.none(), self.progress.none(), [BEGINNING] * 2]
        if is_stop and [event.event_time, event.arrival] > entries[STOP]:
            entries[STOP] = [event.event_time, event.arrival]
        if steps:
            self._insert(entries, event, steps)
            self._forget(entries, event.received_at)
        return TURNED if entries[TIP][DONE_AT] > BEGINNING else KEPT

    def _insert(self, entries: Entries, event: Event, steps: int) -> None:
        times, arrivals, marks = entries[TIMES], entries[ARRIVALS], entries[STEPS]
        at, arrival = event.event_time, event.arrival
        if not times or (times[-1], arrivals[-1]) < (at, arrival):
            times.append(at)
            arrivals.append(arrival)
            marks.append(steps)
            self.progress.advance(entries[TIP], at, arrival, steps)
            return
        place = place_of(times, arrivals, at, arrival)
        times.insert(place, at)
        arrivals.insert(place, arrival)
        marks.insert(place, steps)
        entries[TIP] = self.progress.replay(entries[BASE], entries)

    def _forget(self, entries: Entries, now: int) -> None:
        """Drop the events that can be in no completion which is later than the present one and still young enough."""
        times, done = entries[TIMES], entries[TIP][DONE_AT]
        dead = len(times) - self.most
        if self.progress.width < FOREVER:
            dead = max(dead, bisect_right(times, self._since(done, now)))
        elif done > BEGINNING:
            dead = max(dead, bisect_right(times, done))
        if dead > 0:
            oldest = [column[:dead] for column in entries[:BASE]]
            entries[BASE] = self.progress.replay(entries[BASE], oldest)
            for column in entries[:BASE]:
                del column[:dead]

    def _since(self, done: int, now: int) -> int:
        """Events up to this time can be in no completion that is later than `done` and still young enough."""
        if self.progress.width == FOREVER:
            return done - 1 if done > BEGINNING else BEGINNING
        since = done - self.progress.width
        return since if self.past is None else max(since, now - self.past)

    def _latest(self, profile: Profile, now: int) -> tuple[When, When]:
        """The latest completion and the newest stop over all fragments."""
        found = states(profile, self.id)
        if not found:
            return NEVER_YET, NEVER_YET
        stop_at, stop_arrival = max(entries[STOP] for entries in found)
        done_at, done_arrival = found[0][TIP][DONE] if len(found) == 1 else self._together(found, now)
        return (done_at, done_arrival), (stop_at, stop_arrival)

    def _together(self, found: list[Entries], now: int) -> list[int]:
        """Chains may run over several fragments: what can still matter is read in one order."""
        done: list[int] = max(entries[TIP][DONE] for entries in found)
        done_at, _ = done
        since = self._since(done_at, now)
        live = [entries for entries in found if entries[TIMES] and entries[TIMES][-1] > since]
        if not live or (len(live) == 1 and self.progress.width < FOREVER):
            return done
        starts = [max(starts) for starts in zip(*(entries[BASE][STARTS] for entries in found), strict=True)]
        return self.progress.replay(starts + done, merged([_after(entries, since) for entries in live]))[DONE]

    def judge(self, profile: Profile, now: int) -> Judgement:
        start, end = interval = standing(self.node, *self._latest(profile, now))
        return start <= now < end, next_change(interval, now)

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        done, stop = self._latest(profile, now)
        return tuple(Evidence(event_time=at) for at, _ in sorted((done, stop)) if at > BEGINNING)


def _after(entries: Entries, since: int) -> Entries:
    gone = bisect_right(entries[TIMES], since)
    return [column[gone:] for column in entries[:BASE]]
