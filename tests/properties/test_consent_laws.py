"""L6 at every prefix of a history: what channels and ad servers know replays to nobody who does not permit it.

Consent to advertising travels as a TC string here, some of them broken, while the oracle reads what was meant.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.outputs import Activation, MembershipsNow
from streams.testing import Pipeline
from tests.core.consent_strings import gpp_string, tc_string
from tests.oracle.person import Person, consent
from tests.pipeline.worlds import entries
from tests.strategies import EVERYTHING, LIMITS_LIFTED, LIMITS_TIGHT, LIVES

ADS = "personalised-ads"
Message = dict[str, Any]
YES, NO = tc_string(consents=(1, 3, 4)), tc_string(consents=(1, 4), interests=(3,))
SAYING = {True: ({"tcf": YES}, {"gpp": gpp_string({2: YES})}, {"usp": "1YNN"}),
          False: ({"tcf": NO}, {"gpp": gpp_string({2: NO, 6: "1YNN"})}, {"tcf": YES[:40]}, {"gpp": "D"})}


def as_string(message: Message, choice: int) -> Message:
    """The same statement, with a string in place of the plain purpose."""
    purposes = dict(message.get("properties", {}).get("purposes", {}))
    if ADS not in purposes:
        return message
    ways = SAYING[purposes.pop(ADS)]
    return message | {"properties": {"purposes": purposes, **ways[choice % len(ways)]}}


def known(pipeline: Pipeline) -> set[str]:
    """Identifiers that a channel's topic or `audiences.memberships` replays to."""
    told: dict[tuple[str, ...], bool] = {}
    for output in pipeline.collected.outputs:
        if isinstance(output, Activation) and output.channel == "display":
            told[output.campaign_id, output.identifier] = output.change == "entered"
        elif isinstance(output, MembershipsNow):
            told["memberships", output.identifier] = bool(output.segments)
    return {identifier for (_, identifier), is_in in told.items() if is_in}


def permitting(pipeline: Pipeline, meant: dict[str, Message]) -> Iterator[str]:
    for profile in pipeline.profiles():
        said = [{**meant[e["messageId"]], "receivedAt": e["receivedAt"]} for e in entries(pipeline, profile)]
        if said and consent(Person(said, frozenset(profile.identifiers)), ADS) == "granted":
            yield from profile.identifiers


@settings(max_examples=100, deadline=None)
@given(LIVES, st.sampled_from((LIMITS_LIFTED, LIMITS_TIGHT)), st.sampled_from((1, 4)), st.data())
def test_l6_at_every_prefix_channels_replay_to_nobody_without_consent(
    history: list[Message], rules: Message, partitions: int, data: st.DataObject,
) -> None:
    pipeline = Pipeline(EVERYTHING | rules, partitions)
    meant: dict[str, Message] = {}
    for message in history:
        meant.setdefault(message["messageId"], message)
        pipeline.send(as_string(message, data.draw(st.integers(0, 11))), message["receivedAt"])
        pipeline.advance(by=0)
        assert known(pipeline) <= set(permitting(pipeline, meant))
