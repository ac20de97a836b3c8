"""`segment explain` of each kind of node: what decided it, time or value, and until when; through the whole pipeline."""
from __future__ import annotations

from typing import Any

import pytest

from streams.cli.trees import as_text
from streams.core.segments.explain import explain
from streams.testing import Pipeline

HOUR, START = 3_600_000, 1_772_323_200_000
"""2026-03-01T00:00:00Z. At 0 plan becomes x; A with v 1 at 1 and v 2 at 2; B at half past 2, which is now."""
A = {"event": "A"}
STEPS = {"steps": [A, {"event": "B"}]}
EXPLAINED: dict[str, tuple[dict[str, Any], str]] = {
    "count in a window": (
        {"performed": {**A, "within": "3h", "at_least": 2}},
        "yes performed A at least 2 times within 3h  [01:00, 02:00], until 04:00"),
    "count": ({"performed": {**A, "at_least": 2}}, 'yes performed A at least 2 times  ["2 or more"]'),
    "absence": ({"performed": {"event": "Z", "at_most": 0}}, "yes performed Z at most 0 times  [0]"),
    "distinct": (
        {"performed": {**A, "distinct": "v", "at_least": 2}},
        "yes performed A at least 2 times with distinct v  [01:00, 02:00]"),
    "a condition on the clock": (
        {"performed": {**A, "where": [{"property": "due", "older_than": "2h"}]}},
        "no  performed A where due older than 2h, until 07:00"),
    "sum": ({"aggregate": {**A, "function": "sum", "property": "v", "gte": 3}}, "yes sum of v over A gte 3  [3]"),
    "last": ({"last_performed": {**A, "where_last": [{"property": "v", "is": 1}]}}, "no  last A has v is 1  [02:00]"),
    "sequence": (
        {"sequence": {**STEPS, "completed_within": "9h"}}, "yes A then B completed within 9h  [02:30], until 11:30"),
    "sequence and then not": (
        {"sequence": {**STEPS, "then_not": {"event": "C", "for": "9h"}}},
        "no  A then B then not C for 9h  [02:30], until 11:30"),
    "trait": ({"trait": {"name": "plan", "is": "y"}}, 'no  trait plan is y  [00:00 "x"]'),
    "trait for a while": (
        {"trait": {"name": "plan", "is": "x", "for": "9h"}}, 'no  trait plan is x for 9h  [00:00 "x"], until 09:00'),
    "computed trait": ({"trait": {"name": "c", "gte": 2}}, "yes trait c gte 2  [02:00 2], until 06:00"),
    "missing trait": ({"trait": {"name": "nowhere", "exists": False}}, "yes trait nowhere does not exist"),
    "identifier": ({"identifier": {"namespace": "cookie"}}, "yes has identifier cookie  [1]"),
    "consent": ({"consent": {"purpose": "p"}}, "yes consent p is granted  [01:00 true]"),
    "everyone": ({"everyone": {}}, "yes everyone"),
}


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    documents: dict[str, Any] = {f"segment/s{number}": {"kind": "segment", "id": f"s{number}", "rule": rule}
                                 for number, (rule, _) in enumerate(EXPLAINED.values())}
    documents["computed-trait/c"] = {"kind": "computed-trait", "id": "c", "function": "count", **A, "within": "5h"}
    pipeline = Pipeline(documents, partitions=1)
    consent = {"consent": {"purposes": {"p": True}}}
    for hours, message in (
            (0.0, {"type": "identify", "traits": {"plan": "x"}}),
            (1.0, {"type": "track", **A, "properties": {"v": 1, "due": START + 5 * HOUR}, "context": consent}),
            (2.0, {"type": "track", **A, "properties": {"v": 2}}), (2.5, {"type": "track", "event": "B"})):
        at = START + int(hours * HOUR)
        pipeline.send({**message, "userId": "u", "anonymousId": "c", "messageId": f"m{hours}", "timestamp": at}, at)
    return pipeline


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_node_says_what_decided_it_and_until_when(pipeline: Pipeline, name: str) -> None:
    (profile,) = pipeline.profiles()
    explanation = explain(pipeline.plan, profile, f"s{list(EXPLAINED).index(name)}", pipeline.now)
    line = as_text(explanation).splitlines()[1].strip()
    assert line.replace("2026-03-01T", "").replace(":00.000Z", "") == EXPLAINED[name][1]
    assert explanation.holds is (explanation.since is not None) is line.startswith("yes")
