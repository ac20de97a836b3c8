"""Other identity rules while the pipeline runs: they hold for what is decided from then on, and what they would not have
let come into being is reported."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.breaches import Breach
from streams.core.definitions import Caps
from streams.core.identifiers import Namespaces
from streams.testing import Pipeline
from tests.pipeline.worlds import event, people
from tests.strategies import DAY

Message = dict[str, Any]
PARTITIONS = pytest.mark.parametrize("partitions", [1, 4])
JANE = "customer_id:jane"


def rules(caps: Message | None = None, **namespaces: Any) -> Message:
    return {"identity/one": {"kind": "identity", "id": "one", "caps": caps or {}, "namespaces": namespaces}}


def send(pipeline: Pipeline, *messages: Message) -> None:
    for message in messages:
        pipeline.send(message, message["timestamp"])


def cookies(*numbers: int) -> list[Message]:
    return [event(n, userId="jane", anonymousId=f"c{n}") for n in numbers]


def who(pipeline: Pipeline, identifier: str) -> str:
    found = pipeline.profile(identifier)
    assert found is not None
    return str(found["profile_id"])


@PARTITIONS
def test_a_tighter_limit_tears_nobody_apart_refuses_the_next_and_reports(partitions: int) -> None:
    pipeline = Pipeline(rules(), partitions)
    send(pipeline, *cookies(1, 2, 3))
    pipeline.apply(rules(cookie={"limit": {"at_most": 2}, "on_conflict": "keep"}))
    send(pipeline, *cookies(4))
    mine = frozenset({JANE, "cookie:c1", "cookie:c2", "cookie:c3"})
    assert people(pipeline) == {mine: ["m1", "m2", "m3", "m4"]}
    assert [(line.change, line.identifiers, line.reason) for line in pipeline.identity[-1:]] == [
        ("refused", ["cookie:c4"], "limit of cookie")]
    assert pipeline.breaches() == [Breach(
        profile_id=who(pipeline, JANE), rule="limit of cookie", found=3, allowed=2,
        identifiers=("cookie:c1", "cookie:c2", "cookie:c3"))]
    pipeline.split(JANE, "cookie:c1")
    assert pipeline.breaches() == []


@PARTITIONS
def test_a_wider_limit_lets_in_who_was_refused(partitions: int) -> None:
    pipeline = Pipeline(rules(cookie={"limit": {"at_most": 1}, "on_conflict": "keep"}), partitions)
    send(pipeline, *cookies(1, 2))
    pipeline.apply(rules(cookie={"limit": {"at_most": 2}}))
    send(pipeline, event(3, userId="jane", anonymousId="c2"))
    assert set(people(pipeline)) == {frozenset({JANE, "cookie:c1", "cookie:c2"})}
    assert pipeline.breaches() == []


@PARTITIONS
def test_a_newly_blocked_value_joins_nobody_any_more_and_whoever_has_it_is_reported(partitions: int) -> None:
    pipeline = Pipeline(rules(), partitions)
    shared = {"context": {"traits": {"email": "shop@example.com"}}}
    send(pipeline, event(1, userId="jane", **shared), event(2, anonymousId="kiosk"))
    pipeline.apply(rules(email={"blocked": ["shop@example.com"]}, cookie={"blocked": ["kiosk"]}))
    send(pipeline, event(3, anonymousId="c1", **shared))
    assert set(people(pipeline)) == {
        frozenset({JANE, "email:shop@example.com"}), frozenset({"cookie:kiosk"}), frozenset({"cookie:c1"})}
    expected = {(who(pipeline, JANE), ("email:shop@example.com",)), (who(pipeline, "cookie:kiosk"), ("cookie:kiosk",))}
    assert {(each.profile_id, each.identifiers) for each in pipeline.breaches()} == expected
    assert {each.rule for each in pipeline.breaches()} == {"blocked value"}


@PARTITIONS
def test_another_priority_decides_what_is_left_out(partitions: int) -> None:
    mail = {"context": {"traits": {"email": "jane@example.com"}}}
    pipeline = Pipeline(rules(), partitions)
    send(pipeline, event(1, userId="jane", **mail))
    pipeline.apply(rules(email={"priority": 1}, customer_id={"priority": 2, "limit": {"at_most": 1}}))
    send(pipeline, event(2, userId="john", **mail))
    assert people(pipeline) == {frozenset({JANE, "email:jane@example.com"}): ["m1", "m2"]}
    assert pipeline.identity[-1].identifiers == ["customer_id:john"]


@PARTITIONS
def test_a_device_that_moved_stays_when_the_policy_becomes_keep(partitions: int) -> None:
    pipeline = Pipeline(rules(), partitions)
    send(pipeline, event(1, userId="jane", anonymousId="tablet"), event(2, userId="john", anonymousId="tablet"))
    pipeline.apply(rules(cookie={"on_conflict": "keep"}))
    send(pipeline, event(3, userId="jane", anonymousId="tablet"), event(4, anonymousId="tablet"))
    assert people(pipeline) == {
        frozenset({JANE}): ["m1", "m3"], frozenset({"customer_id:john", "cookie:tablet"}): ["m2", "m4"]}
    assert [line.change for line in pipeline.identity if "cookie:tablet" in line.identifiers] == [
        "attached", "moved", "refused"]


def test_rules_can_be_tried_before_they_are_in_force_and_time_ends_a_breach() -> None:
    pipeline = Pipeline(rules(), 4)
    send(pipeline, *cookies(1, 2, 3), event(9, anonymousId="alone"))
    planned = Pipeline(rules(cookie={"limit": {"at_most": 2, "per": "1d"}})).tasks[0].context.namespaces
    assert [(each.found, each.allowed) for each in pipeline.breaches(planned)] == [(3, 2)]
    assert pipeline.breaches() == []
    pipeline.advance(by=DAY)
    assert pipeline.breaches(planned) == []


def test_caps_are_reported_by_their_numbers() -> None:
    pipeline = Pipeline(rules(), 4)
    send(pipeline, event(1, anonymousId="c1"), event(2, anonymousId="c2"), event(3, userId="jane"), *cookies(1, 2))
    found = pipeline.breaches(Namespaces(caps=Caps(identifiers=2, merges=1)))
    assert [(each.rule, each.found, each.allowed) for each in found] == [
        ("cap of identifiers", 3, 2), ("cap of merges", 2, 1)]
    assert pipeline.breaches(Namespaces(caps=Caps(identifiers=3, merges=2))) == []
