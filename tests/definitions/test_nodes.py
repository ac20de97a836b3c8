"""Every node, comparison and field of the rule language, from YAML to the typed form."""
from __future__ import annotations

from typing import Any

import pytest
import yaml

from streams.core.definitions import Segment
from streams.core.segments.rules import (
    Aggregate,
    All,
    AnyOf,
    Bound,
    Comparison,
    Condition,
    Consent,
    ConsentState,
    EventMatch,
    Everyone,
    Function,
    HasIdentifier,
    InSegment,
    LastPerformed,
    Members,
    Not,
    Operator,
    Performed,
    Random,
    Rule,
    Sequence,
    ThenNot,
    Trait,
    Window,
)
from tests.definitions.refused import read_alone

DAY = 86_400_000
A = EventMatch(names=("A",))
IS_1 = Comparison(operator=Operator.IS, operand=1)


def rule(text: str) -> Rule:
    parsed = read_alone({"kind": "segment", "id": "s", "rule": yaml.safe_load(text)})
    assert isinstance(parsed, Segment)
    return parsed.rule


@pytest.mark.parametrize(("text", "expected"), [
    ("everyone: {}", Everyone()),
    ("all: []", All(rules=())),
    ("any: [{everyone: {}}, {not: {everyone: {}}}]", AnyOf(rules=(Everyone(), Not(rule=Everyone())))),
    ("trait: {name: a.b, is: 1}", Trait(name=("a", "b"), comparison=IS_1)),
    ("trait: {name: [a.b, c], is: 1, for: 2d}", Trait(name=("a.b", "c"), comparison=IS_1, held_for=2 * DAY)),
    ("trait: {name: 'a[..email', is: 1}", Trait(name=("a[", "", "email"), comparison=IS_1)),
    ("identifier: {namespace: email}", HasIdentifier(namespace="email")),
    ("in_segment: {id: other}", InSegment(id="other")),
    ("random: {percent: 12.5, salt: x}", Random(percent=12.5, salt="x")),
    ("consent: {purpose: p}", Consent(purpose="p", state=ConsentState.GRANTED)),
    ("consent: {purpose: p, state: unknown}", Consent(purpose="p", state=ConsentState.UNKNOWN)),
    ("members: ['Email: Jane@Example.COM ', 'customer_id:A']",
     Members(identifiers=frozenset({"email:jane@example.com", "customer_id:A"}))),
    ("members: ['phone:+31 6 12 34 56 78']", Members(identifiers=frozenset({"phone:+31612345678"}))),
])
def test_nodes_over_the_profile(text: str, expected: Rule) -> None:
    assert rule(text) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("performed: {}", Performed(match=EventMatch())),
    ("performed: {event: '*'}", Performed(match=EventMatch())),
    ("performed: {event: [A, 'B*', A]}", Performed(match=EventMatch(names=("A", "B*")))),
    ("performed: {event: A, at_most: 0}", Performed(match=A, bound=Bound.AT_MOST, count=0)),
    ("performed: {event: A, exactly: 2, within: 3h}",
     Performed(match=A, bound=Bound.EXACTLY, count=2, window=Window(within=10_800_000))),
    ("performed: {event: A, at_least: 3, distinct: x.y}", Performed(match=A, count=3, distinct=("x", "y"))),
    ("performed: {event: A, where: [{property: [files, a.pdf], is: 1}]}",
     Performed(match=EventMatch(names=("A",),
                                where=(Condition(property=("files", "a.pdf"), comparison=IS_1),)))),
    ("performed: {event: A, between: ['1970-01-01T00:00:01Z', '1970-01-01T01:00:02+01:00']}",
     Performed(match=A, window=Window(start=1_000, end=2_000))),
    ("performed: {event: A, after: '1970-01-02'}", Performed(match=A, window=Window(start=DAY))),
    ("performed: {event: A, before: '1970-01-02', after: '1970-01-01'}",
     Performed(match=A, window=Window(start=0, end=DAY))),
    ("aggregate: {event: A, function: sum, property: p, is: 1, before: '1970-01-02'}",
     Aggregate(match=A, function=Function.SUM, property=("p",), comparison=IS_1, window=Window(end=DAY))),
    ("last_performed: {event: A, where_last: [{property: p, is: 1}], within: 1w}",
     LastPerformed(match=A, where_last=(Condition(property=("p",), comparison=IS_1),), within=7 * DAY)),
    ("sequence: {steps: [{event: A}, {event: A}], then_not: {event: A}}",
     Sequence(steps=(A, A), then_not=ThenNot(match=A, wait=0))),
    ("sequence: {steps: [{event: A}, {}], within: 1d, completed_within: 3d, then_not: {event: A, for: 2d}}",
     Sequence(steps=(A, EventMatch()), within=DAY, completed_within=3 * DAY,
              then_not=ThenNot(match=A, wait=2 * DAY))),
])
def test_nodes_over_events(text: str, expected: Rule) -> None:
    assert rule(text) == expected


@pytest.mark.parametrize(("operator", "written", "operand"), [
    ("is", "true", True), ("is_not", "''", ""), ("in", "[NL, 2]", ("NL", 2)), ("not_in", "[x]", ("x",)),
    ("gt", "1.5", 1.5), ("gte", "'20'", 20), ("lt", "'-2.5'", -2.5), ("lte", "0", 0),
    ("contains", "x", "x"), ("starts_with", "x", "x"), ("ends_with", "x", "x"), ("matches", "'^a+$'", "^a+$"),
    ("exists", "false", False), ("includes", "x", "x"),
    ("before", "'1970-01-02'", DAY), ("after", "'1970-01-01T00:00:00.001'", 1),
    ("within_last", "90s", 90_000), ("within_next", "30m", 1_800_000), ("older_than", "2w", 14 * DAY),
])
def test_comparisons(operator: str, written: str, operand: Any) -> None:
    found = rule(f"trait: {{name: t, {operator}: {written}}}")
    assert isinstance(found, Trait)
    assert found.comparison == Comparison(operator=Operator(operator), operand=operand)
    assert type(found.comparison.operand) is type(operand)


def test_every_comparison_is_covered() -> None:
    marks = test_comparisons.pytestmark  # type: ignore[attr-defined]
    assert {case[0] for case in marks[0].args[1]} == set(Operator)
