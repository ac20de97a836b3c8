"""Shapes that identity graphs take: each a story of a few lines, and who is who at its end, for any partitioning."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.ownership import MOST_INTERVALS
from streams.core.sequencer import DECISIONS
from streams.testing import Pipeline
from tests.pipeline.mesh import unsettled
from tests.pipeline.worlds import people
from tests.strategies import DAY, HOUR, LIMITS_LIFTED, SEGMENTS, START

Message = dict[str, Any]
PARTITIONS = pytest.mark.parametrize("partitions", [1, 4, 16])


def roomy(cookies: int) -> Message:
    return {"identity/one": {"kind": "identity", "id": "one", "namespaces": {
        "cookie": {"limit": {"at_most": cookies}}, "customer_id": {"limit": {"at_most": 9}}}}}


def named(who: str) -> Message:
    """`u1 c1 d1 ann@`: the fields of a message that names them."""
    found: Message = {"context": {}}
    for each in who.split():
        if each.endswith("@"):
            found["context"]["traits"] = {"email": f"{each}example.org"}
        elif each[0] == "d":
            found["context"]["device"] = {"id": each}
        else:
            found["userId" if each[0] == "u" else "anonymousId"] = each
    return found


def identifiers(who: str) -> frozenset[str]:
    kinds = {"u": "customer_id", "c": "cookie", "d": "device_id"}
    return frozenset(f"email:{e}example.org" if e.endswith("@") else f"{kinds[e[0]]}:{e}" for e in who.split())


def tell(pipeline: Pipeline, *story: str, step: int = 1_000) -> Pipeline:
    """One message after the other, `m0`, `m1`, …, each naming whom its words name."""
    for number, who in enumerate(story):
        at = START + number * step
        pipeline.send({"type": "track", "event": "Product Added", "messageId": f"m{number}", "timestamp": at,
                       **named(who)}, at)
    assert not pipeline.rejected and not unsettled(pipeline)
    return pipeline


def events(pipeline: Pipeline) -> dict[frozenset[str], int]:
    return {who: len(messages) for who, messages in people(pipeline).items()}


SHAPES = {
    "a chain": (["c1 d1", "c2 d1", "c2 d2", "c3 d2", "c3 d3"], ["c1 c2 c3 d1 d2 d3"]),
    "a chain, linked from both ends": (["c1", "c2", "c3", "c1 d1", "c3 d2", "c2 d1", "c2 d2"], ["c1 c2 c3 d1 d2"]),
    "a fan in": (["c1", "c2", "c3", "c4", "u1", "u1 c1", "u1 c2", "u1 c3", "u1 c4"], ["u1 c1 c2 c3 c4"]),
    "a fan out": (["u1 c1 d1 ann@", "c1 d2", "c1 d3", "u2", "u2 d2"], ["u1 u2 c1 d1 d2 d3 ann@"]),
    "a diamond": (["u1", "u1 c1", "u1 d1", "c1 ann@", "d1 ann@"], ["u1 c1 d1 ann@"]),
    "a diamond that its last edge closes": (["c1 d1", "c2 d2", "u1 c1", "u1 c2", "c1 d2"], ["u1 c1 c2 d1 d2"]),
    "one event that joins three": (["u1", "c1", "ann@", "u1 c1 ann@"], ["u1 c1 ann@"]),
    "one event that joins three that were joined": (
        ["u1 d1", "c1 d2", "ann@ d3", "u1 c1 ann@"], ["u1 c1 ann@ d1 d2 d3"]),
    "two that stay two": (["u1 c1", "u2 c2", "u1 d1", "u2 d2"], ["u1 c1 d1", "u2 c2 d2"]),
}


@PARTITIONS
@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_becomes_its_people_and_loses_no_event(shape: str, partitions: int) -> None:
    story, wanted = SHAPES[shape]
    pipeline = tell(Pipeline(LIMITS_LIFTED, partitions), *story)
    assert set(people(pipeline)) == set(map(identifiers, wanted))
    assert sum(events(pipeline).values()) == len(story)


@PARTITIONS
def test_a_bridge_between_two_large_profiles_brings_all_their_history_together(partitions: int) -> None:
    left, right = [f"u1 c{n}" for n in range(60)], [f"u2 c{n}" for n in range(60, 120)]
    pipeline = tell(Pipeline(SEGMENTS | roomy(200), partitions), *left, *right, *left, *right, "u1 ann@", "u2 ann@", "u1")
    (who,) = people(pipeline)
    assert events(pipeline) == {who: 243} and len(who) == 123
    assert [line.change for line in pipeline.identity].count("merged") == 1


@PARTITIONS
def test_200_cookies_on_one_person_are_held_up_to_the_limit_and_counted_beyond_it(partitions: int) -> None:
    story = [f"u1 c{n}" for n in range(200)]
    assert events(tell(Pipeline(roomy(200), partitions), *story)) == {identifiers(" ".join(story)): 200}
    limited = tell(Pipeline(partitions=partitions), *story)
    assert events(limited) == {identifiers(" ".join(story[:50])): 200}
    assert [line.change for line in limited.identity] == ["attached"] * 50 + ["refused"] * 150


def test_the_same_pair_linked_ten_thousand_times_is_decided_once() -> None:
    pipeline = tell(Pipeline(partitions=4), *["u1 c1"] * 10_000, step=1)
    assert events(pipeline) == {identifiers("u1 c1"): 10_000}
    assert [line.change for line in pipeline.identity] == ["attached"]
    assert max(task.state.counters.get(DECISIONS) or 0 for task in pipeline.tasks) == 1


@PARTITIONS
def test_a_late_event_of_a_tablet_that_has_moved_twice_finds_who_had_it_then(partitions: int) -> None:
    pipeline = tell(Pipeline(partitions=partitions), "u1 d1", "u2 d1", "u1 d1", step=10 * HOUR)
    late = START + 40 * HOUR
    for name, at in (("jane", 5), ("john", 15), ("jane-again", 25), ("john-at-once", 10), ("jane-just-before", 9.999)):
        pipeline.send({"type": "page", "messageId": name, "timestamp": START + int(at * HOUR), **named("d1")}, late)
    theirs = {who: set(messages) for who, messages in people(pipeline).items()}
    assert theirs == {identifiers("u1 d1"): {"m0", "m2", "jane", "jane-again", "jane-just-before"},
                      identifiers("u2"): {"m1", "john", "john-at-once"}}


@PARTITIONS
def test_a_late_log_in_between_two_moves_holds_until_the_next_move_only(partitions: int) -> None:
    pipeline = tell(Pipeline(partitions=partitions), "u1 d1", "d1", "d1", "d1", "u2 d1", "d1", step=HOUR)
    at = START + HOUR + 1
    pipeline.send({"type": "page", "messageId": "late", "timestamp": at, **named("u3 d1")}, START + 9 * HOUR)
    assert people(pipeline) == {identifiers("u1"): ["m0", "m1"], identifiers("u3"): ["m2", "m3", "late"],
                                identifiers("u2 d1"): ["m4", "m5"]}


@PARTITIONS
def test_a_device_that_changes_hands_beyond_all_bounds_is_whose_log_in_was_last(partitions: int) -> None:
    """The till of a shop: it stayed with the 64th customer, whose every later visitor's hits were."""
    pipeline = tell(Pipeline(partitions=partitions), *[f"u{n} d1" for n in range(1, 101)], "d1", step=HOUR)
    late = {"type": "page", "timestamp": START + 90 * HOUR + 1, **named("d1")}
    pipeline.send({**late, "messageId": "late"}, START + 200 * HOUR)
    pipeline.send({**late, "messageId": "oldest", "timestamp": START + HOUR}, START + 201 * HOUR)
    assert [line.change for line in pipeline.identity if line.change in ("moved", "refused")] == ["moved"] * 99
    theirs = people(pipeline)
    assert theirs[identifiers("u100 d1")] == ["m99", "m100"]
    assert set(theirs[identifiers("u91")]) == {"m90", "late"}
    assert "oldest" in theirs[identifiers(f"u{101 - MOST_INTERVALS}")], "the intervals before it are forgotten"
    assert sum(events(pipeline).values()) == 103


@PARTITIONS
def test_what_was_due_on_the_absorbed_profile_happens_on_the_survivor_at_the_same_instant(partitions: int) -> None:
    pipeline = tell(Pipeline(SEGMENTS, partitions), "c1", "u1", "u1 c1", step=23 * HOUR)
    assert pipeline.members("carts") == {"customer_id:u1", "cookie:c1"}
    pipeline.advance(to=START + 46 * HOUR + DAY - 1)
    assert pipeline.members("carts")
    pipeline.advance(by=1)
    assert not pipeline.members("carts")
    last = [line for line in pipeline.memberships if line.segment_id == "carts"][-1]
    assert (last.change, last.cause, last.at) == ("exited", "time", START + 46 * HOUR + DAY)
