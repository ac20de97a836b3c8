"""Whom a display audience is made of: cookies and devices, or what `identifiers` of the campaign names (law L6)."""
from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import pytest

from streams.core.campaigns.explaining import explain
from streams.core.errors import Misconfigured
from streams.testing import Pipeline
from tests.definitions.refused import read_alone
from tests.pipeline.worlds import audience

YES = {"consent": {"purposes": {"personalised-ads": True, "email-marketing": True}}}
NO = {"consent": {"purposes": {"personalised-ads": False}}}
EVERYBODY: dict[str, Any] = {
    "segment/all": {"kind": "segment", "id": "all", "rule": {"everyone": {}}},
    "destination/ads": {"kind": "destination", "id": "ads", "channel": "display", "connector": "http", "settings": {}}}


def campaign(**display: Any) -> dict[str, Any]:
    return {"kind": "campaign", "id": "c", "segment": "all", "trigger": "both", "status": "live",
            "channels": {"display": {"audience": "a", "purpose": "personalised-ads", "destinations": ["ads"], **display}}}


def world(partitions: int, **display: Any) -> Pipeline:
    return Pipeline(EVERYBODY | {"campaign/c": campaign(**display)}, partitions)


def meet(pipeline: Pipeline, context: Mapping[str, Any] = YES) -> None:
    device = {"device": {"id": "d", "advertisingId": "AD"}}
    pipeline.send({"type": "identify", "userId": "u", "anonymousId": "c", "messageId": f"m{pipeline.now}",
                   "timestamp": pipeline.now, "context": {**context, **device},
                   "traits": {"email": "a@x.org", "phone": "+31612345678"}})


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize(("display", "members"), [
    ({}, {"cookie:c", "device_id:d", "device_ad_id:ad"}),
    ({"identifiers": ["email"]}, {"email:a@x.org"}),
    ({"identifiers": ["email", "phone", "device_ad_id"]}, {"email:a@x.org", "phone:+31612345678", "device_ad_id:ad"}),
    ({"identifiers": ["customer_id"]}, {"customer_id:u"}),
])
def test_the_campaign_says_which_identifiers(partitions: int, display: dict[str, Any], members: set[str]) -> None:
    pipeline = world(partitions, **display)
    meet(pipeline)
    assert audience(pipeline) == members


def test_an_address_is_out_when_advertising_is_not_permitted_though_mail_is() -> None:
    pipeline = world(4, identifiers=["email", "phone"])
    meet(pipeline)
    pipeline.advance(by=1_000)
    meet(pipeline, NO)
    assert audience(pipeline) == set() and len(pipeline.activations("display")) == 4
    assert {activation.purpose for activation in pipeline.activations("display")} == {"personalised-ads"}


def test_an_address_that_must_not_be_contacted_is_in_no_audience_and_the_others_stay() -> None:
    pipeline = world(4, identifiers=["email", "phone"])
    meet(pipeline)
    pipeline.request("suppress", "email:a@x.org", "unsubscribed")
    assert audience(pipeline) == {"phone:+31612345678"}


def test_a_changed_list_tells_the_difference_and_nothing_else() -> None:
    pipeline = world(4, identifiers=["email", "cookie"])
    meet(pipeline)
    before = len(pipeline.activations("display"))
    pipeline.advance(by=1_000)
    pipeline.apply(EVERYBODY | {"campaign/c": campaign(identifiers=["email", "phone"])})
    pipeline.advance(by=60_000)
    meet(pipeline)
    changes = {(each.identifier, each.change) for each in pipeline.activations("display")[before:]}
    assert changes == {("cookie:c", "exited"), ("phone:+31612345678", "entered")}


@pytest.mark.parametrize("purpose", ["email-marketing", "ads"])
def test_addresses_are_told_for_no_other_purpose(purpose: str) -> None:
    with pytest.raises(Misconfigured, match="expected the purpose personalised-ads"):
        read_alone(campaign(identifiers=["phone"], purpose=purpose))
    read_alone(campaign(identifiers=["cookie"], purpose=purpose))


