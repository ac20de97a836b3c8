"""L6 while a message is under way: who withdraws consent in a message that is still to be decided has withdrawn it."""
from __future__ import annotations

from typing import Any

import orjson
import pytest

from schemas.codec import Codec
from streams.core.consent.merging import ANNOUNCED, forget_announced
from streams.core.homes import REALM
from streams.core.profile import Profile
from streams.pipeline import NO_TIMERS, Pipeline
from streams.task.partitioning import partition_of
from streams.task.requesting import request
from streams.task.sweep import Sweep
from streams.unit import Inbound
from tests.pipeline.test_consent_merging import ADS, audience

MAIL, PARTITIONS = "email-marketing", 8
DEFINITIONS: dict[str, Any] = {
    "segment/all": {"kind": "segment", "id": "all", "rule": {"everyone": {}}},
    "segment/granted": {"kind": "segment", "id": "granted", "rule": {"consent": {"purpose": ADS}}},
    "campaign/ads": {"kind": "campaign", "id": "ads", "segment": "all", "status": "live", "channels": {"display": {
        "audience": "a", "destinations": ["gam"], "purpose": ADS}}},
    "campaign/each": {"kind": "campaign", "id": "each", "segment": "all", "status": "live", "trigger": {"each": "Order"},
                      "channels": {"email": {"subject": "Hello", "text": "Hi", "purpose": MAIL}}}}
USER = next(f"u{n}" for n in range(99) if partition_of(f"customer_id:u{n}", PARTITIONS) != partition_of(REALM, PARTITIONS))
HOME = partition_of(f"customer_id:{USER}", PARTITIONS)
Message = dict[str, Any]


def message(number: int, *, granted: bool | None = None, late: int = 0, **fields: Any) -> Message:
    context = fields.pop("context", {})
    if granted is not None:
        context = context | {"consent": {"purposes": {ADS: granted, MAIL: granted}}}
    return {"type": "track", "event": "Order", "userId": USER, "messageId": f"m{number}", "receivedAt": number * 1_000,
            "timestamp": (number - late) * 1_000, "context": context} | fields


def begun() -> Pipeline:
    pipeline = Pipeline(DEFINITIONS, PARTITIONS)
    pipeline.send(message(1, type="identify", anonymousId="c", traits={"email": "u@example.org"}, granted=True))
    assert audience(pipeline) == {"cookie:c"}
    return pipeline


def comes_home(pipeline: Pipeline, message: Message) -> None:
    """Handled at the home of the customer id, and no further: what it sends elsewhere waits."""
    pipeline.now = message["receivedAt"]
    record = Inbound("events.hits", HOME, 0, None, orjson.dumps(message), pipeline.now)
    pipeline._run(HOME, [record], NO_TIMERS)


def goes_on_elsewhere(pipeline: Pipeline) -> None:
    """Everything but what comes to the home of the customer id."""
    while waiting := [index for index, records in enumerate(pipeline._waiting) if records and index != HOME]:
        for index in waiting:
            goes_on(pipeline, index)


def goes_on(pipeline: Pipeline, index: int) -> None:
    batch = list(pipeline._waiting[index])
    pipeline._waiting[index].clear()
    pipeline._run(index, batch, NO_TIMERS)


def marks(pipeline: Pipeline) -> list[Message]:
    return [profile.restrained for profile in pipeline.profiles() if profile.restrained]


DEVICE = {"device": {"id": "d"}}


@pytest.mark.parametrize("first", [{"anonymousId": "c"}, {}], ids=["linked", "alone"])
def test_l6_a_withdrawal_that_brings_new_evidence_holds_before_it_is_decided(first: Message) -> None:
    """A message that the same person caused in between was sent, and audiences were left only afterwards."""
    pipeline = Pipeline(DEFINITIONS, PARTITIONS)
    pipeline.send(message(1, granted=True, **first))
    pipeline.send(message(2, type="identify", traits={"email": "u@example.org"}))
    comes_home(pipeline, message(3, granted=False, event="Other", context=DEVICE))
    comes_home(pipeline, message(4))
    assert not [each for each in pipeline.activations() if each.at >= 3_000 and each.change != "exited"]
    assert audience(pipeline) == set()
    pipeline.advance(by=1)
    pipeline._drain()
    assert pipeline.members("granted") == set()
    assert audience(pipeline) == set() and marks(pipeline) == []


