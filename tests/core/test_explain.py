"""The rule as a tree: what holds, what decided it, since when, until when."""
from __future__ import annotations

import json

import pytest

from streams.cli.trees import as_json, as_text
from streams.core.segments.explain import explain
from streams.core.segments.rules import All, AnyOf, Bound, InSegment, Not, Performed, Rule, Sequence, ThenNot, Window
from tests.core.story import Sent, Story, identify, on, plan_of, track
from tests.core.test_leaves_traits import trait


def did(name: str, within: int | None = None, count: int = 1) -> Performed:
    return Performed(match=on(name), window=Window(within=within), count=count)


def test_the_tree_follows_the_rule() -> None:
    rule = All(rules=(did("A", 30), Not(rule=did("B")), AnyOf(rules=(trait("x", "is", 1), trait("y", "exists", True)))))
    story = Story(plan_of(rule)).send(track("A", 10), identify(12, y="z"))
    told = explain(story.plan, story.profile, "s0", 20)
    assert (told.holds, told.version, told.since, told.changes_at) == (True, 1, 12, 40)
    assert told.because == "trait y exists [message m2]"
    first, second, third = told.rule.parts
    assert (first.text, first.holds, first.changes_at) == ("performed A within 30ms", True, 40)
    assert [evidence.event_time for evidence in first.evidence] == [10]
    assert (second.text, second.holds, second.parts[0].holds) == ("not", True, False)
    assert [(part.text, part.holds) for part in third.parts] == [("trait x is 1", False), ("trait y exists", True)]
    assert [(evidence.event_time, evidence.value) for evidence in third.parts[1].evidence] == [(12, "z")]


def test_a_segment_in_it_is_unfolded() -> None:
    story = Story(plan_of(did("A", 30), Not(rule=InSegment(id="s0")))).send(track("A", 10))
    told = explain(story.plan, story.profile, "s1", 20)
    assert (told.holds, told.since, told.changes_at) == (False, None, 40)
    inner = told.rule.parts[0]
    assert (inner.text, inner.holds, inner.parts[0].text) == ("in segment s0", True, "performed A within 30ms")


@pytest.mark.parametrize(("rule", "story", "expected"), [
    (did("A"), [track("A", 10)], None),
    (did("A", 30, count=2), [track("A", 10), track("A", 15)], 40),
    (did("A", 30, count=2), [track("A", 10)], None),
    (Not(rule=did("A", 30)), [track("A", 10)], 40),
    (All(rules=(did("A", 30), did("B", 5))), [track("A", 10), track("B", 18)], 23),
    (AnyOf(rules=(did("A", 30), did("B", 5))), [track("A", 10), track("B", 18)], 40),
    (trait("x", "is", 1, 50), [identify(10, x=1)], 60),
    (trait("due", "within_next", 10), [identify(10, due=100)], 91),
    (Sequence(steps=(on("A"), on("B")), then_not=ThenNot(match=on("C"), wait=50)), [track("A", 10), track("B", 15)], 65),
    (Performed(match=on("A"), window=Window(within=30), bound=Bound.EXACTLY, count=1), [track("A", 10), track("A", 12)], 40),
])
def test_changes_at_is_when_the_answer_changes(rule: Rule, story: list[Sent], expected: int | None) -> None:
    told = Story(plan_of(rule)).send(*story)
    assert explain(told.plan, told.profile, "s0", 20).changes_at == expected


def test_explaining_changes_nothing() -> None:
    story = Story(plan_of(did("A", 30))).send(track("A", 10))
    before = repr(story.profile)
    explain(story.plan, story.profile, "s0", 20)
    assert repr(story.profile) == before


def test_a_segment_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        explain(plan_of(), Story(plan_of()).profile, "s0", 1)


def test_segments_that_lead_to_one_through_many_ways_are_unfolded_once() -> None:
    """Twice each in the next: without that a tree of 2 ** 50 nodes."""
    above = [All(rules=(InSegment(id=f"s{number}"), Not(rule=Not(rule=InSegment(id=f"s{number}"))))) for number in range(49)]
    story = Story(plan_of(did("A", 30), *above)).send(track("A", 10))
    told = explain(story.plan, story.profile, "s49", 20)
    assert (told.holds, told.changes_at) == (True, 40)
    first, second = told.rule.parts
    assert (first.text, second.parts[0].parts[0].text) == ("in segment s48", "in segment s48 (see above)")
    assert second.parts[0].parts[0].holds and second.parts[0].parts[0].changes_at == 40


def test_as_deep_as_rules_and_segments_go() -> None:
    """Fifty segments of ninety `not`s each: what is too deep for one tree is left to the segment's own."""
    rules = [_deep(did("A", 30)), *(_deep(InSegment(id=f"s{number}")) for number in range(49))]
    story = Story(plan_of(*rules)).send(track("A", 10))
    told = explain(story.plan, story.profile, "s49", 20)
    assert (told.holds, told.changes_at) == (True, 40)
    lines = as_text(told).splitlines()
    assert lines[-1].strip().startswith("yes in segment s48 (see its own explanation)") and len(lines) == 92
    json.dumps(as_json(told), indent=2)


def _deep(inner: Rule, levels: int = 90) -> Rule:
    return inner if not levels else Not(rule=_deep(inner, levels - 1))
