"""L6 at every prefix, whatever marketers and people do: presses at a pace, pauses, edits, messages that wait for quiet hours
and caps, merges, splits, suppressions. Nothing is sent that is not permitted then, and what channels know replays to nobody
who does not permit it.

Consent changes by messages, merges and splits only, so what was sent since the last step is judged by the people as they are
after it; before each step time is brought up to it first.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.outputs import Activation
from streams.testing import Pipeline
from tests.oracle.person import Person, consent
from tests.pipeline.worlds import entries
from tests.properties.test_campaign_laws import CAPS, QUIET, WORLD
from tests.properties.test_consent_laws import known
from tests.strategies import (
    ADS,
    BEGINNING,
    COOKIES,
    DAY,
    DEVICES,
    EMAILS,
    HOUR,
    LIMITS_LIFTED,
    LIMITS_TIGHT,
    LIVES,
    MAIL,
    USERS,
)

Message = dict[str, Any]
EMAIL = {"email": {"subject": "Hello", "text": "Hi", "purpose": MAIL}}
DISPLAY = {"display": {"audience": "x", "identifiers": ["cookie", "email"], "destinations": ["gam"], "purpose": ADS}}


def _campaign(name: str, **fields: Any) -> tuple[str, Message]:
    return f"campaign/{name}", {"kind": "campaign", "id": name, "channels": EMAIL, "status": "paused"} | fields


CAMPAIGNS = dict((
    _campaign("everyone", segment="everybody", channels=EMAIL | DISPLAY),
    _campaign("capped", segment="everybody", trigger={"each": "*"}, cap=CAPS, status="live"),
    _campaign("quiet", segment="carts", trigger="both", quiet_hours=QUIET, valid_for="3d", channels=EMAIL | DISPLAY),
    _campaign("browsing", segment="browsers", channels={"display": {"audience": "y", "purpose": ADS}}, status="live"),
))
EDITED = CAMPAIGNS | dict((_campaign("everyone", segment="carts", channels=DISPLAY),))
IDENTIFIERS = st.sampled_from((*(f"cookie:{c}" for c in COOKIES[:3]), *(f"email:{e}" for e in EMAILS),
                               *(f"customer_id:{u}" for u in USERS[:2]), *(f"device_id:{d}" for d in DEVICES)))
NAMES = st.sampled_from([key.partition("/")[2] for key in CAMPAIGNS])
DOINGS = st.one_of(
    st.none(), st.none(), st.tuples(st.just("press"), NAMES, st.sampled_from((None, 0.0001, 0.001))),
    st.tuples(st.just("pause"), NAMES), st.just(("edit",)), st.tuples(st.just("split"), IDENTIFIERS, IDENTIFIERS),
    st.tuples(st.sampled_from(("suppress", "unsuppress")), IDENTIFIERS),
    st.tuples(st.just("wait"), st.sampled_from((1, HOUR, 7 * HOUR, DAY))))


def do(pipeline: Pipeline, doing: tuple[Any, ...] | None) -> None:
    match doing:
        case ("press", name, pace):
            pipeline.activate(name, per_second=pace)
        case ("pause", name):
            pipeline.activate(name, "paused")
        case ("edit",):
            pipeline.apply(WORLD | EDITED)
        case ("split", identifier, other):
            pipeline.split(identifier, other)
        case (action, identifier) if action in ("suppress", "unsuppress"):
            pipeline.request(action, identifier, "asked not to be")
        case ("wait", time):
            pipeline.advance(by=time)


def permitting(pipeline: Pipeline, purpose: str) -> Iterator[str]:
    """Identifiers of those who permit it by what they said last; a person who is suppressed permits nothing."""
    for profile in pipeline.profiles():
        listed = {who for who, (_, reason) in profile.suppressed.items() if reason is not None}
        said = entries(pipeline, profile) if profile.fragments else []
        is_given = consent(Person(said, frozenset(profile.identifiers)), purpose) == "granted"
        if is_given and not any(who.startswith("customer_id:") for who in listed):
            yield from set(profile.identifiers) - listed


def check(pipeline: Pipeline, seen: int) -> int:
    """Everything that was sent since `seen`; how much there is now."""
    allowed = {purpose: set(permitting(pipeline, purpose)) for purpose in (ADS, MAIL)}
    told = pipeline.activations()
    for activation in told[seen:]:
        is_allowed = activation.identifier in allowed[activation.purpose]
        assert activation.change == "exited" or is_allowed, activation
    assert known(pipeline) <= allowed[ADS]
    return len(told)


@settings(max_examples=150, deadline=None)
@given(LIVES, st.lists(DOINGS, min_size=14, max_size=14),
       st.sampled_from((LIMITS_LIFTED, LIMITS_TIGHT)), st.sampled_from((1, 4)))
def test_l6_at_every_prefix_whatever_is_pressed_held_capped_merged_split_and_suppressed(
    history: list[Message], doings: list[Any], rules: Message, partitions: int,
) -> None:
    pipeline = Pipeline(WORLD | CAMPAIGNS | rules, partitions)
    seen = 0
    for message, doing in zip(history, doings, strict=False):
        pipeline.advance(to=max(pipeline.now, message["receivedAt"]), including=False)
        seen = check(pipeline, seen)
        pipeline.send(message, message["receivedAt"])
        pipeline.advance(by=0, including=False)
        seen = check(pipeline, seen)
        do(pipeline, doing)
        seen = check(pipeline, seen)
    pipeline.advance(by=30 * DAY)
    check(pipeline, seen)
    ids = [activation.activation_id for activation in pipeline.activations()]
    assert len(ids) == len(set(ids))


def test_the_steps_reach_what_they_are_to_try() -> None:
    """Presses, held messages, merges, splits and suppressions do occur here: else the law above would be empty."""
    pipeline = Pipeline(WORLD | CAMPAIGNS | LIMITS_LIFTED, 4)
    for number, message in enumerate(BEGINNING):
        pipeline.send(message | {"type": "track", "messageId": f"b{number}", "timestamp": pipeline.now}, pipeline.now)
    for number in range(4):
        pipeline.send({"type": "track", "event": "Product Added", "userId": "u1", "messageId": f"p{number}",
                       "timestamp": pipeline.now}, pipeline.now)
    assert any(profile.held for profile in pipeline.profiles())
    do(pipeline, ("press", "everyone", 0.0001))
    pipeline.advance(by=3 * DAY)
    assert {a.campaign_id for a in _sent(pipeline)} >= {"everyone", "capped", "browsing"}
    do(pipeline, ("split", "customer_id:u1", "cookie:c1"))
    do(pipeline, ("suppress", f"email:{EMAILS[1]}"))
    assert sorted(receipt.action for receipt in pipeline.receipts) == ["split", "suppress"]
    assert not any(who in known(pipeline) for who in ("cookie:c1", f"email:{EMAILS[1]}"))


def _sent(pipeline: Pipeline) -> list[Activation]:
    return [activation for activation in pipeline.activations() if activation.change != "exited"]
