"""`profile show`: what stands in the portrait beside the numbers, and how it reads."""
from __future__ import annotations

from typing import Any

import orjson

from streams.cli.portraits import readable
from streams.task import timelines
from streams.task.portrait import portrait
from streams.testing import Pipeline
from tests.pipeline.worlds import found_at
from tests.strategies import EVERYTHING

MINUTE = 60_000
MESSAGES: list[dict[str, Any]] = [
    {"type": "page", "anonymousId": "c", "properties": {"path": "/shoes"},
     "context": {"campaign": {"source": "news"}, "consent": {"purposes": {"personalised-ads": True}}}},
    {"type": "identify", "userId": "u", "anonymousId": "c", "traits": {"plan": "free", "email": "jane@example.org"},
     "context": {"source": {"type": "crm", "name": "desk"}}},
    {"type": "screen", "userId": "u", "context": {"device": {"id": "d", "model": "P9"}}},
    {"type": "track", "event": "Product Added", "userId": "u", "context": {"source": {"type": "app"}}},
]
COUNTED = {"computed-trait/added": {
    "kind": "computed-trait", "id": "added", "function": "count", "event": "Product Added"}}


def of(pipeline: Pipeline, latest: int = 10) -> dict[str, Any]:
    task, profile = found_at(pipeline, "customer_id:u", "cookie:c")
    entries = task.state.timeline.entries(profile.key)
    found = portrait(pipeline.plan, profile, entries, task.context.reread, pipeline.now, latest)
    restored: dict[str, Any] = orjson.loads(orjson.dumps(found))
    return restored


def shop() -> Pipeline:
    pipeline = Pipeline(EVERYTHING | COUNTED)
    for number, message in enumerate(MESSAGES):
        pipeline.send(message | {"messageId": f"m{number}", "timestamp": number * MINUTE}, number * MINUTE)
    pipeline.request("suppress", "cookie:c", "asked not to be")
    return pipeline


def test_every_value_says_where_it_comes_from() -> None:
    found = of(shop())
    assert found["traits"] == {"plan": "free", "email": "jane@example.org", "added": 1}
    assert found["trait_origins"]["plan"] == {"event_time": MINUTE, "source": "crm/desk"}
    assert found["trait_origins"]["added"] == {"computed": True}
    assert found["purposes"] == [{"purpose": "personalised-ads", "granted": True, "event_time": 0, "source": None,
                                  "held_back_by_merge": False}]


def test_channels_say_for_each_identifier_whether_it_may_be_addressed_and_why() -> None:
    answers = {(row["channel"], row["identifier"]): (row["permitted"], row["basis"]) for row in of(shop())["channels"]}
    assert answers == {
        ("display", "cookie:c"): (False, "suppressed: asked not to be"),
        ("display", "device_id:d"): (True, "personalised-ads: granted"),
        ("display", "email:jane@example.org"): (True, "personalised-ads: granted"),
        ("email", "email:jane@example.org"): (False, "no consent for email-marketing")}


def test_the_latest_events_come_first() -> None:
    found = of(shop(), latest=2)["latest_events"]
    assert [(row["event"], row["platform"], row["message_id"]) for row in found] == [
        ("Product Added", "app", "m3"), ("Screen Viewed", "app", "m2")]


def test_what_the_timeline_has_forgotten_is_in_no_number_and_said(monkeypatch: Any) -> None:
    monkeypatch.setattr(timelines, "MOST", 300)
    pipeline = Pipeline()
    for number in range(1_024):
        pipeline.send({"type": "page", "messageId": f"m{number}", "anonymousId": "c", "timestamp": number}, number)
    found = of(pipeline)
    kept = range(1_023 - 300, 1_024)
    told = found["basics"]
    assert found["events"] == 1_024
    assert told["since"] == kept[1] and told["first_touch"] is None
    assert told["counters"]["Page Viewed"] == {"events": 300, "first_seen": kept[1], "last_seen": kept[-1]}
    assert told["last_touch"]["event_time"] == kept[-1]


def test_it_reads_as_lines_of_facts() -> None:
    lines = list(readable(of(shop())))
    for line in (
        "  plan = \"free\"  1970-01-01T00:01:00.000Z, crm/desk",
        "  personalised-ads: granted  1970-01-01T00:00:00.000Z",
        "  display cookie:c: no, suppressed: asked not to be",
        "  first touch 1970-01-01T00:00:00.000Z Page Viewed on web, /shoes, campaign {\"source\": \"news\"}",
        "  1 session on 1 day (UTC); the last from 1970-01-01T00:00:00.000Z to 1970-01-01T00:03:00.000Z, "
        "3 events on web, app",
        "  from web to app: 1 time, last 1970-01-01T00:02:00.000Z",
        "  device_id:d  P9: 1 event, first 1970-01-01T00:02:00.000Z, last 1970-01-01T00:02:00.000Z",
        "  1970-01-01T00:03:00.000Z Product Added on app, app  customer_id:u",
    ):
        assert line in lines, "\n".join(lines)
