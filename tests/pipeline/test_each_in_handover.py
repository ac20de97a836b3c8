"""A campaign's `each` answers every event once, also one that comes while its profile waits for another's fragments."""
from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.campaigns.waiting import MOST, postpone
from streams.core.events import COUNTED, Event
from streams.core.messages import Adopt
from streams.core.outputs import Activation, Suppressed
from streams.core.profile import Profile
from streams.task.reading import REPLAYED
from streams.testing import Pipeline
from streams.unit import Inbound
from tests.oracle.ledger import Ledger
from tests.pipeline.holding import holding
from tests.pipeline.mesh import Mesh
from tests.pipeline.worlds import entries
from tests.properties.identities import RULES, eventful, obey, replay
from tests.strategies import DAY, START

Message = dict[str, Any]
PARTITIONS = pytest.mark.parametrize("partitions", [1, 4, 16])


def campaign(each: str) -> Message:
    return {
        "segment/everybody": {"kind": "segment", "id": "everybody", "rule": {"everyone": {}}},
        "campaign/thanks": {
            "kind": "campaign", "id": "thanks", "segment": "everybody", "trigger": {"each": each}, "status": "live",
            "channels": {"email": {"subject": "Thanks", "text": "for your order", "purpose": "email-marketing"}}}}


THANKS = campaign("Order Completed")
EVENT = Event("m1", "track", "Seen", START, START, 1, ("customer_id:jane",), {}, {}, {}, {}, "", b"")
MAILED = {"traits": {"email": "jane@example.com"}, "consent": {"purposes": {"email-marketing": True}}}


def order(number: int, **who: Any) -> Message:
    return {"type": "track", "event": "Order Completed", "messageId": f"m{number}", "timestamp": START + number, **who}


def answered(pipeline: Pipeline) -> list[str]:
    return sorted(a.because.partition("[message ")[2].rstrip("]") for a in pipeline.activations("email"))


def jane(pipeline: Pipeline) -> None:
    pipeline.send({**order(1, userId="jane", context=MAILED), "event": "Signed Up"}, START + 1)
    pipeline.send({**order(2, anonymousId="c1"), "event": "Seen"}, START + 2)


@PARTITIONS
def test_the_event_that_joins_two_profiles_is_answered(partitions: int) -> None:
    pipeline = Pipeline(THANKS, partitions)
    jane(pipeline)
    pipeline.send(order(3, userId="jane", anonymousId="c1"), START + 3)
    assert answered(pipeline) == ["m3"]


@PARTITIONS
def test_events_that_come_before_the_fragments_are_answered_with_what_the_fragments_know(partitions: int) -> None:
    """The address and the consent are with the profile that is absorbed; two orders come while it is under way."""
    pipeline = Pipeline(THANKS, partitions)
    pipeline.send({**order(1, userId="jane"), "event": "Seen"}, START + 1)
    pipeline.send({**order(2, anonymousId="c1", context=MAILED), "event": "Signed Up"}, START + 2)
    with holding(pipeline, lambda sent: isinstance(sent, Adopt)) as held:
        for number in (3, 4):
            pipeline.send(order(number, userId="jane", anonymousId="c1"), START + number)
    assert answered(pipeline) == []
    held.come_all()
    assert answered(pipeline) == ["m3", "m4"]


@PARTITIONS
@pytest.mark.parametrize(("age", "sent"), [(DAY, 1), (DAY + 1, 0)])
def test_what_is_replayed_and_joins_sends_nothing_once_it_is_older_than_a_day(partitions: int, age: int, sent: int) -> None:
    pipeline = Pipeline(THANKS, partitions)
    jane(pipeline)
    now = START + 3 + age
    record = Inbound("events.hits", 0, 0, None, orjson.dumps(order(3, userId="jane", anonymousId="c1")), now,
                     ((REPLAYED, b"1"),))
    pipeline.advance(to=now)
    pipeline._waiting[0].append(record)
    pipeline._drain()
    assert len(pipeline.activations("email")) == sent
    assert [each.reason for each in pipeline.suppressed] == ["replayed event older than 24 h"] * (1 - sent)


def test_a_hand_over_that_never_ends_keeps_a_bounded_number_of_events_and_says_so() -> None:
    pipeline = Pipeline(THANKS, 1)
    jane(pipeline)
    context, profile = pipeline.tasks[0].context, Profile("customer_id:jane", "p")
    event = replace(EVENT, name="Order Completed")
    said = [sent for number in range(MOST + 2) for sent in postpone(context, profile, replace(event, arrival=number), START)]
    assert len(profile.waiting) == MOST
    assert [(each.campaign_id, each.channel) for each in said if isinstance(each, Suppressed)] == [("thanks", "email")] * 2
    assert postpone(context, profile, replace(event, name="Seen"), START) == []


def ids(pipeline: Pipeline) -> list[str]:
    """Of the messages in all timelines; one id may stand there under several strongest identifiers."""
    return sorted(str(message["messageId"]) for profile in pipeline.profiles() for message in entries(pipeline, profile)
                  if message["type"] in COUNTED)


@settings(max_examples=250, deadline=None)
@given(eventful(aliases=False, rules=False), st.sampled_from(RULES), st.sampled_from((2, 3, 7)),
       st.integers(0, 2**32).map(Random), st.sampled_from((0.0, 0.3)))
def test_every_event_is_answered_exactly_once_whatever_is_in_flight(
    history: list[Message], rules: Message, partitions: int, chance: Random, crashes: float,
) -> None:
    """By a message or by the reason for none: who was merged, split and moved meanwhile makes no difference."""
    pipeline, ledger = Pipeline(campaign("*") | rules, partitions), Ledger()
    obey(ledger, rules)
    mesh = Mesh(pipeline, chance, crashes).run(replay(history, ledger))
    answers = [output for _, output in mesh.outputs if isinstance(output, Activation | Suppressed)]
    assert len(answers) == len(ids(pipeline))
    sent = Counter(each.because.partition("[message ")[2].rstrip("]") for each in answers if isinstance(each, Activation))
    assert sent <= Counter(ids(pipeline))
