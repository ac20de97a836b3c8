"""A profile is called by the identifier it began with, which may end while it stays: nobody is taken for another."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.profile import home
from streams.testing import Pipeline
from tests.pipeline.mesh import unsettled
from tests.pipeline.worlds import people
from tests.strategies import DAY, HOUR, LIMITS_LIFTED, SEGMENTS, START

Message = dict[str, Any]
PARTITIONS = pytest.mark.parametrize("partitions", [1, 4, 16])
RULES = SEGMENTS | {"identity/one": LIMITS_LIFTED["identity/one"] | {"anonymous_expire_after": "7d"}}
MAIL = {"context": {"traits": {"email": "ann@example.org"}}}
ANN, COOKIE, U1 = "email:ann@example.org", "cookie:c1", "customer_id:u1"


def send(pipeline: Pipeline, number: int, after: int, who: Message) -> Pipeline:
    at = START + after
    pipeline.send({"type": "track", "event": "Product Added", "messageId": f"m{number}", "timestamp": at, **who}, at)
    return pipeline


def called(pipeline: Pipeline) -> set[str]:
    """Whose names the keys of profiles and persons bear."""
    keys = {key for store in pipeline.stores for key in store.keys("profiles")}
    keys |= {key[1:] for store in pipeline.stores for key in store.keys("identities") if key[:1] == b"p"}
    return {home(key.decode()) for key in keys}


def left_under_the_name_of_a_cookie(partitions: int) -> Pipeline:
    """Ann's profile began with the cookie c1, which was split off and ended on the seventh day."""
    pipeline = send(Pipeline(RULES, partitions), 1, 0, {"anonymousId": "c1"})
    send(pipeline, 2, 6 * DAY, {"anonymousId": "c1", **MAIL})
    pipeline.split(ANN, COOKIE)
    pipeline.advance(to=START + 7 * DAY)
    assert people(pipeline) == {frozenset({ANN}): ["m2"]}
    return pipeline


@PARTITIONS
@pytest.mark.parametrize("after", [7 * DAY, 7 * DAY + HOUR, 14 * DAY - 1, 14 * DAY, 30 * DAY])
def test_who_comes_with_a_cookie_that_another_is_called_by_is_not_taken_for_them(partitions: int, after: int) -> None:
    pipeline = left_under_the_name_of_a_cookie(partitions)
    send(pipeline, 3, after, {"userId": "u1", "anonymousId": "c1"})
    send(pipeline, 4, after + 1, {"anonymousId": "c1"})
    send(pipeline, 5, after + 1, MAIL)
    assert people(pipeline) == {frozenset({ANN}): ["m2", "m5"], frozenset({U1, COOKIE}): ["m3", "m4"]}
    assert not [fault for fault in unsettled(pipeline) if "waits" in fault]


@PARTITIONS
def test_a_cookie_that_is_forgotten_names_nobody(partitions: int) -> None:
    pipeline = left_under_the_name_of_a_cookie(partitions)
    pipeline.advance(by=7 * DAY)
    assert called(pipeline).isdisjoint({COOKIE})
    renamed = [line for line in pipeline.identity if line.change == "merged"]
    assert [line.reason for line in renamed] == ["the identifier that it was named after is nobody's"]
    assert [p.profile_id for p in pipeline.profiles()] == [renamed[0].profile_id]
    send(pipeline, 3, 15 * DAY, {"anonymousId": "c1"})
    send(pipeline, 4, 15 * DAY, {"anonymousId": "c1", **MAIL})
    assert people(pipeline) == {frozenset({ANN, COOKIE}): ["m2", "m3", "m4"]}


@PARTITIONS
def test_who_comes_back_after_they_were_absorbed_and_forgotten_begins_where_no_forward_stands(partitions: int) -> None:
    """c1 was taken in by Ann, split from her and ended at once; its forward stands for days after that."""
    pipeline = send(Pipeline(RULES, partitions), 1, 0, {"anonymousId": "c2", **MAIL})
    send(pipeline, 2, 1, {"anonymousId": "c1"})
    send(pipeline, 3, 6 * DAY, {"anonymousId": "c1", **MAIL})
    send(pipeline, 4, 8 * DAY, {"userId": "u1"})
    pipeline.split(ANN, ANN)
    pipeline.advance(by=1)
    assert people(pipeline) == {frozenset({ANN}): ["m1", "m3"], frozenset({U1}): ["m4"]}
    send(pipeline, 5, 9 * DAY, {"anonymousId": "c1"})
    assert people(pipeline)[frozenset({COOKIE})] == ["m5"]
    send(pipeline, 6, 9 * DAY + 1, {"anonymousId": "c1", "userId": "u1"})
    assert people(pipeline) == {frozenset({ANN}): ["m1", "m3"], frozenset({COOKIE, U1}): ["m4", "m5", "m6"]}
    assert not [fault for fault in unsettled(pipeline) if "waits" in fault]


@PARTITIONS
def test_who_comes_back_after_an_erasure_does_not_meet_whom_it_renamed(partitions: int) -> None:
    """Ann's profile began with c1, which went with u1; the key of that person is named after u1 alone."""
    pipeline = send(Pipeline(RULES, partitions), 1, 0, {"anonymousId": "c1"})
    send(pipeline, 2, 1, {"anonymousId": "c1", "userId": "u1", **MAIL})
    pipeline.split(ANN, U1, COOKIE)
    pipeline.erase(U1)
    pipeline.request("unsuppress", COOKIE)
    pipeline.advance(by=HOUR)
    send(pipeline, 3, 2 * HOUR, {"anonymousId": "c1"})
    send(pipeline, 4, 2 * HOUR, MAIL)
    assert people(pipeline) == {frozenset({COOKIE}): ["m3"], frozenset({ANN}): ["m4"]}
