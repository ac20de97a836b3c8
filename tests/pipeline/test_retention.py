"""Events are let go of at the millisecond, and nothing that rules still need goes with them."""
from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.core.profile import Profile
from streams.core.tables import Entry
from streams.memory import MemoryStore
from streams.task.timelines import StoredTimeline
from streams.testing import Pipeline
from tests.pipeline.test_expiry import IDLE, KINDS, PARTITIONS, event, traces, visitor
from tests.pipeline.worlds import people
from tests.strategies import DAY, HOUR, START

Message = dict[str, Any]
JANE: Message = {"userId": "jane"}
SEGMENTS: Message = {
    "segment/lately": {"kind": "segment", "id": "lately", "rule": {
        "performed": {"event": "Order Completed", "within": "500d"}}},
    "segment/spender": {"kind": "segment", "id": "spender", "rule": {
        "aggregate": {"event": "Order Completed", "function": "sum", "property": "value", "gte": 3, "within": "100d"}}},
    "segment/ever": {"kind": "segment", "id": "ever", "rule": {"performed": {"event": "Order Completed", "at_least": 2}}},
}


def rules(events: str = "30d", anonymous: str = "395d") -> Message:
    return SEGMENTS | {"identity/one": {
        "kind": "identity", "id": "one", "events_expire_after": events, "anonymous_expire_after": anonymous}}


def ordered(*instants: int, partitions: int = 4, definitions: Message | None = None, who: Message | None = None) -> Pipeline:
    """One order at each instant: m0, m1, …"""
    pipeline = Pipeline(definitions or rules(), partitions)
    for number, at in enumerate(instants):
        pipeline.send(event(number, at, who or JANE, properties={"value": 2, "note": f"secret-{number}"}), at)
    return pipeline


def kept(pipeline: Pipeline) -> list[str]:
    return sorted(message for ids in people(pipeline).values() for message in ids)


@PARTITIONS
def test_l7_an_event_goes_at_the_millisecond_and_leaves_no_trace_of_what_it_said(partitions: int) -> None:
    pipeline = ordered(START, START + 2 * DAY, partitions=partitions)
    pipeline.advance(to=START + 30 * DAY - 1)
    assert kept(pipeline) == ["m0", "m1"] and traces(pipeline, b"secret-0")
    pipeline.advance(by=1)
    assert kept(pipeline) == ["m1"] and not traces(pipeline, b"secret-0")
    pipeline.advance(to=START + 32 * DAY - 1)
    assert kept(pipeline) == ["m1"]
    pipeline.advance(by=1)
    assert kept(pipeline) == [] and not traces(pipeline, b"secret-")
    found = pipeline.profile("customer_id:jane")
    assert found is not None and found["events"] == 2 and found["first_seen"] == START


def test_what_came_within_a_day_of_the_oldest_goes_with_it() -> None:
    pipeline = ordered(START, START + DAY - 1, START + DAY)
    pipeline.advance(to=START + 30 * DAY)
    assert kept(pipeline) == ["m2"]


@PARTITIONS
def test_windows_longer_than_that_stay_exact(partitions: int) -> None:
    pipeline = ordered(START, START + 2 * DAY, partitions=partitions, definitions=rules("7d"))
    pipeline.advance(to=START + 600 * DAY)
    assert kept(pipeline) == []
    said = [(line.segment_id, line.change, line.at) for line in pipeline.memberships]
    assert said == [
        ("lately", "entered", START), ("ever", "entered", START + 2 * DAY), ("spender", "entered", START + 2 * DAY),
        ("spender", "exited", START + 100 * DAY), ("lately", "exited", START + 502 * DAY)]


def test_an_edit_holds_at_once_for_what_is_there_already() -> None:
    pipeline = ordered(START, START + 20 * DAY, definitions=rules("never"))
    pipeline.advance(to=START + 25 * DAY)
    pipeline.apply(rules("10d"))
    pipeline.advance(by=0)
    assert kept(pipeline) == ["m1"]
    pipeline.apply(rules("40d"))
    pipeline.advance(to=START + 60 * DAY - 1)
    assert kept(pipeline) == ["m1"]
    pipeline.advance(by=1)
    assert kept(pipeline) == []