def test_addresses_are_told_to_named_destinations_only() -> None:
    for identifiers, is_refused in ((["email"], True), (["cookie", "phone"], True), (["cookie"], False)):
        document = campaign(identifiers=identifiers)
        del document["channels"]["display"]["destinations"]
        with pytest.raises(Misconfigured, match="those that may be told") if is_refused else nullcontext():
            read_alone(document)


def test_a_namespace_is_one() -> None:
    with pytest.raises(Misconfigured, match="identifiers"):
        read_alone(campaign(identifiers=["E-mail"]))
    with pytest.raises(Misconfigured, match="identifiers"):
        read_alone(campaign(identifiers=[]))


def test_what_speaks_against_a_person_is_asked_of_what_the_audience_is_made_of() -> None:
    pipeline = world(1, identifiers=["email", "phone"])
    pipeline.send({"type": "page", "anonymousId": "c", "messageId": "m", "timestamp": pipeline.now, "context": YES})
    (profile,) = pipeline.profiles()
    (defined,) = pipeline.plan.definitions.campaigns
    assert [answer.says for answer in explain(profile, defined, pipeline.now)] == ["now: no email or phone known"]
    meet(pipeline)
    pipeline.request("suppress", "email:a@x.org", "bounced")
    (profile,) = pipeline.profiles()
    assert [answer.says for answer in explain(profile, defined, pipeline.now)] == ["now: nothing speaks against it"]
    pipeline.request("suppress", "phone:+31612345678", "unsubscribed")
    (profile,) = pipeline.profiles()
    assert [answer.says for answer in explain(profile, defined, pipeline.now)] == ["now: suppressed: bounced"]


TWO = EVERYBODY | {"destination/other": {
    "kind": "destination", "id": "other", "channel": "display", "connector": "http", "settings": {}}}


def moves(pipeline: Pipeline, changed: dict[str, Any]) -> list[tuple[str, str, str, list[str]]]:
    """What an edit of the campaign tells: change, identifier, audience, destinations."""
    meet(pipeline)
    before = len(pipeline.activations("display"))
    pipeline.advance(by=1_000)
    pipeline.apply(TWO | {"campaign/c": changed})
    pipeline.advance(by=60_000)
    return [(each.change, each.identifier, each.content["audience"], list(each.content["destinations"]))
            for each in pipeline.activations("display")[before:]]


@pytest.mark.parametrize(("edit", "audience", "destinations"), [
    ({"audience": "b"}, "b", ["ads"]), ({"destinations": ["other"]}, "a", ["other"]),
    ({"destinations": ["ads", "other"]}, "a", ["ads", "other"]),
])
def test_an_audience_that_moves_is_left_where_it_was(edit: dict[str, Any], audience: str, destinations: list[str]) -> None:
    pipeline = Pipeline(TWO | {"campaign/c": campaign(identifiers=["email"])}, 4)
    assert moves(pipeline, campaign(identifiers=["email"], **edit)) == [
        ("exited", "email:a@x.org", "a", ["ads"]), ("entered", "email:a@x.org", audience, destinations)]
    assert moves(pipeline, campaign(identifiers=["email"], **edit)) == []


def test_a_campaign_that_loses_its_display_channel_takes_everybody_out_where_they_were() -> None:
    pipeline = Pipeline(TWO | {"campaign/c": campaign(identifiers=["email"])}, 4)
    mail = campaign() | {"channels": {"email": {"subject": "Hi", "text": "hi", "purpose": "email-marketing"}}}
    assert moves(pipeline, mail) == [("exited", "email:a@x.org", "a", ["ads"])]


def test_a_withdrawal_is_told_where_people_are_and_not_where_a_paused_campaign_would_put_them() -> None:
    pipeline = Pipeline(TWO | {"campaign/c": campaign(identifiers=["email"])}, 4)
    meet(pipeline)
    pipeline.activate("c", "paused")
    assert moves(pipeline, campaign(identifiers=["email"], audience="b", destinations=["other"])) == []
    meet(pipeline, NO)
    last = pipeline.activations("display")[-1]
    assert (last.change, last.content["audience"], list(last.content["destinations"])) == ("exited", "a", ["ads"])
