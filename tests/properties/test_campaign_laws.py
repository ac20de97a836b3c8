"""L5, L6 and caps over generated histories, with campaigns that are paused, resumed and edited on the way."""
from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from streams.core.campaigns.holding import HeldMessage
from streams.core.outputs import Activation
from streams.testing import Pipeline
from tests.strategies import DAY, EVERYTHING, HOUR, LIMITS_LIFTED, LIVES

Message = dict[str, Any]
EMAIL = {"email": {"subject": "Hello", "text": "{{ event.name }}", "purpose": "email-marketing"}}
QUIET = {"from": "06:00", "to": "11:00", "time_zone": "Europe/Amsterdam"}
PER_DAY, IN_ALL = 2, 3
CAPS = [{"at_most": PER_DAY, "per": "1d"}, {"at_most": IN_ALL, "per": "2d", "over": "everything"}]
WORLD: Message = {key: document for key, document in EVERYTHING.items() if not key.startswith("campaign/")} | LIMITS_LIFTED


def _campaign(name: str, **fields: Any) -> tuple[str, Message]:
    return f"campaign/{name}", {"kind": "campaign", "id": name, "channels": EMAIL, "cap": CAPS, "status": "live"} | fields


CAMPAIGNS = dict((
    _campaign("each", segment="everybody", trigger={"each": "*"}),
    _campaign("quiet", segment="carts", trigger="both", quiet_hours=QUIET, priority=1),
    _campaign("plain", segment="twice", trigger="entered"),
))
EDITED = CAMPAIGNS | dict((_campaign("quiet", segment="carts", trigger="both", quiet_hours=QUIET | {"to": "12:00"}),))
STEPS = st.lists(st.sampled_from(("", "", "", "paused", "live", "edit")), min_size=14, max_size=14)


def _do(pipeline: Pipeline, step: str) -> None:
    match step:
        case "paused" | "live":
            for key in CAMPAIGNS:
                pipeline.activate(key.partition("/")[2], step)
        case "edit":
            pipeline.apply(WORLD | EDITED)


def _owner(pipeline: Pipeline, identifier: str) -> str:
    [owner] = [profile.key for profile in pipeline.profiles() if identifier in profile.identifiers]
    return owner


def _check_caps(pipeline: Pipeline, before: list[Activation], new: list[Activation]) -> None:
    for place, message in enumerate(new):
        owner = _owner(pipeline, message.identifier)
        recent = [a for a in before + new[:place] if a.at > message.at - 2 * DAY and _owner(pipeline, a.identifier) == owner]
        assert len(recent) < IN_ALL
        assert sum(a.campaign_id == message.campaign_id and a.at > message.at - DAY for a in recent) < PER_DAY


@settings(max_examples=150, deadline=None)
@given(LIVES, STEPS, st.sampled_from((1, 4)))
def test_caps_hold_whatever_is_merged_paused_resumed_and_edited(
    history: list[Message], steps: list[str], partitions: int,
) -> None:
    pipeline = Pipeline(WORLD | CAMPAIGNS, partitions)
    for message, step in zip(history, steps, strict=False):
        pipeline.advance(to=message["receivedAt"], including=False)
        _do(pipeline, step)
        before = pipeline.activations()
        pipeline.send(message, message["receivedAt"])
        _check_caps(pipeline, before, pipeline.activations()[len(before):])
    before = pipeline.activations()
    pipeline.advance(by=60 * DAY)
    _check_caps(pipeline, before, pipeline.activations()[len(before):])
    assert not any(profile.held for profile in pipeline.profiles())
    ids = Counter(activation.activation_id for activation in pipeline.activations())
    assert not ids or max(ids.values()) == 1


@settings(max_examples=100, deadline=None)
@given(LIVES, STEPS)
def test_no_message_leaves_in_quiet_hours(history: list[Message], steps: list[str]) -> None:
    """06:00 to 11:00 in Amsterdam in January is 05:00 to 10:00 UTC."""
    pipeline = Pipeline(WORLD | CAMPAIGNS, 2)
    for message, step in zip(history, steps, strict=False):
        pipeline.advance(to=message["receivedAt"], including=False)
        _do(pipeline, step)
        pipeline.send(message, message["receivedAt"])
    pipeline.advance(by=60 * DAY)
    hours = {activation.at % DAY // HOUR for activation in pipeline.activations() if activation.campaign_id == "quiet"}
    assert not hours & set(range(5, 10))


@pytest.mark.parametrize("why", ["cap reached", "quiet hours"])
def test_lives_reach_what_these_laws_are_about(why: str) -> None:
    """Else the laws above would be empty."""
    def has_one_wait(life: list[Message]) -> bool:
        pipeline = Pipeline(WORLD | CAMPAIGNS, 1)
        for message in life:
            pipeline.send(message, message["receivedAt"])
        return any(HeldMessage(*row).why.startswith(why) for profile in pipeline.profiles() for row in profile.held)

    find(LIVES, has_one_wait, settings=settings(phases=[Phase.generate], max_examples=300, derandomize=True, deadline=None))