def test_never_means_never() -> None:
    pipeline = ordered(START, definitions=rules("never"))
    pipeline.advance(by=10_000 * DAY)
    assert kept(pipeline) == ["m0"]


def test_without_a_definition_it_is_25_months() -> None:
    pipeline = ordered(START, definitions=SEGMENTS)
    pipeline.advance(to=START + 750 * DAY - 1)
    assert kept(pipeline) == ["m0"]
    pipeline.advance(by=1)
    assert kept(pipeline) == []


@PARTITIONS
def test_events_that_another_profile_brings_keep_their_own_time(partitions: int) -> None:
    pipeline = Pipeline(rules(), partitions)
    pipeline.send(event(0, START, {"anonymousId": "c1"}), START)
    pipeline.send(event(1, START + 10 * DAY, JANE), START + 10 * DAY)
    pipeline.send(event(2, START + 12 * DAY, JANE | {"anonymousId": "c1"}), START + 12 * DAY)
    pipeline.advance(to=START + 30 * DAY - 1)
    assert kept(pipeline) == ["m0", "m1", "m2"]
    pipeline.advance(by=1)
    assert kept(pipeline) == ["m1", "m2"]
    pipeline.advance(to=START + 42 * DAY)
    assert kept(pipeline) == []


@PARTITIONS
@KINDS
def test_a_visitor_whose_events_are_gone_still_ends_at_the_millisecond(partitions: int, who: Message) -> None:
    soon = {"kind": "segment", "id": "soon", "rule": {"performed": {"event": "Order Completed", "within": "10d"}}}
    pipeline = visitor(partitions, who, rules("7d") | {"segment/soon": soon})
    pipeline.advance(to=START + IDLE - 1)
    assert kept(pipeline) == [] and len(pipeline.profiles()) == 1
    pipeline.advance(by=1)
    assert not pipeline.profiles()
    pipeline.advance(by=8 * DAY)
    assert all(task.next_timer() is None for task in pipeline.tasks)


def test_what_ends_leaves_no_timer_behind() -> None:
    pipeline = visitor(4, {"anonymousId": "c1"}, rules("400d", "7d"))
    assert any(task.next_timer() is not None for task in pipeline.tasks)
    pipeline.advance(by=9 * DAY)
    assert all(task.next_timer() is None for task in pipeline.tasks)


def test_a_late_event_is_kept_from_its_arrival_on() -> None:
    pipeline = Pipeline(rules(), 1, start=START)
    pipeline.send(event(0, START - 100 * DAY, JANE), START)
    pipeline.advance(to=START + 30 * DAY - 1)
    assert kept(pipeline) == ["m0"]


def test_a_busy_profile_is_rewritten_once_a_day_and_not_once_an_event() -> None:
    pipeline = ordered(*(START + number * HOUR for number in range(72)), partitions=1)
    [profile] = pipeline.profiles()
    fired: list[int] = []
    while isinstance(profile, Profile) and profile.aging:
        fired.append(profile.aging[0])
        pipeline.advance(to=fired[-1])
        [profile] = pipeline.profiles()
    assert fired == [START + (30 + day) * DAY for day in range(3)]


def entry(arrival: int) -> Entry:
    return Entry(arrival, arrival, arrival, "f", ("cookie:c",), b"{}")


STEPS = st.lists(st.tuples(st.sampled_from(("append", "forget", "write")), st.integers(0, 30)), max_size=40)


@given(STEPS)
def test_a_timeline_with_chunks_in_any_order_forgets_exactly_what_is_older(steps: list[tuple[str, int]]) -> None:
    store, model = MemoryStore(), list[int]()
    timeline = StoredTimeline(store)
    for number, (step, place) in enumerate(steps):
        match step:
            case "append":
                model.append((place << 8) + number)
                timeline.append("p", entry(model[-1]))
            case "forget":
                assert [e.arrival for e in timeline.forget("p", place << 8)] == sorted(a for a in model if a < place << 8)
                model = [arrival for arrival in model if arrival >= place << 8]
            case _:
                store.write(timeline.changes())
        assert [e.arrival for e in timeline.entries("p")] == sorted(model)
        assert timeline.oldest("p") == min(model, default=None)
    store.write(timeline.changes())
    assert [e.arrival for e in StoredTimeline(store).entries("p")] == sorted(model)
