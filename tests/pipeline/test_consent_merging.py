"""L6 across a merge: whom two halves of a person contradict each other about, nobody speaks to."""
from __future__ import annotations

from typing import Any

import pytest

from streams.testing import Pipeline

ADS = "personalised-ads"
DEFINITIONS: dict[str, Any] = {
    "segment/all": {"kind": "segment", "id": "all", "rule": {"everyone": {}}},
    "segment/granted": {"kind": "segment", "id": "granted", "rule": {"consent": {"purpose": ADS}}},
    "campaign/ads": {
        "kind": "campaign", "id": "ads", "segment": "all", "status": "live",
        "channels": {"display": {"audience": "a", "destinations": ["gam"], "purpose": ADS}}},
}
MINUTE = 60_000


def said(
    pipeline: Pipeline, whose: dict[str, str], source: str, *, granted: bool | None, at: int, device: str = "",
) -> None:
    consent: dict[str, Any] = {} if granted is None else {"consent": {"purposes": {ADS: granted}}}
    consent |= {"device": {"id": device}} if device else {}
    pipeline.send({"type": "page", **whose, "messageId": f"m{at}", "timestamp": at,
                   "context": {"source": {"type": "web", "name": source}, **consent}}, at)


def audience(pipeline: Pipeline) -> set[str]:
    """The channel's state, as its topic replays to it."""
    told: dict[str, str] = {}
    for activation in pipeline.activations("display"):
        told[activation.identifier] = activation.change
    return {identifier for identifier, change in told.items() if change == "entered"}


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize(("cookie", "customer", "wanted"), [
    (("web", True, 2), ("crm", False, 1), False),
    (("web", True, 1), ("crm", False, 2), False),
    (("web", True, 2), ("web", False, 1), True),
    (("web", False, 2), ("web", True, 1), False),
    (("web", True, 2), ("crm", True, 1), True),
    (("web", True, 2), ("crm", None, 1), True),
])
def test_l6_the_more_restrictive_unless_newer_from_the_same_source(
    cookie: tuple[str, bool, int], customer: tuple[str, bool | None, int], partitions: int, *, wanted: bool,
) -> None:
    pipeline = Pipeline(DEFINITIONS, partitions)
    for source, granted, minute, whose in sorted(
            [(*cookie, "anonymousId"), (*customer, "userId")], key=lambda each: each[2]):
        said(pipeline, {whose: "x"}, source, granted=granted, at=minute * MINUTE)
    said(pipeline, {"anonymousId": "x", "userId": "x"}, "app", granted=None, at=5 * MINUTE)
    assert (audience(pipeline) == {"cookie:x"}) is wanted
    view = pipeline.profile("cookie:x")
    assert view is not None and view["consent"][ADS] is wanted


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize("is_taken_back", [True, False])
def test_l6_of_three_who_are_joined_at_once_a_denial_ends_by_a_later_grant_of_its_source_only(
    partitions: int, *, is_taken_back: bool,
) -> None:
    pipeline = Pipeline(DEFINITIONS, partitions)
    said(pipeline, {"anonymousId": "x"}, "crm", granted=not is_taken_back, at=1 * MINUTE)
    said(pipeline, {"userId": "x"}, "crm", granted=is_taken_back, at=2 * MINUTE)
    said(pipeline, {}, "web", granted=True, at=3 * MINUTE, device="d")
    said(pipeline, {"anonymousId": "x", "userId": "x"}, "app", granted=None, at=4 * MINUTE, device="d")
    assert audience(pipeline) == ({"cookie:x", "device_id:d"} if is_taken_back else set())


