"""Decisions that overtake each other: merges, splits and moves under way at once, timers and crashes between them.

Each story is played many times with its messages in flight, in orders that chance picks, and must always end alike.
"""
from __future__ import annotations

from random import Random
from typing import Any

import pytest

from streams.core.handover import release
from streams.core.messages import Adopt, Release
from streams.core.outputs import Activation, IdentityChanged, MembershipChanged
from streams.testing import Pipeline
from tests.pipeline.mesh import Mesh, unsettled
from tests.pipeline.test_identity_scenarios import identifiers, named
from tests.pipeline.worlds import people
from tests.strategies import DAY, EVERYTHING, HOUR, LIMITS_LIFTED, START

Message = dict[str, Any]
CHANCES = range(20)
AT_ONCE = 1_000
CONSENT = {"purposes": {"personalised-ads": True, "email-marketing": True}}


def story(*steps: str, gap: int = 1, start: int = START) -> list[Message]:
    """`who` is a cart event, `who > who` splits the second off the first."""
    found: list[Message] = []
    for number, step in enumerate(steps):
        at = start + number * gap
        who, _, leaving = step.partition(" > ")
        if leaving:
            found.append({"type": "split", "identifier": min(identifiers(who)), "split_off": sorted(identifiers(leaving)),
                          "receivedAt": at})
            continue
        message = {"type": "track", "event": "Product Added", "messageId": f"{at - START}", "timestamp": at,
                   "receivedAt": at} | named(who)
        message["context"]["consent"] = CONSENT
        found.append(message)
    return found


def play(steps: list[Message], chance: int, *, rules: Message = LIMITS_LIFTED, crashes: float = 0.0) -> Mesh:
    """All of it handed in before the first turn is taken."""
    pipeline = Pipeline(EVERYTHING | rules, partitions=5)
    return Mesh(pipeline, Random(chance), crashes, timers=0.5).run(steps, most_in_flight=AT_ONCE)


def counted(mesh: Mesh) -> dict[frozenset[str], int]:
    assert not unsettled(mesh.pipeline)
    return {who: len(messages) for who, messages in people(mesh.pipeline).items()}


def assert_told_by_turns(mesh: Mesh) -> None:
    """Law L5: nobody is told twice that an identifier entered, whoever had it meanwhile."""
    told: dict[tuple[str, str], str] = {}
    for _, line in mesh.outputs:
        if isinstance(line, Activation) and line.change != "message":
            way = line.campaign_id, line.identifier
            assert told.get(way, "exited") != line.change
            told[way] = line.change


@pytest.mark.parametrize("chance", CHANCES)
def test_two_merges_in_flight_at_once_end_in_one_person(chance: int) -> None:
    steps = story("u1 c1", "u2 c2", "u3 c3", "u1 d1", "u3 d2", "u2 d1", "c2 d2", "c1", "c3", "d1", "u2")
    mesh = play(steps, chance)
    assert counted(mesh) == {identifiers("u1 u2 u3 c1 c2 c3 d1 d2"): 11}
    assert_told_by_turns(mesh)


@pytest.mark.parametrize("chance", CHANCES)
def test_a_chain_of_merges_in_flight_hands_everything_on_to_its_end(chance: int) -> None:
    alone = story(*[f"c{n}" for n in range(8)])
    links = story(*[each for n in range(7) for each in (f"c{n} d{n}", f"c{n + 1} d{n}")], start=START + HOUR)
    mesh = play(alone + links, chance, crashes=0.2)
    assert counted(mesh) == {identifiers(" ".join([f"c{n} d{n}" for n in range(7)] + ["c7"])): 22}
    assert_told_by_turns(mesh)


@pytest.mark.parametrize("chance", CHANCES)
def test_a_profile_that_moves_while_its_timers_fire_leaves_its_segments_once(chance: int) -> None:
    """The carts of c1 and c2 end within a millisecond of the log-in that joins them, and of each other."""
    carts = story("c1", "c2", "u1 d1", "c1 d2", "c2 d2")
    joined = story("c1 d1", "c2 d1", "u1", start=START + DAY)
    mesh = play([*carts, *joined, *story("c3", start=START + 3 * DAY)], chance)
    assert counted(mesh) == {identifiers("u1 c1 c2 d1 d2"): 8, identifiers("c3"): 1}
    assert mesh.pipeline.members("carts") == {"cookie:c3"}
    _assert_lines_alternate(mesh)
    assert_told_by_turns(mesh)


