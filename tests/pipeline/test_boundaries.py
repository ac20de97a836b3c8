"""Each node that time alone can turn, through the whole pipeline: at the instant, and not a millisecond before.

The core's tables say the same of leaves; here timers, identity and the clock stand between.
"""
from __future__ import annotations

from typing import Any

import pytest

from streams.testing import Pipeline

Json = dict[str, Any]
START = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""
HOUR, DAY = 3_600_000, 86_400_000


def cart(at: int, event: str = "Cart", **properties: Any) -> Json:
    return {"type": "track", "event": event, "userId": "u1", "messageId": f"{event}{at}", "timestamp": START + at,
            "properties": {"value": 10, **properties}}


def signed_up(at: int) -> Json:
    return {"type": "identify", "userId": "u1", "messageId": "i", "timestamp": START + at,
            "traits": {"plan": "free", "renewed": "2026-01-01T00:00:00Z"}}


CART, ORDER = {"event": "Cart"}, {"event": "Order"}
TURNS: dict[str, tuple[Json, list[Json], int, bool]] = {
    "performed within ends": ({"performed": {**CART, "within": "1h"}}, [cart(5)], 5 + HOUR, False),
    "the older of two ends a count": (
        {"performed": {**CART, "within": "1h", "at_least": 2}}, [cart(5), cart(9)], 5 + HOUR, False),
    "at_most becomes true again": (
        {"all": [{"everyone": {}}, {"performed": {**CART, "within": "1h", "at_most": 1}}]},
        [cart(5), cart(9)], 5 + HOUR, True),
    "absence begins": (
        {"all": [{"performed": CART}, {"not": {"performed": {**CART, "within": "1d"}}}]}, [cart(5)], 5 + DAY, True),
    "distinct forgets": (
        {"performed": {**CART, "distinct": "sku", "within": "1h", "at_least": 2}},
        [cart(5, sku="a"), cart(7, sku="b")], 5 + HOUR, False),
    "a sum forgets": (
        {"aggregate": {**CART, "within": "1h", "function": "sum", "property": "value", "gte": 20}},
        [cart(5), cart(9)], 5 + HOUR, False),
    "the newest grows old": ({"last_performed": {**CART, "within": "1h"}}, [cart(5), cart(9)], 9 + HOUR, False),
    "a sequence is too old": (
        {"sequence": {"steps": [CART, ORDER], "within": "1h", "completed_within": "1d"}},
        [cart(5), cart(9, "Order")], 9 + DAY, False),
    "nothing came after": (
        {"sequence": {"steps": [CART, CART], "within": "1h", "then_not": {**ORDER, "for": "30m"}}},
        [cart(5), cart(9)], 9 + HOUR // 2, True),
    "a trait has lasted": ({"trait": {"name": "plan", "is": "free", "for": "1d"}}, [signed_up(5)], 5 + DAY, True),
    "a time is no longer near": ({"trait": {"name": "renewed", "within_last": "1d"}}, [signed_up(5)], DAY, False),
    "a time has become old": ({"trait": {"name": "renewed", "older_than": "1d"}}, [signed_up(5)], DAY, True),
}


def members(pipeline: Pipeline) -> set[str]:
    return {segment for profile in pipeline.profiles() for segment in profile.members}


@pytest.mark.parametrize(("rule", "history", "turns_at", "becomes"), TURNS.values(), ids=TURNS)
def test_time_alone_turns_it_at_the_instant_and_not_a_millisecond_before(
    rule: Json, history: list[Json], turns_at: int, becomes: bool,
) -> None:
    pipeline = Pipeline({"segment/s": {"kind": "segment", "id": "s", "rule": rule}}, start=START)
    for message in history:
        pipeline.send(message, message["timestamp"])
    pipeline.advance(to=START + turns_at - 1)
    assert members(pipeline) == (set() if becomes else {"s"})
    pipeline.advance(to=START + turns_at)
    assert members(pipeline) == ({"s"} if becomes else set())


@pytest.mark.parametrize(("ahead", "counts_from"), [(0, 0), (1, 0), (DAY, 0), (-HOUR // 2, -HOUR // 2)])
def test_an_event_from_the_future_counts_from_its_arrival_and_one_of_the_past_from_its_own_time(
    ahead: int, counts_from: int,
) -> None:
    rule = {"performed": {**CART, "within": "1h"}}
    pipeline = Pipeline({"segment/s": {"kind": "segment", "id": "s", "rule": rule}}, start=START + HOUR)
    pipeline.send(cart(HOUR + ahead), START + HOUR)
    assert members(pipeline) == {"s"}
    pipeline.advance(to=START + HOUR + counts_from + HOUR - 1)
    assert members(pipeline) == {"s"}
    pipeline.advance(to=START + HOUR + counts_from + HOUR)
    assert members(pipeline) == set()
