"""What the 360 view says of where somebody was seen."""
from __future__ import annotations

from typing import Any

import pytest

from streams.testing import Pipeline

TILL: dict[str, Any] = {"type": "pos", "name": "Utrecht"}


def seen_at(pipeline: Pipeline, number: int, source: Any) -> None:
    pipeline.send({"type": "page", "messageId": f"m{number}", "anonymousId": "c", "timestamp": number * 1_000,
                   "context": {"source": source}}, at=10_000 + number)


def source_of(pipeline: Pipeline) -> str | None:
    found = pipeline.profile("cookie:c")
    assert found is not None
    source: str | None = found["identifiers"][0]["source"]
    return source


@pytest.mark.parametrize(("source", "said"), [
    (TILL, "pos/Utrecht"), ({"type": "app"}, "app"), ({"name": "shop"}, "shop"), ({}, None), ("web", None), (None, None)])
def test_a_source_is_its_type_and_name(source: Any, said: str | None) -> None:
    pipeline = Pipeline()
    seen_at(pipeline, 1, source)
    assert source_of(pipeline) == said


def test_the_source_is_where_an_identifier_was_last_seen_by_event_time() -> None:
    pipeline = Pipeline()
    seen_at(pipeline, 2, {"type": "web"})
    seen_at(pipeline, 5, TILL)
    seen_at(pipeline, 3, {"type": "app"})
    assert source_of(pipeline) == "pos/Utrecht"


def test_the_source_is_the_newest_over_all_that_a_person_consists_of() -> None:
    pipeline = Pipeline()
    seen_at(pipeline, 1, {"type": "web"})
    pipeline.send({"type": "page", "messageId": "m2", "anonymousId": "c", "userId": "u", "timestamp": 2_000,
                   "context": {"source": TILL}}, at=20_000)
    seen_at(pipeline, 1, {"type": "app"})
    assert source_of(pipeline) == "pos/Utrecht"
