"""What an advertisement is filled with for one person: templates, as messages have them."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.campaigns.explaining import explain
from streams.core.errors import Misconfigured
from streams.definitions import build
from streams.testing import Pipeline
from tests.pipeline.test_expiry import traces

CONSENT = {"consent": {"purposes": {"personalised-ads": True}}}
HEADLINE = "{{ name | default('You') }}, {{ orders }} and {{ 6 // event.properties.n }}"


def definitions(**campaign: Any) -> dict[str, Any]:
    return {
        "segment/buyers": {"kind": "segment", "id": "buyers", "rule": {
            "performed": {"event": "Order Completed", "within": "1d"}}},
        "computed-trait/orders": {"kind": "computed-trait", "id": "orders", "function": "count", "event": "Order Completed"},
        "campaign/c": {"kind": "campaign", "id": "c", "segment": "buyers", "status": "live", "channels": {"display": {
            "audience": "a", "purpose": "personalised-ads",
            "parameters": {"headline": HEADLINE, "colour": "red"}}}} | campaign}


def order(pipeline: Pipeline, cookie: str, n: int, **traits: str) -> None:
    context = CONSENT | {"device": {"id": f"of-{cookie}"}}
    pipeline.send({"type": "identify", "anonymousId": cookie, "messageId": f"i-{cookie}", "traits": traits,
                   "context": context})
    pipeline.send({"type": "track", "event": "Order Completed", "anonymousId": cookie, "messageId": f"o-{cookie}",
                   "properties": {"n": n}, "context": context})


@pytest.mark.parametrize("partitions", [1, 4])
def test_who_enters_is_told_with_what_is_known_of_them_and_who_leaves_without(partitions: int) -> None:
    pipeline = Pipeline(definitions(), partitions)
    order(pipeline, "c1", 2, name="Jane")
    order(pipeline, "c2", 3)
    said = {(a.identifier, a.change): a.content for a in pipeline.activations("display")}
    assert said["cookie:c1", "entered"] == said["device_id:of-c1", "entered"] == {
        "audience": "a", "parameters": {"colour": "red", "headline": "Jane, 1 and 3"}}
    assert said["cookie:c2", "entered"]["parameters"]["headline"] == "You, 1 and 2"
    assert not traces(pipeline, b"headline"), "it is said and not kept"
    pipeline.advance(by=86_400_000)
    said = {(a.identifier, a.change): a.content for a in pipeline.activations("display")}
    assert len(said) == 8 and said["cookie:c1", "exited"] == {"audience": "a"}


def test_one_that_cannot_be_filled_is_a_dead_letter_and_no_other_is() -> None:
    pipeline = Pipeline(definitions(), 1)
    order(pipeline, "c1", 0)
    order(pipeline, "c2", 1)
    assert {a.identifier for a in pipeline.activations("display")} == {"cookie:c2", "device_id:of-c2"}
    pipeline.send({"type": "page", "anonymousId": "c1", "messageId": "again", "context": CONSENT})
    assert [reason for _, reason in pipeline.rejected] == ["parameters.headline cannot be rendered: ZeroDivisionError"]
    (broken, _) = sorted(pipeline.profiles(), key=lambda profile: profile.created)
    (campaign,) = pipeline.plan.definitions.campaigns
    assert "dead letter: parameters.headline cannot be rendered: ZeroDivisionError" in [
        answer.says for answer in explain(broken, campaign, pipeline.now)]
    mended = definitions()
    mended["campaign/c"]["channels"]["display"]["parameters"] = {"headline": "Hello"}
    pipeline.apply(mended)
    pipeline.advance(by=0)
    assert len({a.identifier for a in pipeline.activations("display")}) == 4


def test_a_variant_has_its_own_and_apply_tries_all_of_them_on_the_samples() -> None:
    own = {"channels": {"display": {"parameters": {"headline": "{{ 1 // x }}"}}}}
    split = {"variants": [{"id": "one", "percent": 1}, {"id": "own", "percent": 99, **own}]}
    sample: dict[str, Any] = {"traits": {"x": 1}, "event": {"name": "A", "properties": {"n": 1}}}
    pipeline = Pipeline(definitions(split=split, samples=[sample]), 1)
    assert len(pipeline.plan.definitions.campaigns[0].variants) == 2
    with pytest.raises(Misconfigured, match=r"channels\.display\.parameters\.headline cannot be rendered for sample 1"):
        build(definitions(split=split, samples=[sample | {"traits": {"x": 0}}]), 1, {})


@pytest.mark.parametrize("parameters", [{}, [], "x", {"a": 1}, {"a": "{% if %}"}])
def test_parameters_are_templates_by_name(parameters: Any) -> None:
    with pytest.raises(Misconfigured, match="parameters"):
        build(definitions(channels={"display": {"audience": "a", "purpose": "p", "parameters": parameters}}), 1, {})


def test_l10_many_long_parameters_are_a_dead_letter_and_no_record_that_nobody_takes() -> None:
    many = {f"p{number}": "{{ name }}" for number in range(20)}
    channel = {"display": {"audience": "a", "purpose": "personalised-ads", "parameters": many}}
    pipeline = Pipeline(definitions(channels=channel), 1)
    order(pipeline, "c1", 1, name="x" * 480_000)
    order(pipeline, "c2", 1, name="x" * 1_000)
    assert {a.identifier for a in pipeline.activations("display")} == {"cookie:c2", "device_id:of-c2"}
    assert {reason for _, reason in pipeline.rejected} == {"all fields together are longer than 4 MiB"}
