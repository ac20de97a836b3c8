"""Consent strings from the message to the channel: given, withdrawn, broken, and read by another mapping."""
from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.backtest import run
from streams.memory import MemoryStore
from streams.runtime.status.instruments import Instruments
from streams.runtime.work.runner import Done
from streams.task import Task, TaskSettings
from streams.testing import Pipeline
from streams.unit import Inbound
from tests.core.consent_strings import tc_string

GRANTED, WITHDRAWN = tc_string(consents=(1, 3, 4)), tc_string(consents=(1,))
DEFINITIONS: dict[str, Any] = {
    "segment/all": {"kind": "segment", "id": "all", "rule": {"everyone": {}}},
    "campaign/ads": {
        "kind": "campaign", "id": "ads", "segment": "all", "status": "live",
        "channels": {"display": {"audience": "a", "destinations": ["gam"], "purpose": "personalised-ads"}}},
}
MAPPED = {"consent/consent": {
    "kind": "consent", "id": "consent", "vendor": 755,
    "purposes": {"personalised-ads": {"tcf": {"consent": [1]}, "us": ["sale"]}}}}


def hit(number: int, consent: dict[str, Any]) -> dict[str, Any]:
    return {"type": "page", "anonymousId": "c1", "messageId": f"m{number}", "context": {"consent": consent}}


def told(pipeline: Pipeline) -> list[str]:
    return [activation.change for activation in pipeline.activations("display")]


def test_l6_a_withdrawal_by_string_is_a_removal_at_once() -> None:
    pipeline = Pipeline(DEFINITIONS)
    pipeline.send(hit(1, {"tcf": GRANTED}))
    assert told(pipeline) == ["entered"]
    pipeline.send(hit(2, {"tcf": WITHDRAWN}))
    assert told(pipeline) == ["entered", "exited"]


def test_l6_a_broken_string_is_no_consent_and_is_counted_once() -> None:
    pipeline = Pipeline(DEFINITIONS)
    summary = run(pipeline, [])
    assert summary["consent_faults"] == {}
    pipeline.send(hit(1, {"tcf": GRANTED}))
    pipeline.send(hit(2, {"tcf": GRANTED[:30], "purposes": {"personalised-ads": True}}))
    assert told(pipeline) == ["entered", "exited"]
    assert run(pipeline, [])["consent_faults"] == {"tcf: ends too early": 1}
    assert not pipeline.rejected


def test_a_broken_string_is_seen_in_the_workers_metrics_once_for_each_committed_unit() -> None:
    task = Task(0, 1, MemoryStore(), TaskSettings())
    instruments = Instruments("app")
    for number, string in enumerate((GRANTED[:30], GRANTED[:30], GRANTED, GRANTED[:30])):
        message = hit(number, {"tcf": string})
        record = Inbound("events.hits", 0, number, b"cookie:c1", orjson.dumps(message), number)
        outcome = task.run([record], number, -1)
        if number != 1:  # that unit is aborted: its outcome is never observed
            instruments.observe(0, Done(
                records=[record], outcome=outcome, seconds=0, commit_seconds=0, wall=number))
    assert b'audience_consent_faults_total{reason="tcf: ends too early"} 2.0' in instruments.metrics.text()


@pytest.mark.parametrize(("before", "after"), [
    ({"purposes": {"personalised-ads": True}}, {"purposes": {"personalised-ads": "false"}}),
    ({"categoryPreferences": {"personalised-ads": True}}, {"categoryPreferences": {"personalised-ads": False}}),
    ({"us_privacy": "1YNN"}, {"us_privacy": "1YYN"}),
])
def test_l6_a_withdrawal_is_heard_however_it_is_spelled(before: dict[str, Any], after: dict[str, Any]) -> None:
    pipeline = Pipeline(DEFINITIONS)
    pipeline.send(hit(1, before))
    assert told(pipeline) == ["entered"]
    pipeline.send(hit(2, after))
    assert told(pipeline) == ["entered", "exited"]


@pytest.mark.parametrize(("properties", "context", "wanted"), [
    ({"banner": 3}, True, "granted"), ({}, True, "granted"), ({}, False, "denied"),
    ({"purposes": {"personalised-ads": False}}, True, "denied"), ({"purposes": {"personalised-ads": True}}, False, "denied"),
])
def test_a_preference_centres_event_may_say_it_in_its_context(
    properties: dict[str, Any], context: bool, wanted: str,
) -> None:
    pipeline = Pipeline({f"segment/{state}": {
        "kind": "segment", "id": state, "rule": {"consent": {"purpose": "personalised-ads", "state": state}}}
        for state in ("granted", "denied")})
    pipeline.send({**hit(1, {"purposes": {"personalised-ads": context}}), "type": "track",
                   "event": "Consent Preference Updated", "properties": properties})
    assert {state: len(pipeline.members(state)) for state in ("granted", "denied")} == {
        "granted": wanted == "granted", "denied": wanted == "denied"}
    assert run(pipeline, [])["consent_faults"] == {}


def test_a_preference_centre_may_send_a_string_too() -> None:
    pipeline = Pipeline(DEFINITIONS)
    pipeline.send({"type": "track", "event": "Consent Preference Updated", "anonymousId": "c1",
                   "properties": {"tcf": GRANTED}})
    assert told(pipeline) == ["entered"]


def test_the_mapping_of_the_definitions_decides() -> None:
    vendorless = Pipeline(DEFINITIONS | MAPPED)
    vendorless.send(hit(1, {"tcf": GRANTED}))
    assert told(vendorless) == []
    vendorless.send(hit(2, {"usp": "1YNN"}))
    assert told(vendorless) == ["entered"]
