"""Compiling: shared leaves, stable ids, refusals, costs."""
from __future__ import annotations

import subprocess
import sys

import pytest

from streams.core.definitions import ComputedTrait
from streams.core.segments.plan import MOST_NAMES
from streams.core.segments.rules import (
    Aggregate,
    All,
    Consent,
    EventMatch,
    Function,
    HasIdentifier,
    InSegment,
    LastPerformed,
    Not,
    Performed,
    Rule,
    Sequence,
    Trait,
    Window,
)
from tests.core.story import compare, named, on, plan_of, where

A_DAY = Performed(match=on("A"), window=Window(within=86_400_000))


def test_what_two_segments_say_is_one_leaf() -> None:
    assert len(plan_of(A_DAY, All(rules=(A_DAY, Not(rule=A_DAY)))).leaves) == 1


def test_an_id_does_not_depend_on_what_is_around_it() -> None:
    assert set(plan_of(A_DAY).leaves) < set(plan_of(Performed(match=on("B")), A_DAY, version=7).leaves)


@pytest.mark.parametrize("other", [
    Performed(match=on("A"), window=Window(within=86_400_001)), Performed(match=on("a"), window=Window(within=86_400_000)),
    Performed(match=on("A", where=(where("p", "is", 1),)), window=Window(within=86_400_000)),
    Performed(match=on("A"), window=Window(within=86_400_000), count=2),
    Performed(match=on("A"), window=Window(within=86_400_000), distinct=("p",)),
])
def test_another_meaning_is_another_id(other: Rule) -> None:
    assert len(plan_of(A_DAY, other).leaves) == 2


@pytest.mark.parametrize(("one", "other"), [(1, "1"), (1, True), (1, 1.5), ("a", "A")])
def test_operands_of_another_kind_make_another_id(one: object, other: object) -> None:
    assert len(plan_of(*(Trait(name=("t",), comparison=compare("is", operand)) for operand in (one, other))).leaves) == 2


def test_a_trait_leaf_is_another_once_its_computed_trait_is() -> None:
    rule = Trait(name=("c",), comparison=compare("gte", 2))
    plain, day, week = (plan_of(rule, computed=computed) for computed in (
        (), (ComputedTrait(id="c", function=Function.COUNT, window=Window(within=1)),),
        (ComputedTrait(id="c", function=Function.COUNT, window=Window(within=7)),)))
    assert len({next(iter(plan.leaves)) for plan in (plain, day, week)}) == 3


def test_ids_are_the_same_in_every_process() -> None:
    program = ("from tests.core.test_plan import *; from streams.core.segments.rules import Members\n"
               "plan = plan_of(A_DAY, Members(identifiers=frozenset('abcdefgh')))\nprint(sorted(plan.leaves))")
    seen = {subprocess.run([sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, check=True, text=True,
                           capture_output=True).stdout for seed in ("1", "2")}
    assert len(seen) == 1


def test_a_segment_that_is_not_defined_is_refused() -> None:
    with pytest.raises(ValueError, match="segment one: in_segment names other, which is not defined"):
        named(one=InSegment(id="other"))


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="round in a circle: "):
        named(one=InSegment(id="two"), two=Not(rule=All(rules=(InSegment(id="one"),))))


def test_a_segment_of_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="round in a circle"):
        named(one=InSegment(id="one"))


def test_names_from_outside_do_not_fill_the_memory() -> None:
    plan = plan_of(A_DAY, Performed(match=on("B*")))
    for number in range(MOST_NAMES * 2):
        plan.listeners(f"B{number}")
    assert len(plan.known) <= MOST_NAMES
    assert len(plan.listeners("B-any")) == 1


def test_a_name_of_any_length_is_heard_and_not_remembered() -> None:
    plan = plan_of(A_DAY, Performed(match=on("B*")))
    assert len(plan.listeners("B" * 1_000_000)) == 1
    assert plan.known == {}


def test_a_source_hears_an_event_once_however_many_patterns_match() -> None:
    assert len(plan_of(Performed(match=on("A", "A*", "*"))).listeners("A")) == 1


@pytest.mark.parametrize(("rule", "entries", "is_exact"), [
    (A_DAY, 1, True),
    (Performed(match=on("A"), window=Window(within=9), count=5), 5, True),
    (Not(rule=Performed(match=on("A"), window=Window(within=9), count=5)), 5, True),
    (Performed(match=on("A", where=(where("p", "within_last", 5),))), 10_000, False),
    (LastPerformed(match=on("A")), 1, True),
    (Sequence(steps=(on("A"), on("B"))), 10_000, False),
    (Sequence(steps=(on("A", where=(where("p", "within_last", 5),)), on("B"))), 2_000, False),
    (Aggregate(match=on("A"), function=Function.SUM, property=("p",), comparison=compare("gt", 1)), 43, True),
    (Aggregate(match=on("A"), function=Function.SUM, property=("p",), comparison=compare("gt", 1), window=Window(within=9)),
     10_000, False),
    (Trait(name=("t",), comparison=compare("is", 1)), 0, True),
])
def test_cost_is_a_bound_on_what_is_kept(rule: Rule, entries: int, is_exact: bool) -> None:
    cost = plan_of(rule).cost("s0")
    assert (cost.entries, cost.is_exact) == (entries, is_exact)
    assert cost.size_in_bytes == entries * 30


def test_cost_names_what_touches_a_leaf_and_who_shares_it() -> None:
    rare = Performed(match=on("B*", "C"), count=3)
    plan = plan_of(All(rules=(A_DAY, rare, Trait(name=("t",), comparison=compare("is", 1)), Consent(purpose="ads"),
                              HasIdentifier(namespace="email"), Performed(match=EventMatch()))),
                   A_DAY, InSegment(id="s0"))
    cost = plan.cost("s0")
    assert [(leaf.events, leaf.traits, leaf.purposes, leaf.by_identity, leaf.shared_with) for leaf in cost.leaves] == [
        (("A",), (), (), False, ("s1",)), (("B*", "C"), (), (), False, ()), ((), ("t",), (), False, ()),
        ((), (), ("ads",), False, ()), ((), (), (), True, ()), (("*",), (), (), False, ())]
    assert (cost.entries, cost.own_entries) == (5, 4)
    assert (plan.cost("s1").entries, plan.cost("s1").own_entries) == (1, 0)
    assert (plan.cost("s2").entries, plan.cost("s2").rests_on) == (0, ("s0",))


def test_blank_members_are_those_who_are_in_without_any_event() -> None:
    plan = plan_of(Not(rule=A_DAY), A_DAY, All(rules=()), InSegment(id="s0"))
    assert set(plan.blank_members) == {"s0", "s2", "s3"}