@pytest.mark.parametrize("chance", CHANCES)
def test_what_time_alone_ended_before_a_profile_is_absorbed_is_told_at_its_instant(chance: int) -> None:
    """Its task has not come to the timer yet, as after an outage, when another's message about them is there."""
    mesh = Mesh(Pipeline(EVERYTHING | LIMITS_LIFTED, partitions=5), Random(chance))
    for part in (story("u1", start=START - 1), story("c1"), story("c1 u1", start=START + 5 * DAY)):
        mesh.run(part)
    lines = [(line.segment_id, line.change, line.at) for _, line in mesh.outputs
             if isinstance(line, MembershipChanged) and line.identifiers == ["cookie:c1"]]
    assert ("carts", "entered", START) in lines and ("carts", "exited", START + DAY) in lines


def test_whoever_is_to_be_released_and_has_been_absorbed_is_released_where_it_went() -> None:
    pipeline = Pipeline(EVERYTHING | LIMITS_LIFTED, 1)
    for message in story("u1", "c1", "c1 u1"):
        pipeline.send(message)
    [task] = pipeline.tasks
    survivor, absorbed, nobody = "customer_id:u1", "cookie:c1", "cookie:c2"
    assert release(task.context, Release(absorbed, "customer_id:u2"), START) == [Release(survivor, "customer_id:u2")]
    assert release(task.context, Release(nobody, survivor), START) == [Adopt(survivor, nobody, [], [], None)]


def _assert_lines_alternate(mesh: Mesh) -> None:
    inside: dict[tuple[str, str], str] = {}
    for _, line in mesh.outputs:
        if isinstance(line, MembershipChanged):
            assert inside.get((line.profile_id, line.segment_id), "exited") != line.change
            inside[line.profile_id, line.segment_id] = line.change


@pytest.mark.parametrize("chance", CHANCES)
def test_a_split_of_the_identifier_that_gave_the_key_with_events_of_both_sides_in_flight(chance: int) -> None:
    before = story("c1 d1", "u1 c1", "u1", "c1")
    pipeline = Pipeline(EVERYTHING | LIMITS_LIFTED, partitions=5)
    Mesh(pipeline, Random(chance)).run(before)
    steps = story("u1", "c1", "u1 > c1", "c1", "u1", "d1", "c1", start=START + HOUR)
    mesh = Mesh(pipeline, Random(chance), crashes=0.2, timers=0.5).run(steps, most_in_flight=AT_ONCE)
    assert counted(mesh) == {identifiers("c1"): 4, identifiers("u1 d1"): 6}
    changes = [line.change for _, line in mesh.outputs if isinstance(line, IdentityChanged)]
    assert changes.count("split") == 1


@pytest.mark.parametrize("chance", CHANCES)
def test_a_split_and_a_merge_in_flight_at_once_lose_nobodys_events(chance: int) -> None:
    """Whichever the sequencer hears first: c1 ends with d1, where the split leaves it or the merge took it."""
    before = story("u1 c1", "u1", "c1", "c2 d2")
    pipeline = Pipeline(EVERYTHING | LIMITS_LIFTED, partitions=5)
    Mesh(pipeline, Random(chance)).run(before)
    steps = [*story("u1 > c1", start=START + HOUR), *story("u1 d2", "c1", "c2", "u1", start=START + HOUR + 1)]
    mesh = Mesh(pipeline, Random(chance)).run(steps, most_in_flight=AT_ONCE)
    assert counted(mesh) == {identifiers("c1"): 2, identifiers("u1 c2 d2"): 6}


@pytest.mark.parametrize("chance", CHANCES)
def test_a_hand_over_whose_old_owner_is_killed_again_and_again_is_complete(chance: int) -> None:
    """Half of all units of work are lost before their commit, also those that release, cut and adopt."""
    rules: Message = {}
    long = story(*["c1"] * 250, "u1 c1", "u2 c1", "c1", "u1 c1", "c1")
    mesh = play(long, chance, rules=rules, crashes=0.5)
    assert sum(counted(mesh).values()) == 255
    assert set(counted(mesh)) <= {identifiers("u1 c1"), identifiers("u2 c1"), identifiers("u1"), identifiers("u2")}
    assert_told_by_turns(mesh)
