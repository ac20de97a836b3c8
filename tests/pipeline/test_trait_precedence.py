"""Which source is believed about a trait: as a marketer sees it, in segments, templates, quiet hours and the 360 view."""
from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.cli.portraits import readable
from streams.task.export import everything
from streams.task.portrait import portrait
from streams.testing import Pipeline
from tests.pipeline.worlds import found_at
from tests.strategies import HOUR, START

Message = dict[str, Any]
JANE = "customer_id:jane"
SEGMENT: Message = {"segment/gold": {
    "kind": "segment", "id": "gold", "rule": {"trait": {"name": "plan", "is": "gold"}}}}
HELD: Message = {"segment/gold": {
    "kind": "segment", "id": "gold", "rule": {"trait": {"name": "plan", "is": "gold", "for": "2h"}}}}


def believing(**traits: Any) -> Message:
    return {"identity/one": {"kind": "identity", "id": "one", "traits": traits}}


CRM_FIRST = believing(sources=["crm", "call_center", "web"])


def says(pipeline: Pipeline, plan: str | None, source: str, hours: int, *, late: int = 0, **who: str) -> None:
    context = {"source": {"type": source, "name": "one"}}
    at = START + hours * HOUR
    pipeline.send({"type": "identify", "messageId": f"{source}{hours}", "traits": {"plan": plan}, "context": context,
                   "timestamp": at - late * HOUR, **(who or {"userId": "jane"})}, at)


def plan_of(pipeline: Pipeline, identifier: str = JANE) -> Any:
    found = pipeline.profile(identifier)
    assert found is not None
    return found["traits"].get("plan")


