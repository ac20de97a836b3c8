"""What a person is given who asks what is known: all of it, with its sources, of both halves of a merge."""
from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.task.export import everything
from streams.testing import Pipeline
from tests.pipeline.worlds import found_at
from tests.strategies import EVERYTHING

MINUTE = 60_000
MESSAGES: list[dict[str, Any]] = [
    {"type": "page", "anonymousId": "c", "properties": {"path": "/shoes"},
     "context": {"source": {"name": "shop"}, "consent": {"purposes": {"personalised-ads": True}}}},
    {"type": "identify", "userId": "u", "traits": {"plan": "free", "email": "jane@example.org"},
     "context": {"source": {"name": "crm"}}},
    {"type": "track", "event": "Product Added", "userId": "u", "anonymousId": "c",
     "context": {"source": {"name": "shop"}}},
    {"type": "page", "anonymousId": "somebody else"},
]


def exported() -> dict[str, Any]:
    pipeline = Pipeline(EVERYTHING, partitions=4)
    for number, message in enumerate(MESSAGES):
        at = (number + 1) * MINUTE
        pipeline.send(message | {"messageId": f"m{number}", "timestamp": at}, at)
    task, profile = found_at(pipeline, "customer_id:u")
    found = everything(pipeline.plan, profile, task.state.timeline.entries(profile.key), orjson.loads, pipeline.now)
    restored: dict[str, Any] = orjson.loads(orjson.dumps(found))
    return restored


def test_everything_is_there_with_its_source() -> None:
    found = exported()
    assert {i["identifier"] for i in found["profile"]["identifiers"]} == {
        "cookie:c", "customer_id:u", "email:jane@example.org"}
    assert [event["message"]["messageId"] for event in found["events"]] == ["m0", "m1", "m2"]
    assert found["events"][0]["message"]["properties"] == {"path": "/shoes"}
    assert {"name": "plan", "value": "free", "event_time": 2 * MINUTE, "source": "crm",
            "stated_by": "customer_id:u"} in found["traits"]
    assert found["consent"] == [{"purpose": "personalised-ads", "granted": True, "event_time": MINUTE, "source": "shop",
                                 "stated_by": "cookie:c"}]
    assert "ads|display|cookie:c" in found["told"]


def test_nobody_else_is_in_it() -> None:
    assert "somebody else" not in orjson.dumps(exported()).decode()


@pytest.mark.parametrize("partitions", [1, 4])
def test_what_is_asked_as_a_request_is_answered_with_what_there_is(partitions: int) -> None:
    pipeline = Pipeline(EVERYTHING, partitions=partitions)
    for number, message in enumerate(MESSAGES):
        pipeline.send(message | {"messageId": f"m{number}", "timestamp": number}, number)
    pipeline.request("export", "cookie:c", request_id="r1")
    pipeline.request("export", "cookie:nobody", request_id="r2")
    pipeline.request("export", "cookie:c", request_id="r1")
    first, nobody, again = pipeline.receipts
    assert first == again and first.outcome == "done"
    assert first.places == {"identifiers": 3, "traits": 2, "consent": 1, "segments": 4, "timeline": 3}
    assert (nobody.outcome, nobody.reason) == ("refused", "nobody has this identifier")
    assert not any(b"nobody" in key for store in pipeline.stores for key in store.keys("pointers"))
