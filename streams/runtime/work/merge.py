"""Brings the input topics of one task into one order, by the time their records state.

A record is handed over only when no older one can still come: every other input has a record waiting, or is known to be
read up to that time. Otherwise, as topics are fetched at different speeds after an outage, an hour of one would be handled,
timers included, before the first record of another. Pure: no clock, no threads; the instant is an argument.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from streams.core.errors import Bug
from streams.core.intervals import BEGINNING, FOREVER
from streams.runtime.work.batches import EndReached, EndsSeen, RecordBatch
from streams.unit import Inbound

SLACK = 250
"""ms by which records of different topics may be handled out of order. Inputs that flow steadily never
come to an end that could be known; this is more than the fetch of one lags behind another's."""
FRESH = 2_000
"""ms for which an input that was read to its end is taken to be so still, without hearing from the broker."""
MARKS = 64
"""Ends remembered per input; under a long lag later ones are skipped."""

Token = TypeVar("Token")


@dataclass(slots=True)
class _Input(Generic[Token]):
    topic: str
    next_offset: int
    """Offset after the last record that came in."""
    read: int
    """The same, or further where transaction markers are known to follow."""
    settled: int
    """Offset to commit: everything before it was handed over."""
    end: int = 0
    """Where the topic ended when it was last asked for."""
    waiting: deque[Inbound] = field(default_factory=deque)
    frontiers: deque[int] = field(default_factory=deque)
    tokens: deque[tuple[int, Token]] = field(default_factory=deque)
    ahead: EndReached | None = None
    """An end that was reached behind a batch that is still on its way through Faust."""
    marks: deque[tuple[int, int]] = field(default_factory=deque)
    """(end, at) of ends not reached yet: once one is, everything that was there at `at` is read."""
    is_at_end: bool = False
    heard_at: int = BEGINNING
    known_until: int = BEGINNING
    """No record still to come is older, as far as can be known."""

    def oldest(self, wall: int) -> int:
        """The oldest instant that a record not yet handed over can have."""
        if self.frontiers:
            return min(self.frontiers)
        is_current = self.is_at_end and wall - self.heard_at <= FRESH
        return wall if is_current else self.known_until

    def next(self, wall: int) -> int:
        """The instant of the record that is first in line, or that a record still to come can have."""
        return self.frontiers[0] if self.frontiers else self.oldest(wall)

    def offer(self, batch: RecordBatch, frontiers: Iterable[int], token: Token) -> None:
        if batch.first != self.next_offset:
            raise Bug(
                f"{self.topic}: a batch begins at offset {batch.first}, expected {self.next_offset}; records were "
                "lost between fetching and handling, so the worker must not go on"
            )
        self.is_at_end = False
        self.waiting.extend(batch.records)
        self.frontiers.extend(frontiers)
        self.tokens.append((batch.next_offset, token))
        self.next_offset = batch.next_offset
        self._advance(batch.next_offset)
        if self.ahead and self.ahead.next_offset == self.next_offset:
            self.reach(self.ahead)

    def reach(self, news: EndReached) -> None:
        if news.next_offset > self.next_offset:
            self.ahead = news
        elif news.next_offset == self.next_offset:
            self.ahead = None
            self._advance(news.end)
            self._note_current(news.at)

    def see(self, end: int, at: int) -> None:
        self.end = max(self.end, end)
        if self.read >= end:
            self._note_current(at)
            return
        self.is_at_end = False
        if len(self.marks) < MARKS:
            self.marks.append((end, at))

    def pop(self, until: int, limit: int) -> list[Inbound]:
        """Records from the front with frontiers up to `until`, at most `limit`."""
        count, newest, frontiers = 0, self.known_until, self.frontiers
        while count < limit and frontiers and frontiers[0] <= until:
            newest = max(newest, frontiers.popleft())
            count += 1
        popleft = self.waiting.popleft
        records = [popleft() for _ in range(count)]
        if records:
            self.known_until = newest
            self.settled = records[-1].offset + 1 if self.waiting else self.read
        return records

    def done(self) -> Iterable[Token]:
        while self.tokens:
            next_offset, token = self.tokens[0]
            if next_offset > self.settled:
                return
            self.tokens.popleft()
            yield token

    def _advance(self, read: int) -> None:
        self.read = max(self.read, read)
        if not self.waiting:
            self.settled = self.read
        while self.marks:
            end, at = self.marks[0]
            if end > self.read:
                return
            self.marks.popleft()
            self.known_until = max(self.known_until, at)

    def _note_current(self, at: int) -> None:
        """It was read to its end at that instant."""
        self.is_at_end = True
        self.heard_at = max(self.heard_at, at)
        self.known_until = max(self.known_until, at)


class Merge(Generic[Token]):
    """The inputs of one task. `Token` is whatever came with a batch and goes back once it is settled."""

    def __init__(self, offsets: Mapping[str, int], frontier: Callable[[Inbound], int]) -> None:
        """`offsets`: where each input topic goes on."""
        self._inputs = {topic: _Input[Token](topic, offset, offset, offset) for topic, offset in offsets.items()}
        self._frontier = frontier

    @property
    def waiting(self) -> int:
        """Records that were offered and not yet taken."""
        return sum(len(each.waiting) for each in self._inputs.values())

    def lag(self) -> dict[str, int]:
        """By topic: records known to be there and not handed over. Approximate when read from another thread."""
        return {topic: max(each.end, each.read) - each.settled for topic, each in self._inputs.items()}

    def offer(self, batch: RecordBatch, token: Token, wall: int) -> None:
        """Takes in a batch that came through Faust. Bug if one before it is missing."""
        frontier = self._frontier
        frontiers = [min(frontier(record), wall) for record in batch.records]
        self._inputs[batch.topic].offer(batch, frontiers, token)

    def tell(self, news: EndReached | EndsSeen) -> None:
        """Takes in what is known of the ends; may overtake batches that are still on their way."""
        match news:
            case EndReached(topic=topic):
                self._inputs[topic].reach(news)
            case EndsSeen(ends=ends, at=at):
                for topic, end in ends.items():
                    self._inputs[topic].see(end, at)

    def take(self, limit: int, wall: int, until: int = FOREVER) -> list[Inbound]:
        """The records that are next, oldest first, at most `limit`, none later than `until`; none while an older one
        may still come."""
        taken: list[Inbound] = []
        inputs = tuple(self._inputs.values())
        while len(taken) < limit:
            active = [each for each in inputs if each.waiting]
            if not active:
                break
            first = min(active, key=lambda each: each.frontiers[0])
            bounds = [each.frontiers[0] for each in active if each is not first]
            bounds += [each.oldest(wall) + SLACK for each in inputs if not each.waiting]
            run = first.pop(min(until, min(bounds, default=wall)), limit - len(taken))
            if not run:
                break
            taken += run
        return taken

    def timers_until(self, wall: int) -> int:
        """The instant up to which timers may fire: no record still to come can be older."""
        return min((each.oldest(wall) for each in self._inputs.values()), default=wall)

    def reached(self, wall: int) -> int:
        """The instant up to which everything was handed over, each input taken in its own order."""
        return min((each.next(wall) for each in self._inputs.values()), default=wall)

    def settle(self) -> tuple[dict[str, int], list[Token]]:
        """What follows from all that was taken so far: offsets to commit, and the batches that are done."""
        return self.offsets(), [token for each in self._inputs.values() for token in each.done()]

    def offsets(self) -> dict[str, int]:
        """The offsets behind everything that was taken, and behind transaction markers that are known to follow."""
        return {topic: each.settled for topic, each in self._inputs.items()}