def test_l6_a_withdrawal_under_way_is_no_answer_to_a_later_grant() -> None:
    pipeline = begun()
    comes_home(pipeline, message(3, granted=False, event="Other", context=DEVICE))
    assert audience(pipeline) == set()
    comes_home(pipeline, message(4, granted=True))
    assert audience(pipeline) == {"cookie:c"}
    pipeline._drain()
    assert audience(pipeline) == {"cookie:c", "device_id:d"} and marks(pipeline) == []


def test_l6_of_two_withdrawals_under_way_the_later_one_holds_too() -> None:
    """A grant from between them was acted on: what it was held against was the first one alone."""
    pipeline = begun()
    comes_home(pipeline, message(3, granted=False, event="Other", context=DEVICE))
    comes_home(pipeline, message(6, granted=False, event="Other", context=DEVICE))
    comes_home(pipeline, message(7, granted=True, late=2))
    assert audience(pipeline) == set() and not pipeline.activations("email")
    pipeline._drain()
    assert audience(pipeline) == set() and marks(pipeline) == []


def test_l6_an_older_withdrawal_that_comes_after_a_newer_one_takes_nothing_off_it() -> None:
    pipeline = begun()
    comes_home(pipeline, message(6, granted=False, event="Other", context=DEVICE))
    comes_home(pipeline, message(7, granted=False, late=4, event="Other", context=DEVICE))
    comes_home(pipeline, message(8, granted=True, late=3))
    assert audience(pipeline) == set() and not pipeline.activations("email")
    pipeline._drain()
    assert audience(pipeline) == set() and marks(pipeline) == []


def test_a_late_withdrawal_under_way_withdraws_no_later_grant() -> None:
    pipeline = begun()
    comes_home(pipeline, message(3, granted=False, late=3, event="Other", context=DEVICE))
    assert audience(pipeline) == {"cookie:c"} and marks(pipeline) == []


def test_what_a_rule_says_of_consent_waits_for_the_decision() -> None:
    """As every other rule does: the event is folded once it is decided."""
    pipeline = begun()
    comes_home(pipeline, message(3, granted=False, event="Other", context=DEVICE))
    assert pipeline.members("granted") and audience(pipeline) == set()
    pipeline._drain()
    assert not pipeline.members("granted")


def test_a_withdrawal_of_who_is_split_off_meanwhile_is_theirs_alone() -> None:
    """The profile hears of it before it hears of the split, which was decided first."""
    pipeline = begun()
    pipeline._waiting[partition_of(REALM, PARTITIONS)].append(Inbound(
        "privacy.requests", 0, 0, b"", Codec().encode("privacy_request", request(
            "split", "cookie:c", request_id="r", source="test", at=2_000, split_off=[f"customer_id:{USER}"])), 2_000))
    goes_on_elsewhere(pipeline)
    assert pipeline._waiting[HOME]
    comes_home(pipeline, message(3, granted=False, event="Other", context=DEVICE))
    assert audience(pipeline) == set() and len(marks(pipeline)) == 1
    pipeline._drain()
    assert len(pipeline.profiles()) == 2 and marks(pipeline) == []


