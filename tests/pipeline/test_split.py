"""A split gives both sides back what was theirs, and old evidence does not join them again."""
from __future__ import annotations

from typing import Any

import pytest

from streams.testing import Pipeline
from tests.pipeline.mesh import unsettled
from tests.pipeline.worlds import people, send_all
from tests.strategies import EVERYTHING, HOUR, START

Message = dict[str, Any]
PARTITIONS = pytest.mark.parametrize("partitions", [1, 4, 16])
CONSENT = {"type": "track", "event": "Consent Preference Updated",
           "properties": {"purposes": {"personalised-ads": True, "email-marketing": True}}}


def event(number: int, name: str = "Product Added", **fields: Any) -> Message:
    return {"type": "track", "event": name, "messageId": f"m{number}", "timestamp": START + number * 1_000, **fields}


APART = [event(1, anonymousId="c1"), {**event(2, anonymousId="c1"), **CONSENT}, event(3, userId="u1"),
         event(4, name="Order Completed", userId="u1"), event(5, anonymousId="c1")]
JOINING = {"type": "identify", "traits": {"plan": "paid"}, "messageId": "login", "timestamp": START + 6_000,
           "userId": "u1", "anonymousId": "c1"}


def seen(pipeline: Pipeline, identifier: str) -> Message:
    found = pipeline.profile(identifier)
    assert found is not None
    return {"segments": [each["id"] for each in found["segments"]],
            **{key: found[key] for key in ("traits", "consent", "events", "first_seen", "last_seen", "identifiers")}}


@PARTITIONS
def test_both_sides_are_as_if_they_had_never_been_joined(partitions: int) -> None:
    pipeline = send_all(Pipeline(EVERYTHING, partitions), *APART, JOINING)
    pipeline.split("customer_id:u1", "cookie:c1")
    never = send_all(Pipeline(EVERYTHING, partitions), *APART, {k: v for k, v in JOINING.items() if k != "anonymousId"})
    for identifier in ("cookie:c1", "customer_id:u1"):
        assert seen(pipeline, identifier) == seen(never, identifier)
    assert people(pipeline) == people(never)
    assert not unsettled(pipeline)
    later = event(9, anonymousId="c1")
    assert people(send_all(pipeline, later)) == people(send_all(never, later))


def test_identifiers_of_a_request_mean_what_they_mean_in_messages() -> None:
    pipeline = send_all(Pipeline(EVERYTHING), event(1, userId="u1", context={"traits": {"email": "Jane@X.com"}}))
    pipeline.split("customer_id: u1 ", "email:JANE@x.com", "email: jane@x.com")
    assert [each["identifier"] for each in seen(pipeline, "customer_id:u1")["identifiers"]] == ["customer_id:u1"]
    assert [receipt.outcome for receipt in pipeline.receipts] == ["done"]


@PARTITIONS
def test_the_identifier_that_gave_the_profile_its_key_can_leave_and_come_back(partitions: int) -> None:
    both = {"anonymousId": "c1", "userId": "u1"}
    pipeline = send_all(Pipeline(EVERYTHING, partitions), event(1, anonymousId="c1"), event(2, **both))
    for number in range(3):
        pipeline.split("customer_id:u1", "cookie:c1")
        apart = people(pipeline)
        assert set(apart) == {frozenset({"cookie:c1"}), frozenset({"customer_id:u1"})}
        send_all(pipeline, event(10 + number, **both))
        assert set(people(pipeline)) == {frozenset({"cookie:c1", "customer_id:u1"})}
    (messages,) = people(pipeline).values()
    assert sorted(messages) == ["m1", "m10", "m11", "m12", "m2"]
    assert [line.change for line in pipeline.identity].count("split") == 3


@PARTITIONS
def test_old_evidence_does_not_join_them_again_and_new_evidence_does(partitions: int) -> None:
    pipeline = send_all(Pipeline(EVERYTHING, partitions), *APART, JOINING)
    pipeline.split("cookie:c1", "cookie:c1")
    late = event(0, userId="u1", anonymousId="c1", receivedAt=START + HOUR)
    pipeline.send(late, START + HOUR)
    pipeline.send({**JOINING, "messageId": "replayed"}, START + HOUR)
    assert set(people(pipeline)) == {frozenset({"cookie:c1"}), frozenset({"customer_id:u1"})}
    assert {"m0", "replayed", "login"} <= set(people(pipeline)[frozenset({"customer_id:u1"})])
    refusals = [line for line in pipeline.identity if line.change == "refused"]
    assert [line.reason for line in refusals] == ["parted by a split since"] * 2
    pipeline.send(event(2 * 3_600, userId="u1", anonymousId="c1"), START + 2 * HOUR)
    assert set(people(pipeline)) == {frozenset({"cookie:c1", "customer_id:u1"})}


@PARTITIONS
def test_what_channels_were_told_goes_along_and_is_told_once(partitions: int) -> None:
    pipeline = send_all(Pipeline(EVERYTHING, partitions), *APART)
    before = [a for a in pipeline.activations("display") if a.identifier == "cookie:c1"]
    assert [a.change for a in before if a.campaign_id == "ads"] == ["entered"]
    send_all(pipeline, JOINING)
    pipeline.split("customer_id:u1", "cookie:c1")
    told = [a.change for a in pipeline.activations("display") if a.identifier == "cookie:c1" and a.campaign_id == "ads"]
    assert told == ["entered"]
    pipeline.advance(by=48 * HOUR)
    told = [a.change for a in pipeline.activations("display") if a.identifier == "cookie:c1" and a.campaign_id == "ads"]
    assert told == ["entered", "exited"]
    assert {line.cause for line in pipeline.memberships} >= {"split"}


@PARTITIONS
def test_who_has_no_event_of_his_own_is_in_no_segment_until_the_first(partitions: int) -> None:
    """A cookie that was only ever seen beside a customer id leaves with nothing: the events are the customer's."""
    pipeline = send_all(Pipeline(EVERYTHING, partitions),
                        event(1, userId="u1", anonymousId="c1"), {**event(2, userId="u1"), **CONSENT})
    pipeline.split("customer_id:u1", "cookie:c1")
    assert seen(pipeline, "cookie:c1")["segments"] == []
    assert "cookie:c1" not in pipeline.members("everybody")
    display = [a.change for a in pipeline.activations("display") if a.identifier == "cookie:c1" and a.campaign_id == "ads"]
    assert display == ["entered", "exited"]
    send_all(pipeline, event(9, name="Email Opened", anonymousId="c1"))
    assert seen(pipeline, "cookie:c1")["segments"] == ["browsers", "everybody"]


@pytest.mark.parametrize(("split_off", "reason"), [
    ((), "no identifiers"), (("cookie:c2",), "not all"), (("cookie:c1", "phone:0612345678"), "it names no identifier"),
    (("cookie:c1", "customer_id:u1"), "nothing would be left")])
def test_a_split_that_cannot_be_done_changes_nothing_and_says_why(split_off: tuple[str, ...], reason: str) -> None:
    pipeline = send_all(Pipeline(EVERYTHING, 4), *APART, JOINING)
    before = people(pipeline)
    pipeline.split("customer_id:u1", *split_off)
    (receipt,) = pipeline.receipts
    assert (receipt.outcome, receipt.reason is not None and receipt.reason.startswith(reason)) == ("refused", True)
    assert people(pipeline) == before
