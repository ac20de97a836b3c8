"""Erasure and the rows of other people: their events stay events, their numbers numbers, who comes back whole."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from streams.testing import Pipeline
from tests.pipeline.erased import STATED
from tests.pipeline.worlds import people

START = 10**12
BUYERS: dict[str, Any] = {"segment/buyers": {"kind": "segment", "id": "buyers", "rule": {
    "performed": {"event": "Purchase", "within": "90d"}}}}
SUMS: dict[str, Any] = {"segment/large": {"kind": "segment", "id": "large", "rule": {"aggregate": {
    "function": "sum", "event": "Order", "property": "cents", "gte": 5, "within": "90d"}}}}


def send(pipeline: Pipeline, message_id: str, **fields: Any) -> None:
    pipeline.send({"messageId": message_id, "timestamp": pipeline.now, **fields})
    pipeline.advance(by=1_000)


@pytest.mark.parametrize("value", ["screen", "identify", "Purchase", "x1"])
def test_a_value_that_is_also_a_word_of_the_format_renames_nobodys_events(value: str) -> None:
    pipeline = Pipeline({}, start=START)
    send(pipeline, "m1", userId=value, type="identify", traits={})
    send(pipeline, "x1", userId="bob-1", type="track", event="Purchase", properties={"by": f"customer_id:{value}"})
    send(pipeline, "x2", userId="bob-1", type="screen", name=value)
    pipeline.erase(f"customer_id:{value}")
    send(pipeline, "x3", userId=value, anonymousId="c-2", type="screen", name="n")
    pipeline.advance(by=STATED)
    pipeline.apply(BUYERS)
    pipeline.advance(by=1_000)
    assert pipeline.members("buyers") == {"customer_id:bob-1"}
    assert people(pipeline) == {frozenset({"customer_id:bob-1"}): ["x1", "x2"], frozenset({"cookie:c-2"}): ["x3"]}


def test_an_event_that_cannot_be_read_again_keeps_its_kind_name_and_time() -> None:
    pipeline = Pipeline({}, start=START)
    send(pipeline, "m1", userId="bob-1", anonymousId="c", type="track", event="Purchase", properties={"n": 1})
    task = pipeline.tasks[0]
    event = task.context.reread(task.state.timeline.entries("customer_id:bob-1")[0])
    for raw in (b"{", b"[]", b'{"type":"nothing"}', b'{"type":"track","event":"x","timestamp":"never"}'):
        left = task.context.redact(replace(event, raw=raw), ("cookie:c",))
        assert (left.kind, left.name, left.event_time, left.message_id) == ("track", "Purchase", event.event_time, "m1")
        assert left.identifiers == ("customer_id:bob-1",)


def test_numbers_that_look_like_an_erased_customer_stay() -> None:
    pipeline = Pipeline(SUMS, start=START)
    send(pipeline, "m1", userId="123456", type="identify", traits={})
    send(pipeline, "x1", userId="bob-1", type="track", event="Order", properties={"cents": 123456, "note": "C:\\bob"})
    pipeline.erase("customer_id:123456")
    pipeline.advance(by=STATED)
    assert pipeline.members("large") == {"customer_id:bob-1"}
    send(pipeline, "x2", userId="bob-1", type="track", event="Order", properties={"cents": 10})
    (profile,) = pipeline.profiles()
    (fragment,) = profile.fragments.values()
    assert [rows[-1] for rows in fragment.leaves.values()] == [[123456, 10]]
