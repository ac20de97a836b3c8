"""Every message that was not sent says why, as long as its campaign is defined."""
from __future__ import annotations

import argparse
import json

import pytest

from streams.cli import campaign as cli
from streams.core.campaigns.explaining import explain
from streams.core.profile import Profile
from streams.testing import Pipeline
from tests.pipeline.test_campaigns import DAY, MORNING, Person, campaign, held, world


def person_of(pipeline: Pipeline, identifier: str = "customer_id:u") -> Profile:
    [found] = [profile for profile in pipeline.profiles() if identifier in profile.identifiers]
    return found


def answers(pipeline: Pipeline) -> list[str]:
    [defined] = pipeline.plan.definitions.campaigns
    return [each.says for each in explain(person_of(pipeline), defined, pipeline.now)]


def test_a_message_is_sent_then_another_waits_for_the_cap_and_the_answer_says_so() -> None:
    pipeline = world(campaign("c", cap={"at_most": 1, "per": "1d"}))
    person = Person(pipeline)
    person.becomes(fan=True)
    assert answers(pipeline) == ["now: nothing speaks against it"]
    person.orders()
    assert answers(pipeline)[0] == "sent"
    person.orders()
    capped = "cap reached: 1 in 86400 s over campaign"
    assert answers(pipeline) == ["sent", f"waits: {capped}", f"now: {capped}"]
    pipeline.advance(by=DAY)
    assert answers(pipeline) == ["sent", f"now: {capped}"]
    pipeline.advance(by=DAY)
    assert answers(pipeline) == ["sent", "now: nothing speaks against it"]


def test_all_that_speaks_against_it_is_said_at_once() -> None:
    pipeline = world(campaign("c", status="paused", starts="2027-01-01T00:00:00Z"))
    pipeline.send({"type": "track", "event": "A", "userId": "u"})
    assert answers(pipeline) == [
        "now: the campaign is paused; the campaign has not started; not in segment fans; no email known"]


def test_what_waits_is_said_with_when_it_is_due() -> None:
    pipeline, _ = held()
    [defined] = pipeline.plan.definitions.campaigns
    said = [(each.says, each.at) for each in explain(person_of(pipeline), defined, pipeline.now)]
    assert said == [("waits: quiet hours", MORNING), ("now: quiet hours", None)]


def test_the_answer_survives_a_merge_and_goes_with_the_campaign() -> None:
    pipeline = world(campaign("c", trigger="entered"))
    anonymous = {"anonymousId": "c9", "context": {"traits": {"email": "n@example.org"}}}
    pipeline.send({"type": "identify", "messageId": "1", "traits": {"fan": True}, **anonymous})
    pipeline.send({"type": "identify", "messageId": "2", "userId": "u", **anonymous})
    assert answers(pipeline)[0] == "not sent: no consent for mail"
    pipeline.apply(world().plan.definitions.sources)
    assert person_of(pipeline).decided == {}


@pytest.mark.parametrize(("first", "says"), [("u", "not sent: no email known"), ("c9", "sent")])
def test_of_two_who_are_one_the_newest_decision_is_the_answer(first: str, says: str) -> None:
    """Whichever of them survives."""
    pipeline = world(campaign("c"), rule={"everyone": {}})
    person = Person(pipeline)
    person.becomes()
    visit = {"type": "track", "event": "Order Completed", "anonymousId": "c9"}
    for who in sorted(("u", "c9"), key=first.__ne__):
        pipeline.advance(by="1h")
        person.orders() if who == "u" else pipeline.send(visit)
    decided_at = pipeline.now
    pipeline.advance(by="1h")
    person.says("identify", anonymousId="c9")
    [defined] = pipeline.plan.definitions.campaigns
    last = next(explain(person_of(pipeline), defined, pipeline.now))
    assert (last.says, last.at) == (says, decided_at)


@pytest.mark.parametrize("is_json", [True, False])
def test_the_commands_show_it(is_json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline = world(campaign("c"))
    Person(pipeline).becomes(fan=True)
    found = next(task for task in pipeline.tasks if task.state.profiles.has_local("customer_id:u")), person_of(pipeline)
    monkeypatch.setattr("streams.cli.inspect.find", lambda *_: found)
    options = argparse.Namespace(campaign="c", profile="customer_id:u", json=is_json)
    assert cli.explain_campaign(options) == 0
    assert "nothing speaks against it" in capsys.readouterr().out
    assert cli.preview_campaign(options) == 0
    shown = capsys.readouterr().out
    assert (json.loads(shown)["email"]["subject"] == "Hello") if is_json else ("subject: Hello" in shown)
