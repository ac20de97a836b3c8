"""The 360 view of a person follows what happens to them, at most once a minute, and a view changes nothing."""
from __future__ import annotations

import orjson
import pytest

from schemas.codec import Codec
from streams.memory import MemoryStore
from streams.task import Task, TaskSettings
from streams.unit import Inbound

START, SECOND = 1_790_000_000_000, 1_000
MINUTE = 60 * SECOND


class Watched:
    """A task on the wall clock, and the views it has written: when, and of how many events."""

    def __init__(self) -> None:
        self.store, self.codec, self.views = MemoryStore(), Codec(), list[tuple[int, int]]()
        self.task = Task(0, 1, self.store, TaskSettings(view_after=MINUTE), self.codec)

    def hit(self, after: int, wall: int | None = None, timers_until: int | None = None) -> None:
        message = {"type": "page", "anonymousId": "c", "messageId": f"m{after}", "timestamp": START + after}
        self._run([Inbound("events.hits", 0, after, b"cookie:c", orjson.dumps(message), START + after)],
                  wall or START + after, timers_until)

    def wait(self, until: int) -> set[str]:
        """What is due until then, each at its own instant; the tables that were written."""
        written: set[str] = set()
        while (due := self.task.next_timer()) is not None and due <= START + until:
            written |= self._run([], due)
        return written

    def _run(self, records: list[Inbound], wall: int, timers_until: int | None = None) -> set[str]:
        outcome = self.task.run(records, wall, wall if timers_until is None else timers_until)
        self.store.write(outcome.changes)
        views = [self.codec.decode("profile", sent.value or b"") for sent in outcome.sends if sent.topic == "profiles"]
        self.views += [(wall - START, view["events"]) for view in views]
        return {change.table for change in outcome.changes}


def test_a_view_says_what_happened_in_its_minute_and_the_next_begins_another() -> None:
    watched = Watched()
    for after in (0, 10 * SECOND, 59 * SECOND):
        watched.hit(after)
    watched.wait(5 * MINUTE)
    assert watched.views == [(MINUTE, 3)]
    for after in (5 * MINUTE, 5 * MINUTE + 1):
        watched.hit(after)
    watched.wait(10 * MINUTE)
    assert watched.views == [(MINUTE, 3), (6 * MINUTE, 5)]


@pytest.mark.parametrize("first", ["event", "view"])
def test_an_event_at_the_instant_of_a_view_is_in_that_one_or_a_later_one(first: str) -> None:
    watched = Watched()
    watched.hit(0)
    if first == "view":
        watched.wait(MINUTE)
    watched.hit(MINUTE)
    watched.wait(5 * MINUTE)
    assert watched.views == ([(MINUTE, 1), (2 * MINUTE, 2)] if first == "view" else [(MINUTE, 2)])


def test_a_view_writes_no_profile() -> None:
    watched = Watched()
    watched.hit(0)
    assert "profiles" not in watched.wait(MINUTE)
    assert watched.views


def test_a_backlog_that_takes_long_to_work_off_ends_in_one_view() -> None:
    """The wall's clock goes on meanwhile, and no timer may fire."""
    watched = Watched()
    for number in range(10):
        watched.hit(number, wall=START + 3_600 * SECOND + number * MINUTE, timers_until=START + number)
    assert sum(b"view" in key for key in watched.store.keys("timers")) == 1
    watched.wait(3 * 3_600 * SECOND)
    assert [events for _, events in watched.views] == [10]
    watched.hit(4 * 3_600 * SECOND)
    watched.wait(5 * 3_600 * SECOND)
    assert [events for _, events in watched.views] == [10, 11]
