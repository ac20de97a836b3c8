"""The simulated shop: a stream of messages as a real one sends them, the same for the same seed.

Driven by slots, not by clocks: message k of n is received at start + k/n of the duration. So a run has exactly as many
messages as asked for, at an even rate, and only the visits under way and the people seen are in memory.
"""
from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from heapq import heappop, heappush

import orjson

from streams.demo import visits
from streams.demo.acts import Act
from streams.demo.broken import broken
from streams.demo.facts import Label, Sent
from streams.demo.people import Population
from streams.demo.writing import iso, write

BROKEN_SHARE = 0.015
COPIED_SHARE = 0.02
LONGEST_WAIT_OF_A_COPY = 400
EVENTS_A_PERSON = 14
STEP_MS = 1_200
"""How long people take from one act to the next, about: sets how many visits run side by side."""


def generate(events: int, seed: int, start_ms: int, duration_ms: int) -> Iterator[Sent]:
    """`events` messages in the order of `received_at`, which rises from `start_ms` over `duration_ms`.

    Copies and messages that must be refused are among them; `label` says which is which. People are the same for the same
    seed; message ids hold the start too, so that the same shop played again is not taken for copies.
    """
    shop = _Shop(events, seed, start_ms, duration_ms)
    for number in range(events):
        yield shop.message(number, start_ms + number * duration_ms // events)


class _Shop:
    def __init__(self, events: int, seed: int, start_ms: int, duration_ms: int) -> None:
        self._run = f"{seed:x}-{start_ms:x}"
        self._chance = random.Random(f"shop/{seed}")
        self._people = Population(seed, max(12, events // EVENTS_A_PERSON))
        self._visits = [self._visit() for _ in range(max(4, events * STEP_MS // max(1, duration_ms)))]
        self._copies: list[tuple[int, int, Sent]] = []

    def message(self, number: int, received_at: int) -> Sent:
        if self._copies and self._copies[0][0] <= number:
            return _copy(heappop(self._copies)[2], received_at, self._chance)
        if self._chance.random() < BROKEN_SHARE:
            return broken(received_at, f"{self._run}-{number}", self._chance)
        sent = write(self._act(), received_at, f"{self._run}-{number}", self._chance)
        if self._chance.random() < COPIED_SHARE:
            due = number + self._chance.randint(1, LONGEST_WAIT_OF_A_COPY)
            heappush(self._copies, (due, number, sent))
        return sent

    def _act(self) -> Act:
        """The next act of some visit; who is through makes room for another visit."""
        place = self._chance.randrange(len(self._visits))
        while True:
            for act in self._visits[place]:
                return act
            self._visits[place] = self._visit()

    def _visit(self) -> visits.Visit:
        return visits.start(self._people.anyone(self._chance), self._chance)


def _copy(sent: Sent, received_at: int, chance: random.Random) -> Sent:
    """Sent again: byte for byte by a producer that had no answer, or stamped anew by an SDK that tries again.
    Without a `messageId` the second would be a copy all the same, but no SDK sends such."""
    value = sent.value
    message = orjson.loads(value)
    if "messageId" in message and "originalTimestamp" not in message and chance.random() < 0.5:
        value = orjson.dumps(message | {"receivedAt": iso(received_at)})
    return replace(sent, received_at=received_at, value=value, label=Label.COPY, fact=None)
