"""Fragments: any order of events, rebuilt from the timeline, definitions that change under way."""
from __future__ import annotations

import itertools
from typing import Any

import pytest

from streams.core.definitions import ComputedTrait
from streams.core.events import Event
from streams.core.profile import Fragment, Profile
from streams.core.segments.folding import fold, is_behind, refold
from streams.core.segments.leaves.leaf import Judgement
from streams.core.segments.plan import Plan
from streams.core.segments.rules import Aggregate, Bound, Function, LastPerformed, Performed, Rule, Sequence, ThenNot, Window
from tests.core.story import IN, OUT, Sent, Story, compare, identify, on, plan_of, track, where
from tests.core.test_leaves_traits import trait

RULES: dict[str, Rule] = {
    "count": Performed(match=on("A"), window=Window(within=100), count=2),
    "count_ever": Performed(match=on("A"), count=3, bound=Bound.EXACTLY),
    "distinct": Performed(match=on("A"), window=Window(within=100), count=2, distinct=("p",)),
    "moving": Performed(match=on("A", where=(where("p", "within_last", 100),)), count=2),
    "newest": LastPerformed(match=on("A"), where_last=(where("p", "gte", 2),)),
    "sum": Aggregate(match=on("A"), function=Function.SUM, property=("p",), comparison=compare("gte", 3),
                     window=Window(within=100)),
    "first": Aggregate(match=on("A"), function=Function.FIRST, property=("p",), comparison=compare("is", 2),
                       window=Window(within=5)),
    "first_ever": Aggregate(match=on("A"), function=Function.FIRST, property=("p",), comparison=compare("is", 1)),
    "frequent_ever": Aggregate(match=on("A"), function=Function.MOST_FREQUENT, property=("p",), comparison=compare("is", 1)),
    "sequence": Sequence(steps=(on("A"), on("B")), within=3, then_not=ThenNot(match=on("C"))),
    "trait": trait("p", "is", 2),
    "held": trait("p", "is", 2, 2),
}
PLAN = plan_of(*RULES.values(), computed=(ComputedTrait(id="c", function=Function.AVERAGE, match=on("A"), property=("p",)),))
STORY = [track("A", 1, p=1), identify(2, p=2), track("B", 2), track("A", 2, p=2), track("A", 2, p=7), track("C", 4),
         track("A", 5, p=1)]


def events(messages: list[Sent]) -> list[Event]:
    return [event for _, event in Story(PLAN).send(*messages).events]


def folded(plan: Plan, messages: list[Event]) -> Fragment:
    fragment = Fragment("cookie:c")
    for event in messages:
        fold(plan, fragment, event)
    return fragment


def judgements(fragment: Fragment) -> dict[str, list[Judgement]]:
    """What every leaf will say from the last event on. (State may differ where it cannot matter: which of two values
    of the same time is the one too many.)"""
    profile = Profile("k", "p", fragments={"cookie:c": fragment})
    return {leaf.text: [leaf.judge(profile, now) for now in range(5, 130)] for leaf in PLAN.leaves.values()}


ORDERS = list(itertools.permutations(range(len(STORY))))[::117]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(map(str, order)))
def test_any_order_of_events_comes_to_the_same(order: tuple[int, ...]) -> None:
    told = events(STORY)
    assert judgements(folded(PLAN, [told[place] for place in order])) == judgements(folded(PLAN, told))


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(map(str, order)))
def test_leaves_that_are_not_to_be_judged_again_say_what_they_said(order: tuple[int, ...]) -> None:
    told, fragment = events(STORY), Fragment("cookie:c")
    said = judgements(fragment)
    for place in order:
        touched = fold(PLAN, fragment, told[place], is_alone=True)
        says = judgements(fragment)
        for leaf in PLAN.leaves.values():
            assert leaf.id in touched or says[leaf.text] == said[leaf.text]
        said = says


def test_rebuilding_comes_to_the_same_as_having_been_there() -> None:
    told, fragment = events(STORY), Fragment("cookie:c")
    refold(PLAN, fragment, list(reversed(told)))
    assert fragment == folded(PLAN, told)


def test_rebuilding_twice_changes_nothing() -> None:
    told = events(STORY)
    fragment = folded(PLAN, told)
    refold(PLAN, fragment, told)
    assert fragment == folded(PLAN, told)


def test_a_fragment_is_complete_from_its_first_event() -> None:
    fragment = Fragment("cookie:c")
    assert is_behind(PLAN, fragment)
    fold(PLAN, fragment, events([track("X", 1)])[0])
    assert not is_behind(PLAN, fragment)


def test_the_same_definitions_compiled_again_lack_nothing() -> None:
    fragment = folded(plan_of(*RULES.values(), version=1), events(STORY))
    assert not is_behind(plan_of(*reversed(RULES.values()), version=2), fragment)


