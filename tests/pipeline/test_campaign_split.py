"""A/B splits: one variant a person for good, and a control group that hears nothing."""
from __future__ import annotations

import pytest

from streams.core.errors import Misconfigured
from streams.core.values import Json
from streams.definitions import build
from tests.pipeline.test_campaigns import Person, campaign, reasons, world

SPLIT = {"control": 20, "variants": [
    {"id": "a", "percent": 40}, {"id": "b", "percent": 40, "channels": {"email": {"text": "other"}}}]}


def test_a_split_gives_everybody_one_variant_for_good_and_the_control_group_nothing() -> None:
    pipeline = world(campaign("c", split=SPLIT))
    people = [Person(pipeline, f"u{number}") for number in range(150)]
    for _ in range(2):
        for person in people:
            person.becomes(fan=True)
            person.orders(7)
    got: dict[str, set[tuple[str, str]]] = {}
    for each in pipeline.activations("email"):
        got.setdefault(each.identifier, set()).add((each.content["variant"], each.content["text"]))
    kinds = [kind for [kind] in got.values()]
    assert set(kinds) == {("a", "7"), ("b", "other")}
    assert min(map(kinds.count, set(kinds))) > 40
    assert reasons(pipeline) == ["control group"] * 2 * (150 - len(kinds))
    assert 15 < 150 - len(kinds) < 50


def test_the_control_group_is_in_no_audience() -> None:
    display = {"display": {"audience": "x", "purpose": "mail"}}
    pipeline = world(campaign("c", trigger="entered", channels=display, split={
        "control": 50, "variants": [{"id": "a", "percent": 50}]}), rule={"everyone": {}})
    for number in range(60):
        pipeline.send({"type": "track", "event": "A", "anonymousId": f"c{number}",
                       "context": {"consent": {"purposes": {"mail": True}}}})
    assert 15 < len(pipeline.activations("display")) < 45
    assert {each.content["variant"] for each in pipeline.activations()} == {"a"}


@pytest.mark.parametrize(("split", "fault"), [
    ({"variants": [{"id": "a", "percent": 60}]}, "adds up to 60 per cent"),
    ({"control": 10, "variants": [{"id": "a", "percent": 45}, {"id": "a", "percent": 45}]}, "two variants of one id"),
    ({"variants": [{"id": "a", "percent": 100, "channels": {"sms": {"text": "x"}}}]}, "variant a changes sms"),
])
def test_a_split_that_does_not_add_up_is_refused(split: Json, fault: str) -> None:
    documents = campaign("c", split=split) | {"segment/fans": {"kind": "segment", "id": "fans", "rule": {"everyone": {}}}}
    with pytest.raises(Misconfigured, match=fault):
        build(documents, 1, {})
