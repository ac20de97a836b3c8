"""`privacy.requests`: suppress and unsuppress, asked at the moment of sending, wherever the identifier goes (law L6)."""
from __future__ import annotations

from typing import Any

import pytest

from schemas.codec import Codec
from streams.core.outputs import MembershipsNow
from streams.task.outputs import AvroSink
from streams.task.requesting import request
from streams.testing import Pipeline
from tests.pipeline.erased import DAY, STATED, found_in, kept
from tests.pipeline.worlds import audience

CONSENT = {"consent": {"purposes": {"personalised-ads": True, "email-marketing": True}}}
DEFINITIONS: dict[str, Any] = {
    "segment/all": {"kind": "segment", "id": "all", "rule": {"everyone": {}}},
    "campaign/c": {
        "kind": "campaign", "id": "c", "segment": "all", "trigger": {"each": "Hello"}, "status": "live",
        "channels": {"email": {"subject": "Hi", "text": "hi", "purpose": "email-marketing"},
                     "display": {"audience": "a", "destinations": ["gam"], "purpose": "personalised-ads"}}},
}


@pytest.fixture(params=[1, 4, 16])
def pipeline(request: pytest.FixtureRequest) -> Pipeline:
    return Pipeline(DEFINITIONS, request.param)


def hello(pipeline: Pipeline, email: str = "", **who: str) -> int:
    """One event; how many e-mails it made."""
    before = len(pipeline.activations("email"))
    context = CONSENT | ({"traits": {"email": email}} if email else {})
    at = pipeline.now + 1_000
    pipeline.send({"type": "track", "event": "Hello", "messageId": f"m{at}", "timestamp": at, "context": context, **who}, at)
    return len(pipeline.activations("email")) - before


def looked_up(pipeline: Pipeline) -> set[str]:
    records = {o.identifier: o.segments for o in pipeline.collected.outputs if isinstance(o, MembershipsNow)}
    return {identifier for identifier, segments in records.items() if segments}


def test_an_address_that_bounced_gets_no_more_until_it_is_taken_off(pipeline: Pipeline) -> None:
    assert hello(pipeline, "a@x.org", userId="u") == 1
    pipeline.request("suppress", "email:a@x.org", "bounced")
    assert hello(pipeline, "a@x.org", userId="u") == 0
    assert pipeline.suppressed[-1].reason == "suppressed: bounced"
    pipeline.request("unsuppress", "email:a@x.org")
    assert hello(pipeline, "a@x.org", userId="u") == 1


def test_a_cookie_leaves_audiences_and_look_ups_at_once(pipeline: Pipeline) -> None:
    hello(pipeline, anonymousId="c")
    assert audience(pipeline) == looked_up(pipeline) == {"cookie:c"}
    pipeline.request("suppress", "cookie:c")
    assert audience(pipeline) == looked_up(pipeline) == set()
    pipeline.request("unsuppress", "cookie:c")
    assert audience(pipeline) == looked_up(pipeline) == {"cookie:c"}


def test_an_edit_that_changes_nobodys_segments_says_nothing_to_look_ups(pipeline: Pipeline) -> None:
    hello(pipeline, anonymousId="c")
    pipeline.apply(DEFINITIONS | {"segment/none": {"kind": "segment", "id": "none", "rule": {"not": {"everyone": {}}}}})
    pipeline.advance(by=1_000)
    assert [o.identifier for o in pipeline.collected.outputs if isinstance(o, MembershipsNow)] == ["cookie:c"]


def test_to_suppress_a_customer_is_to_suppress_the_person(pipeline: Pipeline) -> None:
    hello(pipeline, "a@x.org", userId="u", anonymousId="c")
    pipeline.request("suppress", "customer_id:u", "complained")
    assert audience(pipeline) == set()
    assert hello(pipeline, "a@x.org", userId="u", anonymousId="c") == 0


def test_an_identifier_that_nobody_has_yet_is_listed_before_its_first_event(pipeline: Pipeline) -> None:
    pipeline.request("suppress", "email:a@x.org", "unsubscribed")
    pipeline.request("suppress", "cookie:c")
    assert hello(pipeline, "a@x.org") == 0
    hello(pipeline, anonymousId="c")
    assert audience(pipeline) == set()
    assert hello(pipeline, "a@x.org", anonymousId="c") == 0


def test_an_address_that_nobody_has_yet_can_be_taken_off_before_its_first_event(pipeline: Pipeline) -> None:
    pipeline.request("suppress", "email:a@x.org", "bounced")
    pipeline.request("unsuppress", "email:a@x.org")
    assert pipeline.receipts[-1].reason is None
    assert hello(pipeline, "a@x.org", userId="u") == 1


@pytest.mark.parametrize("apart", [0, DAY, STATED])
def test_to_take_off_who_is_not_listed_writes_nothing_even_of_the_erased(pipeline: Pipeline, apart: int) -> None:
    hello(pipeline, "a@x.org", userId="jane-777")
    pipeline.erase("customer_id:jane-777")
    pipeline.advance(by=STATED)
    for identifier in ["customer_id:jane-777"] * 2 + ["email:a@x.org"] * 2 + ["email:never@x.org"]:
        pipeline.request("unsuppress", identifier)
        pipeline.advance(by=apart)
    assert found_in(kept(pipeline), ("jane-777", "a@x.org", "never@x.org")) == []
    assert pipeline.receipts[-1].reason == "it is not on the list: nothing to do" and not pipeline.receipts[-1].places
    hello(pipeline, userId="jane-777")
    assert pipeline.profile("customer_id:jane-777") is not None