def changes(pipeline: Pipeline) -> list[tuple[str, str, int]]:
    return [(line.change, line.cause, (line.at - START) // HOUR) for line in pipeline.memberships]


@pytest.mark.parametrize("late", [0, 3])
def test_the_crm_is_believed_before_the_web_whatever_comes_later(late: int) -> None:
    pipeline = Pipeline(SEGMENT | CRM_FIRST)
    says(pipeline, "gold", "crm", 1)
    says(pipeline, "free", "web", 2, late=late)
    assert plan_of(pipeline) == "gold" and pipeline.members("gold")
    says(pipeline, "silver", "crm", 3)
    assert plan_of(pipeline) == "silver" and not pipeline.members("gold")


def test_a_precedence_applied_later_holds_at_once_for_what_was_said_before() -> None:
    pipeline = Pipeline(SEGMENT)
    says(pipeline, "gold", "crm", 1)
    says(pipeline, "free", "web", 2)
    assert plan_of(pipeline) == "free" and not pipeline.members("gold")
    pipeline.apply(SEGMENT | CRM_FIRST)
    assert plan_of(pipeline) == "gold" and pipeline.members("gold")
    pipeline.apply(SEGMENT | believing(sources=["crm"], by_trait={"plan": "newest"}))
    assert plan_of(pipeline) == "free"
    assert changes(pipeline) == [("entered", "event", 1), ("exited", "event", 2), ("entered", "definition", 2),
                                 ("exited", "definition", 2)]


def test_it_holds_at_once_even_where_the_events_themselves_are_forgotten() -> None:
    kept: Message = {"identity/one": {"kind": "identity", "id": "one", "events_expire_after": "7d"}}
    pipeline = Pipeline(kept)
    says(pipeline, "gold", "crm", 1)
    says(pipeline, "free", "web", 2)
    pipeline.advance(by=9 * 24 * HOUR)
    assert not found_at(pipeline, JANE)[0].state.timeline.entries(JANE)
    pipeline.apply(HELD | CRM_FIRST)
    assert plan_of(pipeline) == "gold" and pipeline.members("gold")


@pytest.mark.parametrize("partitions", [1, 4])
def test_a_merge_brings_the_stronger_source_in_and_a_split_takes_it_out_again(partitions: int) -> None:
    pipeline = Pipeline(SEGMENT | CRM_FIRST, partitions)
    says(pipeline, "gold", "crm", 1, anonymousId="c")
    says(pipeline, "free", "web", 2)
    says(pipeline, None, "app", 3, userId="jane", anonymousId="c")
    assert plan_of(pipeline) == "gold"
    pipeline.split(JANE, "cookie:c")
    assert plan_of(pipeline) == "free" and plan_of(pipeline, "cookie:c") == "gold"


def test_for_looks_back_on_what_was_in_force_then() -> None:
    pipeline = Pipeline(HELD | CRM_FIRST)
    says(pipeline, "free", "web", 0)
    says(pipeline, "gold", "crm", 1)
    says(pipeline, "free", "web", 2)
    pipeline.advance(to=START + 5 * HOUR)
    assert changes(pipeline) == [("entered", "time", 3)]
    says(pipeline, "free", "web", 9)
    assert pipeline.members("gold"), "what is long settled is still believed"


def test_quiet_hours_are_those_of_the_believed_time_zone() -> None:
    campaign = {"campaign/hello": {
        "kind": "campaign", "id": "hello", "segment": "gold", "status": "live",
        "quiet_hours": {"from": "08:00", "to": "20:00", "time_zone": "UTC", "local": True},
        "channels": {"email": {"subject": "{{ plan }}", "text": "hello", "purpose": "email-marketing"}}}}
    sent = {}
    for name, rules in {"crm": believing(sources=["crm"]), "web": believing(sources=["web"])}.items():
        pipeline = Pipeline(SEGMENT | campaign | rules)
        for source, zone in (("crm", "Asia/Tokyo"), ("web", "UTC")):
            pipeline.send({
                "type": "identify", "messageId": source, "userId": "jane", "timestamp": START,
                "traits": {"email": "jane@example.org", "timezone": zone, "plan": "gold" if source == "web" else None},
                "context": {"source": {"type": source}, "consent": {"purposes": {"email-marketing": True}}}}, START)
        pipeline.advance(to=START + 12 * HOUR)
        sent[name] = [(message.at - START) // HOUR for message in pipeline.activations("email")]
    assert sent == {"crm": [11], "web": [0]}


def test_what_a_device_that_moves_said_of_its_former_owner_stays_though_the_event_is_forgotten() -> None:
    kept: Message = {"identity/one": {"kind": "identity", "id": "one", "events_expire_after": "7d"}}
    pipeline, later = Pipeline(kept), 10 * 24
    granted = {"consent": {"purposes": {"email-marketing": True}}}
    pipeline.send({"type": "page", "messageId": "m1", "userId": "jane", "anonymousId": "c", "timestamp": START}, START)
    says(pipeline, "gold", "crm", 1, anonymousId="c")
    pipeline.send({"type": "page", "messageId": "m2", "anonymousId": "c", "timestamp": START + HOUR, "context": granted},
                  START + HOUR)
    pipeline.advance(to=START + later * HOUR)
    says(pipeline, "free", "web", later + 2, anonymousId="c")
    at = START + (later + 3) * HOUR
    pipeline.send({"type": "page", "messageId": "m3", "userId": "john", "anonymousId": "c", "timestamp": at - 2 * HOUR}, at)
    assert plan_of(pipeline) == "gold" and plan_of(pipeline, "customer_id:john") == "free"
    found = pipeline.profile(JANE)
    assert found is not None and found["consent"] == {"email-marketing": True} and found["events"] == 3


def test_the_portrait_says_whom_it_believes_and_what_newer_value_it_does_not() -> None:
    pipeline = Pipeline(CRM_FIRST)
    says(pipeline, "gold", "crm", 1)
    says(pipeline, "free", "web", 2)
    task, profile = found_at(pipeline, JANE)
    entries = task.state.timeline.entries(JANE)
    found = portrait(pipeline.plan, profile, entries, task.context.reread, pipeline.now)
    assert found["trait_origins"]["plan"] == {
        "event_time": START + HOUR, "source": "crm/one",
        "outranked": [{"value": "free", "event_time": START + 2 * HOUR, "source": "web/one"}]}
    newer = '(outranks the newer "free" 2026-01-01T02:00:00.000Z, web/one)'
    assert f'  plan = "gold"  2026-01-01T01:00:00.000Z, crm/one {newer}' in readable(found)
    exported = everything(pipeline.plan, profile, entries, orjson.loads, pipeline.now)["traits"]
    assert [(each["value"], each["source"]) for each in exported] == [("free", "web/one"), ("gold", "crm/one")]
