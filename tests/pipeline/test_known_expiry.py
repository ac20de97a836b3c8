"""Known people whom nobody hears of any more end too, where the deployment says when (law L7)."""
from __future__ import annotations

from typing import Any

import pytest

from streams.testing import Pipeline
from tests.pipeline.erased import assert_end_is_told, found_in, kept
from tests.pipeline.test_erasing import COOKIE, JANE, MAIL, PERSON, VALUES, event, jane
from tests.pipeline.test_expiry import PARTITIONS
from tests.pipeline.worlds import people
from tests.strategies import DAY, EVERYTHING, START

Message = dict[str, Any]
IDLE, WEEK = 90 * DAY, 7 * DAY
ALONE: Message = {"userId": "jane-77"}
SEEN = START + 1
"""When Jane was heard of last."""


def limits(known: str = "90d", anonymous: str = "30d") -> Message:
    return EVERYTHING | {"identity/one": {
        "kind": "identity", "id": "one", "known_expire_after": known, "anonymous_expire_after": anonymous}}


def known(partitions: int, definitions: Message | None = None) -> Pipeline:
    pipeline = jane(partitions)
    pipeline.apply(definitions or limits())
    pipeline.advance(by=0)
    return pipeline


@PARTITIONS
def test_who_is_heard_of_no_more_ends_at_the_millisecond_and_everybody_is_told(partitions: int) -> None:
    pipeline = known(partitions)
    pipeline.advance(to=SEEN + DAY)
    pipeline.send(event(4, SEEN + DAY, {"userId": "bob-1"}), SEEN + DAY)
    pipeline.advance(to=SEEN + IDLE - 1)
    assert pipeline.profile(JANE) is not None
    told = len(pipeline.collected.outputs)
    pipeline.advance(by=1)
    assert pipeline.profile(JANE) is None and pipeline.profile("customer_id:bob-1") is not None
    lines = [line for line in pipeline.memberships if line.at == pipeline.now]
    assert {(line.segment_id, line.change, line.cause, line.because) for line in lines} == {
        (segment, "exited", "time", "no event for 90d") for segment in ("everybody", "once", "browsers", "reached")}
    assert_end_is_told(pipeline, (JANE, MAIL, COOKIE), pipeline.collected.outputs[told:])
    (line,) = [line for line in pipeline.identity if line.change == "erased"]
    assert (line.at, line.identifiers, line.reason) == (pipeline.now, [], "no event for 90d")


@PARTITIONS
@pytest.mark.parametrize("who", [ALONE, PERSON], ids=["alone", "linked"])
def test_l7_nothing_of_them_is_left(partitions: int, who: Message) -> None:
    pipeline = Pipeline(limits(), partitions, start=START)
    pipeline.send(event(1, START, who))
    assert found_in(kept(pipeline), VALUES)
    pipeline.advance(to=START + IDLE + (0 if who is ALONE else WEEK))
    assert found_in(kept(pipeline), VALUES) == []
    assert all(task.next_timer() is None for task in pipeline.tasks)


@PARTITIONS
@pytest.mark.parametrize("early", [1, 0])
def test_an_event_up_to_the_end_renews(partitions: int, early: int) -> None:
    pipeline = known(partitions)
    back = SEEN + IDLE - early
    pipeline.send(event(9, back, {"anonymousId": "janes-cookie"}), back)
    pipeline.advance(to=back + IDLE - 1)
    found = pipeline.profile(JANE)
    assert found is not None and found["events"] == 3
    pipeline.advance(by=1)
    assert pipeline.profile(JANE) is None


@PARTITIONS
@pytest.mark.parametrize("late", [1, WEEK - 1, WEEK + 1])
def test_who_comes_back_afterwards_is_new_and_may_be_anybody(partitions: int, late: int) -> None:
    pipeline = known(partitions)
    back = SEEN + IDLE + late
    pipeline.send(event(9, back, PERSON), back)
    pipeline.advance(by=0)
    found = pipeline.profile(MAIL)
    assert found is not None and (found["events"], found["first_seen"]) == (1, back)
    assert people(pipeline) == {frozenset({JANE, MAIL, COOKIE}): ["m9"]}


@PARTITIONS
@pytest.mark.parametrize(("known_for", "anonymous_for"), [(90, 30), (30, 90), (30, 30)])
def test_who_says_their_name_is_kept_as_known_people_are_from_then_on(
    partitions: int, known_for: int, anonymous_for: int,
) -> None:
    pipeline = Pipeline(limits(f"{known_for}d", f"{anonymous_for}d"), partitions, start=START)
    pipeline.send(event(1, START, {"anonymousId": "janes-cookie"}))
    pipeline.send(event(2, START + DAY, {"anonymousId": "janes-cookie", **ALONE}), START + DAY)
    pipeline.advance(to=START + DAY + known_for * DAY - 1)
    assert people(pipeline) == {frozenset({JANE, COOKIE}): ["m1", "m2"]}
    pipeline.advance(by=1)
    assert people(pipeline) == {}


@PARTITIONS
def test_whom_a_split_leaves_anonymous_is_kept_as_anonymous_people_are(partitions: int) -> None:
    pipeline = Pipeline(limits(), partitions, start=START)
    pipeline.send(event(1, START, {"anonymousId": "janes-cookie"}))
    pipeline.send(event(2, START + DAY, {"anonymousId": "janes-cookie", **ALONE}), START + DAY)
    pipeline.split(JANE, COOKIE)
    pipeline.advance(to=START + 30 * DAY - 1)
    assert len(people(pipeline)) == 2
    pipeline.advance(by=1)
    assert set(people(pipeline)) == {frozenset({JANE})}
    pipeline.advance(to=START + DAY + IDLE)
    assert people(pipeline) == {}


@PARTITIONS
def test_a_limit_holds_at_once_for_those_who_are_there_and_without_one_they_stay(partitions: int) -> None:
    pipeline = jane(partitions)
    pipeline.advance(by=2_000 * DAY)
    assert pipeline.profile(JANE) is not None
    pipeline.apply(limits("3000d"))
    pipeline.advance(to=SEEN + 2_500 * DAY)
    pipeline.apply(limits("2600d"))
    pipeline.advance(to=SEEN + 2_600 * DAY - 1)
    assert pipeline.profile(JANE) is not None
    pipeline.advance(by=1)
    assert pipeline.profile(JANE) is None


@PARTITIONS
def test_an_objection_outlives_the_person(partitions: int) -> None:
    """What an address was suppressed for holds for whoever comes with it again."""
    pipeline = known(partitions)
    pipeline.request("suppress", MAIL, "complained")
    pipeline.advance(to=SEEN + IDLE + WEEK)
    assert {value for value in VALUES if found_in(kept(pipeline), [value])} == {"jane@example.org"}
    pipeline.send(event(9, pipeline.now, PERSON), pipeline.now)
    assert not [a for a in pipeline.activations() if a.identifier == MAIL and a.at == pipeline.now]