def test_to_take_off_whom_somebody_has_is_answered_with_the_person_though_they_were_not_listed(pipeline: Pipeline) -> None:
    hello(pipeline, "a@x.org", userId="u")
    pipeline.request("unsuppress", "email:a@x.org")
    seen = pipeline.profile("email:a@x.org")
    assert seen is not None and pipeline.receipts[-1].profile_id == seen["profile_id"]


def test_it_goes_with_the_identifier_through_a_merge(pipeline: Pipeline) -> None:
    hello(pipeline, "a@x.org")
    pipeline.request("suppress", "email:a@x.org", "bounced")
    hello(pipeline, userId="u", anonymousId="c")
    assert hello(pipeline, "a@x.org", userId="u") == 0
    assert hello(pipeline, "a@x.org", anonymousId="c") == 0
    assert audience(pipeline) == {"cookie:c"}, "the address is suppressed, not the person"


def test_it_stays_when_a_person_is_named_anew_because_the_cookie_they_began_as_is_erased(pipeline: Pipeline) -> None:
    hello(pipeline, anonymousId="c")
    hello(pipeline, "a@x.org", anonymousId="c", userId="u")
    pipeline.request("suppress", "email:a@x.org", "bounced")
    pipeline.split("cookie:c", "cookie:c")
    pipeline.erase("cookie:c")
    assert len([line for line in pipeline.identity if line.change == "merged"]) == 1, "that is how it is told"
    assert hello(pipeline, "a@x.org", userId="u") == 0


def test_it_goes_with_an_address_that_is_split_off(pipeline: Pipeline) -> None:
    hello(pipeline, "a@x.org", userId="u")
    pipeline.request("suppress", "email:a@x.org", "bounced")
    pipeline.split("email:a@x.org", "email:a@x.org")
    assert hello(pipeline, "a@x.org") == 0


def test_it_goes_with_a_device_that_moves_to_another_person(pipeline: Pipeline) -> None:
    hello(pipeline, userId="u", anonymousId="c")
    pipeline.request("suppress", "cookie:c")
    hello(pipeline, userId="v", anonymousId="c")
    hello(pipeline, userId="v", anonymousId="d")
    assert audience(pipeline) == {"cookie:d"}
    pipeline.request("unsuppress", "cookie:c")
    assert audience(pipeline) == {"cookie:c", "cookie:d"}


def test_a_receipt_says_what_was_done_and_names_nobody(pipeline: Pipeline) -> None:
    hello(pipeline, "a@x.org", userId="u")
    pipeline.request("suppress", "email:a@x.org", "bounced", request_id="r1")
    receipt = pipeline.receipts[0]
    seen = pipeline.profile("email:a@x.org")
    assert seen is not None and receipt.profile_id == seen["profile_id"]
    records = AvroSink(Codec(), "test").records([receipt], pipeline.plan, pipeline.now)
    assert [(record.topic, record.key) for record in records] == [("privacy.receipts", b"r1")]
    assert records[0].value is not None and b"a@x.org" not in records[0].value
    decoded = Codec().decode("privacy_receipt", records[0].value)
    assert {place["place"]: place["records"] for place in decoded["places"]} == {"identities": 1, "profiles": 1}


def test_what_cannot_be_done_is_answered_with_the_reason(pipeline: Pipeline) -> None:
    pipeline.request("suppress", "a@x.org")
    (receipt,) = pipeline.receipts
    assert receipt.outcome == "refused" and receipt.reason is not None and "expected namespace:value" in receipt.reason
    assert pipeline.rejected == []


def test_an_address_may_be_written_as_people_write_it(pipeline: Pipeline) -> None:
    pipeline.request("suppress", "email:A@X.org", "bounced")
    assert hello(pipeline, "a@x.org", userId="u") == 0


def test_what_is_asked_is_a_record_of_the_topic() -> None:
    asked = request("split", "cookie:c", request_id="r2", source="cli", at=1_000, split_off=("email:a@x.org",))
    assert Codec().decode("privacy_request", Codec().encode("privacy_request", asked)) == asked


def test_l10_a_long_reason_is_cut_and_a_request_of_megabytes_refused() -> None:
    """Each identifier of a profile has its own, and whoever takes the person over takes them along."""
    pipeline = Pipeline({}, 1)
    pipeline.send({"type": "identify", "userId": "u", "traits": {"email": "a@example.org"}})
    pipeline.request("suppress", "email:a@example.org", "x" * 900_000)
    pipeline.request("suppress", "email:a@example.org", "x" * 2_000_000)
    [profile] = pipeline.profiles()
    assert [len(reason) for _, reason in profile.suppressed.values()] == [1_000]
    assert [reason for _, reason in pipeline.rejected] == ["the request has more than 1,048,576 bytes"]
