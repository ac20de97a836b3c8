"""The engine's pure parts: what is done, who may go, how fast."""
from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.delivery import Activation, Deferred, Delivered, Engine, Limits, Outcome, Place, Taken
from connectors.delivery.in_flight import InFlight
from connectors.delivery.pace import Breaker, Bucket, back_off
from connectors.delivery.progress import CAPACITY, Mark, OpenOffsets, as_text, from_text
from streams.runtime.clock import wall_ms
from tests.connectors.recording import Log, Reading, activation, eventually

LARGEST_METADATA = 4096
"""Kafka's default for `offset.metadata.max.bytes`."""


@given(st.sets(st.integers(0, 10**9), max_size=50), st.integers(0, 10**9))
def test_a_mark_comes_back_from_the_text_it_is_committed_as(open_offsets: set[int], beyond: int) -> None:
    mark = Mark(end=max(open_offsets, default=beyond) + 1, open=frozenset(open_offsets))
    assert from_text(mark.offset, as_text(mark)) == mark


@given(st.lists(st.tuples(st.integers(1, 6), st.sets(st.integers(0, 40))), min_size=1, max_size=8))
def test_whatever_is_done_stays_done_over_any_number_of_restarts(lives: list[tuple[int, set[int]]]) -> None:
    """Each life reads some of what is not done, settles some of that, and ends."""
    committed, done = Mark(end=0), set[int]()
    for reads, settles in lives:
        mark = from_text(committed.offset, as_text(committed))
        coming = [offset for offset in range(mark.offset, 41) if not mark.is_done(offset)][:reads]
        assert not done & set(coming)
        progress = OpenOffsets(mark.offset)
        for offset in coming:
            progress.take(offset)
        for offset in settles & set(coming):
            progress.settle(offset)
            done.add(offset)
            committed = progress.mark().joined(mark)
    assert all(committed.is_done(offset) for offset in done)


def test_as_many_in_flight_as_may_be_spread_over_two_billion_offsets_fits_into_a_commit() -> None:
    mark = Mark(end=CAPACITY * 2_000_000, open=frozenset(range(0, CAPACITY * 2_000_000, 2_000_000)))
    assert len(as_text(mark)) <= LARGEST_METADATA


def test_metadata_of_another_tool_is_a_plain_offset() -> None:
    assert from_text(7, "moved by hand!") == Mark(end=7)
    assert from_text(7, "") == Mark(end=7)


def test_of_each_identifier_only_the_oldest_may_go() -> None:
    in_flight = InFlight()
    for number, name in enumerate(("cookie:a", "cookie:a", "cookie:b")):
        in_flight.add(Taken(place=Place(partition=0, offset=number), activation=activation(number, identifier=name)), 0)
    first, other = in_flight.due(0, 10)
    assert (first.place.offset, other.place.offset) == (0, 2)
    first.due_at = 1000
    assert [each.place.offset for each in in_flight.due(999, 10)] == [2]
    in_flight.settle(other)
    assert in_flight.marks()[0] == Mark(end=3, open=frozenset({0, 1}))
    assert in_flight.next_due() == 1000
    in_flight.settle(first)
    assert [each.place.offset for each in in_flight.due(0, 10)] == [1]


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = Bucket(10, 5)
    assert bucket.available(0) == 5
    bucket.spend(5)
    assert bucket.available(99) == 0
    assert bucket.available(bucket.more_at(99)) == 1
    assert bucket.available(10_000) == 5


def test_a_breaker_opens_after_three_failures_and_probes_ever_less_often() -> None:
    breaker = Breaker(failures=3, shortest=1000, longest=4000)
    for _ in range(3):
        assert breaker.allowed(0, 20) == 20
        breaker.failed(0)
    assert breaker.allowed(999, 20) == 0
    assert breaker.allowed(1000, 20) == 1
    waits = []
    for _ in range(3):
        breaker.failed(0)
        waits.append(breaker.closed_at)
    assert waits == [2000, 4000, 4000]
    breaker.succeeded()
    assert breaker.allowed(0, 20) == 20


def test_the_back_off_doubles_up_to_its_bound_and_keeps_the_upper_half() -> None:
    assert [back_off(n, shortest=100, longest=350, chance=1.0) for n in (1, 2, 3, 4)] == [100, 200, 350, 350]
    assert back_off(2, shortest=100, longest=350, chance=0.0) == 100


class Stumbling:
    """A connector with a bug: it raises when it comes to `at`, after it has delivered those before."""

    most = 10

    def __init__(self, at: str) -> None:
        self._at, self.delivered = at, Counter[str]()

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        for each in batch:
            if each.activation_id == self._at:
                raise KeyError(each.identifier)
            self.delivered[each.activation_id] += 1
        return [Delivered()] * len(batch)

    async def close(self) -> None:
        pass


def test_a_connector_that_stumbles_over_one_sends_its_neighbours_once_more_at_most_and_the_log_names_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def play() -> None:
        task = asyncio.create_task(engine.run())
        async with asyncio.timeout(30):
            await eventually(lambda: len(log.final(Delivered)) == 29 and log.final(Deferred)["a7"] > 5)
        engine.stop()
        await task

    log, connector = Log([activation(number) for number in range(30)]), Stumbling("a7")
    engine = Engine("hook", connector, Reading(log), Limits(shortest=5, longest=40), clock=wall_ms)
    asyncio.run(play())
    assert {name for name, times in connector.delivered.items() if times > 1} == {f"a{n}" for n in range(7)}
    assert max(connector.delivered.values()) == 2
    assert "KeyError at" in caplog.text and "example.org" not in caplog.text