def test_l6_a_withdrawal_from_before_its_identifier_moved_on_holds_for_whose_it_was() -> None:
    """The profile hears that the device has left after it heard of the withdrawal, and before that is decided."""
    device = next(f"d{n}" for n in range(99) if partition_of(f"device_id:d{n}", PARTITIONS) == HOME)
    other = next(f"v{n}" for n in range(99) if partition_of(f"customer_id:v{n}", PARTITIONS) != HOME)
    context, pipeline = {"device": {"id": device}}, Pipeline(DEFINITIONS, PARTITIONS)
    pipeline.send(message(1, type="identify", context=context, traits={"email": "u@example.org"}, granted=True))
    pipeline.now = 5_000
    pipeline._waiting[partition_of(f"customer_id:{other}", PARTITIONS)].append(Inbound(
        "events.hits", 0, 0, None, orjson.dumps(message(5, userId=other, context=context, event="Other")), 5_000))
    goes_on_elsewhere(pipeline)
    goes_on(pipeline, HOME)
    goes_on_elsewhere(pipeline)
    comes_home(pipeline, message(6, late=3, userId=None, anonymousId="c", granted=False, event="Other", context=context))
    assert len(marks(pipeline)) == 1
    goes_on(pipeline, HOME)
    comes_home(pipeline, message(7))
    assert not pipeline.activations("email")
    pipeline._drain()
    assert not pipeline.activations("email") and marks(pipeline) == []


@pytest.mark.parametrize(("identifier", "since", "until", "stays"), [
    ("device_id:d", 101, None, True), ("device_id:d", 100, None, False), ("device_id:d", 50, 100, True),
    ("device_id:d", 50, 101, False), ("device_id:d", 101, 200, True), ("device_id:e", 50, None, True)])
def test_a_mark_goes_when_its_moment_is_another_s(identifier: str, since: int, until: int | None, stays: bool) -> None:
    """Late log-ins take a device for a time that lies before its present owner's."""
    profile = Profile("k", "", restrained={ANNOUNCED + MAIL: [100, 1, "device_id:d"]})
    forget_announced(profile, identifier, since, until)
    assert bool(profile.restrained) is stays


LIVE = {"kind": "campaign", "id": "hello", "segment": "all", "status": "live",
        "channels": {"email": {"subject": "Hello", "text": "Hi", "purpose": MAIL}}}


@pytest.mark.parametrize("known", [{"userId": USER}, {}], ids=["joins", "alone"])
def test_l6_a_campaign_that_goes_live_reaches_nobody_whose_withdrawal_is_in_hand(
    monkeypatch: pytest.MonkeyPatch, known: Message,
) -> None:
    """Before the backfill had come to them; it was sent when they were brought up to date, right before the withdrawal that
    was read with it, and by whoever was to be absorbed."""
    pipeline = Pipeline({"segment/all": DEFINITIONS["segment/all"]}, PARTITIONS)
    pipeline.send(message(1, event="Other", granted=True))
    address: Message = {"traits": {"email": "e@example.org"}, "type": "identify", "userId": None}
    pipeline.send(message(2, granted=True, **address))
    with monkeypatch.context() as patch:
        patch.setattr(Sweep, "is_pending", lambda _: False)
        pipeline.apply({"segment/all": DEFINITIONS["segment/all"], "campaign/hello": LIVE})
        pipeline.send(message(3, granted=False, **address | known))
    pipeline.advance(by=1)
    assert pipeline.profile("email:e@example.org") is not None
    assert pipeline.activations("email") == []


def test_somebody_who_is_absorbed_is_reached_once_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = Pipeline({"segment/all": DEFINITIONS["segment/all"]}, PARTITIONS)
    pipeline.send(message(1, event="Other", granted=True))
    address: Message = {"traits": {"email": "e@example.org"}, "type": "identify"}
    pipeline.send(message(2, granted=True, **address | {"userId": None}))
    with monkeypatch.context() as patch:
        patch.setattr(Sweep, "is_pending", lambda _: False)
        pipeline.apply({"segment/all": DEFINITIONS["segment/all"], "campaign/hello": LIVE})
        pipeline.send(message(3, **address))
    pipeline.advance(by=1)
    (profile,) = pipeline.profiles()
    assert [(each.identifier, each.profile_id) for each in pipeline.activations("email")] == [
        ("email:e@example.org", profile.profile_id)]
