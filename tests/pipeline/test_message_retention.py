"""What was sent to somebody, or not and why, is known for a time, and to the millisecond no longer."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.profile import Profile
from streams.testing import Pipeline
from tests.pipeline.test_campaigns import DAY, START, Person, campaign, sent, world
from tests.pipeline.test_expiry import traces

CAP = {"at_most": 3, "per": "30d"}


def rules(kept: str) -> dict[str, Any]:
    return {"identity/one": {"kind": "identity", "id": "one", "messages_expire_after": kept}}


def written(partitions: int = 1, kept: str = "30d") -> tuple[Pipeline, Person]:
    """A message at the start and one ten days later."""
    pipeline = world(campaign("told", cap=CAP), rules(kept), partitions=partitions)
    person = Person(pipeline)
    person.becomes(fan=True)
    person.orders(1)
    pipeline.advance(by=10 * DAY)
    person.orders(2)
    assert sent(pipeline) == ["1", "2"]
    return pipeline, person


def known(pipeline: Pipeline) -> list[int]:
    """Days of the messages that are remembered."""
    (profile,) = pipeline.profiles()
    assert isinstance(profile, Profile)
    return [(instant - START) // DAY for instant in profile.sent.get("campaign:told", ())]


@pytest.mark.parametrize("partitions", [1, 4])
def test_each_goes_at_its_millisecond_and_the_last_takes_the_decision_along(partitions: int) -> None:
    pipeline, _ = written(partitions)
    pipeline.advance(to=START + 30 * DAY - 1)
    assert known(pipeline) == [0, 10]
    pipeline.advance(by=1)
    assert known(pipeline) == [10]
    pipeline.advance(to=START + 40 * DAY - 1)
    assert known(pipeline) == [10] and traces(pipeline, b"campaign:told", b"not sent", b"\xa4sent")
    pipeline.advance(by=1)
    assert known(pipeline) == [] and not traces(pipeline, b"campaign:told", b"not sent", b"\xa4sent")
    (profile,) = pipeline.profiles()
    assert profile.recall == [] and profile.sent == profile.decided == {}


def test_a_cap_as_long_as_that_counts_exactly() -> None:
    """The message that frees the cap goes with what was counted."""
    pipeline, person = written()
    person.orders(3)
    person.orders(4)
    pipeline.advance(to=START + 30 * DAY - 1)
    assert sent(pipeline) == ["1", "2", "3"]
    pipeline.advance(by=1)
    assert sent(pipeline) == ["1", "2", "3", "4"]


def test_why_nothing_was_sent_goes_too() -> None:
    pipeline, person = written()
    pipeline.advance(by=DAY)
    person.says(event="Order Completed", context={"consent": {"purposes": {"mail": False}}})
    pipeline.advance(to=START + 41 * DAY - 1)
    assert traces(pipeline, b"not sent")
    pipeline.advance(by=1)
    assert not traces(pipeline, b"not sent")


@pytest.mark.parametrize("before", ["never", "30d"])
def test_an_edit_holds_at_once_for_what_is_there_already(before: str) -> None:
    pipeline, _ = written(kept=before)
    pipeline.advance(by=5 * DAY)
    pipeline.apply(world(campaign("told"), rules("12d")).plan.definitions)
    pipeline.advance(by=0)
    assert known(pipeline) == [10]
    pipeline.apply(world(campaign("told"), rules("never")).plan.definitions)
    pipeline.advance(by=5_000 * DAY)
    assert known(pipeline) == [10]


def test_an_edit_to_never_holds_for_whom_the_rebuild_has_not_reached_when_their_time_is_over(
        monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline, _ = written()
    monkeypatch.setattr(pipeline, "_drain", lambda: None)
    pipeline.apply(world(campaign("told"), rules("never")).plan.definitions)
    (task,), (store,), (waiting,) = pipeline.tasks, pipeline.stores, pipeline._waiting
    store.write(task.run(list(waiting), START + 31 * DAY, START + 31 * DAY).changes)
    assert task.busy() and known(pipeline) == [0, 10]


def test_what_a_campaign_sent_that_is_no_more_is_forgotten_and_counts_among_all_messages() -> None:
    pipeline, _ = written()
    pipeline.apply(rules("30d"))
    pipeline.advance(by=0)
    (profile,) = pipeline.profiles()
    assert {scope: len(instants) for scope, instants in profile.sent.items()} == {"channel:email": 2, "everything": 2}


def test_without_a_definition_it_is_25_months() -> None:
    pipeline = world(campaign("told"))
    person = Person(pipeline)
    person.becomes(fan=True)
    person.orders(1)
    pipeline.advance(to=START + 750 * DAY - 1)
    assert known(pipeline) == [0]
    pipeline.advance(by=1)
    assert known(pipeline) == []


def test_messages_that_another_profile_brings_keep_their_own_time() -> None:
    """The survivor's are younger than those that come to it."""
    pipeline = world(campaign("told", cap=CAP), rules("30d"))
    person = Person(pipeline)
    person.becomes(fan=True)
    visitor = {"anonymousId": "c9", "context": {
        "consent": {"purposes": {"mail": True}}, "traits": {"email": "lone@example.org"}}}
    pipeline.send(visitor | {"type": "identify", "messageId": "i", "traits": {"fan": True, "email": "lone@example.org"}})
    pipeline.send(visitor | {"type": "track", "event": "Order Completed", "messageId": "o"})
    pipeline.advance(by=DAY)
    person.orders(1)
    pipeline.send({"type": "identify", "userId": "u", "anonymousId": "c9", "messageId": "merge"})
    assert known(pipeline) == [0, 1]
    pipeline.advance(to=START + 30 * DAY)
    assert known(pipeline) == [1]
    pipeline.advance(by=DAY)
    assert known(pipeline) == [] and not traces(pipeline, b"campaign:told")