def test_what_the_new_plan_does_not_have_is_dropped() -> None:
    fragment = folded(PLAN, events(STORY))
    plan = plan_of(RULES["count"])
    refold(plan, fragment, events(STORY))
    assert list(fragment.leaves) == list(plan.leaves)


def test_state_that_is_there_outlives_a_timeline_that_has_forgotten() -> None:
    fragment = folded(plan_of(RULES["count"]), events([track("A", 1), track("A", 2)]))
    refold(plan_of(RULES["count"], RULES["newest"]), fragment, [])
    assert list(fragment.leaves.values()) == [[1, 2]]


@pytest.mark.parametrize("before", [[], [track("A", 1, p=1)]], ids=("nothing", "something"))
@pytest.mark.parametrize("between", ["newest", "count"])
def test_definitions_that_come_back_miss_no_event_of_the_time_between(before: list[Sent], between: str) -> None:
    """An event may come between while a hand-over is open, when nothing is rebuilt."""
    plan, told = plan_of(RULES["count"], RULES["sum"]), events([track("X", 1), *before, track("A", 2, p=2)])
    fragment = folded(plan, told[:-1])
    fold(plan_of(RULES[between], RULES["distinct"]), fragment, told[-1])
    assert is_behind(plan, fragment)
    refold(plan, fragment, told)
    assert fragment.leaves == folded(plan, told).leaves


def test_an_event_before_the_rebuild_does_not_hide_the_earlier_ones() -> None:
    story = Story(plan_of(RULES["count"])).send(track("A", 1, p=1), track("A", 2, p=2))
    plan, fragment = plan_of(RULES["sum"]), story.profile.fragments["cookie:c"]
    newcomer = events([track("A", 4, p=4)])[0]
    fold(plan, fragment, newcomer)
    refold(plan, fragment, [*(event for _, event in story.events), newcomer])
    ((_, _, values),) = fragment.leaves.values()
    assert values == [1, 2, 4]


def test_a_trait_set_before_the_timeline_begins_has_held_since() -> None:
    story = Story(plan_of()).send(identify(5, p=2))
    story.events.clear()
    story.now = 6
    story.redefine(plan_of(trait("p", "is", 2, 10))).run(100)
    assert story.changes() == [(15, IN)]


def test_settings_before_the_newest_are_rebuilt() -> None:
    story = Story(plan_of()).send(identify(5, p=2), identify(12, p=2))
    story.redefine(plan_of(trait("p", "is", 2, 10))).run(100)
    assert story.changes() == [(15, IN)]


@pytest.mark.parametrize("name", RULES)
def test_a_redefinition_ends_where_having_always_been_defined_so_ends(name: str) -> None:
    always = Story(plan_of(RULES[name])).send(*STORY)
    changed = Story(plan_of(Performed(match=on("Z"), bound=Bound.AT_MOST, count=0))).send(*STORY)
    changed.redefine(plan_of(RULES[name]))
    assert changed.profile.truth == always.profile.truth
    assert changed.profile.due == always.profile.due
    assert set(changed.profile.members) == set(always.profile.members)


def test_a_redefinition_while_it_runs_shows_only_the_difference() -> None:
    story = Story(plan_of(Performed(match=on("A")))).send(track("A", 10))
    story.run(20).redefine(plan_of(Performed(match=on("A"), window=Window(within=30)), version=2)).run(100)
    assert story.changes() == [(10, IN), (40, OUT)]


def test_a_redefinition_after_the_window_leaves_at_once() -> None:
    story = Story(plan_of(Performed(match=on("A")))).send(track("A", 10))
    story.run(50).redefine(plan_of(Performed(match=on("A"), window=Window(within=30)), version=2))
    assert story.changes() == [(10, IN), (50, OUT)]


def test_back_to_the_earlier_version_finds_everything_again() -> None:
    first, second = plan_of(RULES["sum"]), plan_of(RULES["newest"])
    story = Story(first).send(*STORY)
    before = story.profile.fragments["cookie:c"].leaves
    story.redefine(second).redefine(first)
    assert story.profile.fragments["cookie:c"].leaves == before


def test_removed_trait_stays_as_a_mark() -> None:
    fragment = folded(PLAN, events([identify(5, x=None)]))
    assert fragment.traits["x"][:2] == [None, 5]


def traits_of(*messages: Sent) -> dict[str, Any]:
    return {name: setting[0] for name, setting in folded(PLAN, events(list(messages))).traits.items()}


def test_alias_and_group_are_no_events_but_their_traits_are_set() -> None:
    fragment = folded(PLAN, events([Sent(at=1, kind="group", name="", traits={"group_id": "g"}), Sent(at=2, kind="alias")]))
    assert fragment.leaves == {}
    assert traits_of(Sent(at=1, kind="group", traits={"group_id": "g"})) == {"group_id": "g"}