@pytest.mark.parametrize(("first", "then"), [("anonymousId", "userId"), ("userId", "anonymousId")])
def test_l6_what_a_person_said_last_counts_in_a_merge_by_whichever_identifier_it_was_said(first: str, then: str) -> None:
    pipeline = Pipeline(DEFINITIONS)
    said(pipeline, {"anonymousId": "x", "userId": "x"}, "app", granted=None, at=1 * MINUTE)
    said(pipeline, {first: "x"}, "crm", granted=True, at=2 * MINUTE)
    said(pipeline, {then: "x"}, "crm", granted=False, at=3 * MINUTE)
    said(pipeline, {}, "web", granted=True, at=4 * MINUTE, device="d")
    said(pipeline, {"userId": "x"}, "app", granted=None, at=5 * MINUTE, device="d")
    assert audience(pipeline) == set()


def test_l6_a_merge_that_holds_a_grant_back_takes_it_from_the_channel_and_the_next_grant_gives_it_back() -> None:
    pipeline = Pipeline(DEFINITIONS)
    said(pipeline, {"userId": "u"}, "crm", granted=False, at=1 * MINUTE)
    said(pipeline, {"anonymousId": "c"}, "web", granted=True, at=2 * MINUTE)
    assert audience(pipeline) == {"cookie:c"}
    said(pipeline, {"anonymousId": "c", "userId": "u"}, "app", granted=None, at=3 * MINUTE)
    assert audience(pipeline) == set()
    assert pipeline.members("granted") == {"cookie:c", "customer_id:u"}, "the rule goes by the newest statement"
    said(pipeline, {"anonymousId": "d"}, "web", granted=None, at=4 * MINUTE)
    said(pipeline, {"anonymousId": "d", "userId": "u"}, "web", granted=None, at=5 * MINUTE)
    assert audience(pipeline) == set(), "a further merge keeps it back"
    said(pipeline, {"anonymousId": "c"}, "web", granted=True, at=6 * MINUTE)
    assert audience(pipeline) == {"cookie:c", "cookie:d"}


def test_l6_what_a_part_was_held_back_from_the_whole_is_too() -> None:
    pipeline = Pipeline(DEFINITIONS)
    said(pipeline, {"anonymousId": "old"}, "web", granted=None, at=1 * MINUTE)
    said(pipeline, {"anonymousId": "a"}, "crm", granted=False, at=2 * MINUTE)
    said(pipeline, {"anonymousId": "b"}, "web", granted=True, at=3 * MINUTE)
    for number, other in enumerate(("b", "a", "old")):
        said(pipeline, {"anonymousId": other, "userId": "u"}, "app", granted=None, at=(4 + number) * MINUTE)
    assert audience(pipeline) == set()


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize("is_withdrawn_by_the_message", [True, False])
def test_l6_a_merge_that_ends_consent_empties_the_audiences_of_paused_campaigns_too(
    partitions: int, *, is_withdrawn_by_the_message: bool,
) -> None:
    pipeline = Pipeline(DEFINITIONS, partitions)
    said(pipeline, {"anonymousId": "c"}, "web", granted=True, at=1 * MINUTE)
    said(pipeline, {"userId": "u"}, "crm", granted=None if is_withdrawn_by_the_message else False, at=2 * MINUTE)
    pipeline.activate("ads", "paused")
    assert audience(pipeline) == {"cookie:c"}
    said(pipeline, {"anonymousId": "c", "userId": "u"}, "web", at=3 * MINUTE,
         granted=False if is_withdrawn_by_the_message else None)
    assert audience(pipeline) == set()


@pytest.mark.parametrize("partitions", [1, 4])
def test_l6_who_is_split_off_from_what_gave_consent_is_out_of_paused_campaigns_too(partitions: int) -> None:
    pipeline = Pipeline(DEFINITIONS, partitions)
    said(pipeline, {"userId": "u"}, "crm", granted=True, at=1 * MINUTE)
    said(pipeline, {"anonymousId": "c"}, "web", granted=None, at=2 * MINUTE)
    said(pipeline, {"anonymousId": "c", "userId": "u"}, "app", granted=None, at=3 * MINUTE)
    assert audience(pipeline) == {"cookie:c"}
    pipeline.activate("ads", "paused")
    pipeline.split("customer_id:u", "cookie:c")
    assert audience(pipeline) == set()
