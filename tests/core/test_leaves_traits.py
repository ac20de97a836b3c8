"""`trait`, and `for`: what holds unbroken by event time, however late it was learnt."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.definitions import Coalesce, ComputedTrait
from streams.core.segments.rules import Function, Path, Rule, Trait, Window
from tests.core.story import IN, OUT, Sent, Story, changes, compare, identified, identify, on, plan_of, spread, track


def trait(name: str | Path, operator: str, operand: Any, held: int | None = None) -> Trait:
    path = tuple(name.split(".")) if isinstance(name, str) else name
    return Trait(name=path, comparison=compare(operator, operand), held_for=held)


TRIAL = trait("status", "is", "trial", 10)
Case = tuple[Rule, list[Sent], list[tuple[int, str]]]

CASES: dict[str, Case] = {
    "later_event_time_wins": (trait("a", "is", 1), [identify(5, a=1), identify(4, received=9, a=2)], [(5, IN)]),
    "equal_event_time_the_later_arrival_wins":
        (trait("a", "is", 1), [identify(5, a=1), identify(5, received=9, a=2)], [(5, IN), (9, OUT)]),
    "null_removes": (trait("a", "exists", True), [identify(1, a=1), identify(2, a=None)], [(1, IN), (2, OUT)]),
    "removed_is_not_brought_back_by_an_older_value":
        (trait("a", "exists", False), [identify(5, a=None), identify(4, received=9, a=1)], [(5, IN)]),
    "an_empty_text_is_a_value": (trait("a", "exists", True), [identify(1, a="")], [(1, IN)]),
    "missing_satisfies_is_not": (trait("a", "is_not", 1), [track("X", 1), identify(2, a=1)], [(1, IN), (2, OUT)]),
    "one_top_level_name_at_a_time": (trait("a", "is", 1), [identify(1, a=1), identify(2, b=2)], [(1, IN)]),
    "objects_are_replaced_not_merged":
        (trait("a.x", "is", 1), [identify(1, a={"x": 1}), identify(2, a={"y": 2})], [(1, IN), (2, OUT)]),
    "dots_go_into_objects": (trait("a.b.c", "is", 1), [identify(1, a={"b": {"c": 1}})], [(1, IN)]),
    "the_whole_name_comes_first":
        (trait("a.b", "is", 1), [identify(1, a={"b": 1}), identified(2, {"a.b": 2})], [(1, IN), (2, OUT)]),
    "the_whole_name_removed_gives_way":
        (trait("a.b", "is", 1), [identified(1, {"a.b": 2}), identify(2, a={"b": 1}), identified(3, {"a.b": None})],
         [(3, IN)]),
    "the_whole_name_inside_an_object": (trait("a.b.c", "is", 1), [identify(1, a={"b.c": 1})], [(1, IN)]),
    "nothing_inside_a_text": (trait("a.b", "exists", False), [identify(1, a="b")], [(1, IN)]),
    "group_traits": (trait("group.plan", "is", "pro"),
                     [Sent(at=1, kind="group", traits={"group_id": "g", "group": {"plan": "pro"}})], [(1, IN)]),
    "tracks_set_no_traits": (trait("a", "exists", True), [track("X", 1, a=1)], []),
    "a_date_comes_near": (trait("due", "within_next", 20), [identify(1, due=100)], [(81, IN), (101, OUT)]),
    "a_date_passes": (trait("due", "older_than", 20), [identify(1, due=100)], [(120, IN)]),
    "a_date_is_moved": (trait("due", "within_last", 20), [identify(1, due=10), identify(15, due=50)],
                        [(10, IN), (15, OUT), (50, IN), (70, OUT)]),
}

HELD: dict[str, Case] = {
    "exactly_as_long_as_asked": (TRIAL, [identify(5, status="trial")], [(15, IN)]),
    "broken_one_before": (TRIAL, [identify(5, status="trial"), identify(14, status="paid")], []),
    "broken_at_the_very_instant": (TRIAL, [identify(5, status="trial"), identify(15, status="paid")], []),
    "broken_one_after": (TRIAL, [identify(5, status="trial"), identify(16, status="paid")], [(15, IN), (16, OUT)]),
    "said_again_goes_on": (TRIAL, [identify(5, status="trial"), identify(12, status="trial", x=1)], [(15, IN)]),
    "starts_again_after_a_break":
        (TRIAL, [identify(5, status="trial"), identify(8, status="paid"), identify(9, status="trial")], [(19, IN)]),
    "for_zero_holds_at_once": (trait("a", "is", 1, 0), [identify(5, a=1)], [(5, IN)]),
    "learnt_late_has_held_since_it_was_so": (TRIAL, [identify(5, received=20, status="trial")], [(20, IN)]),
    "learnt_late_and_not_yet_long_enough": (TRIAL, [identify(5, received=12, status="trial")], [(15, IN)]),
    "a_late_value_splits_the_run":
        (TRIAL, [identify(5, status="trial"), identify(12, status="trial"), identify(10, received=13, status="paid")],
         [(22, IN)]),
    "a_late_value_splits_a_run_that_was_long_enough":
        (TRIAL, [identify(5, status="trial"), identify(12, status="trial"), identify(10, received=16, status="paid")],
         [(15, IN), (16, OUT), (22, IN)]),
    "a_late_value_joins_two_runs":
        (TRIAL, [identify(1, status="trial"), identify(4, status="paid"), identify(8, status="trial"),
                 identify(4, received=12, status="trial")], [(12, IN)]),
    "a_late_value_before_the_run_lengthens_it":
        (TRIAL, [identify(8, status="trial"), identify(1, received=12, status="trial")], [(12, IN)]),
    "a_late_value_older_than_matters_changes_nothing":
        (TRIAL, [identify(20, status="trial"), identify(3, received=35, status="paid")], [(30, IN)]),
    "missing_counts_from_the_first_event": (trait("a", "exists", False, 10), [track("X", 5)], [(15, IN)]),
    "missing_counts_from_an_alias_too": (trait("a", "is_not", 1, 10), [Sent(at=5, kind="alias")], [(15, IN)]),
    "missing_counts_from_a_first_event_that_came_late":
        (trait("a", "not_in", (1,), 10), [track("X", 8), track("X", 2, received=9)], [(12, IN)]),
    "missing_until_set":
        (trait("a", "exists", False, 10), [track("X", 5), identify(14, a=1), identify(20, a=None)], [(30, IN)]),
    "set_and_missing_join": (trait("a", "is_not", 1, 10), [track("X", 5), identify(9, a=2)], [(15, IN)]),
    "inside_an_object": (trait("a.b", "is", 1, 10), [identify(5, a={"b": 1}), identify(9, a={"b": 1, "c": 2})],
        [(15, IN)]),
    "the_whole_name_and_the_object":
        (trait("a.b", "is", 1, 10), [identify(5, a={"b": 1}), identified(8, {"a.b": 1}), identify(9, a={"b": 2})],
         [(15, IN)]),
    "a_comparison_by_the_clock": (trait("due", "within_next", 30, 10), [identify(1, due=100)], [(81, IN),
        (101, OUT)]),
    "a_comparison_by_the_clock_joined_over_two_values":
        (trait("due", "within_next", 30, 10), [identify(1, due=50), identify(28, due=50)], [(31, IN), (51, OUT)]),
    "a_comparison_by_the_clock_too_short": (trait("due", "within_last", 10, 10), [identify(1, due=50)], []),
}

ORDERS = ComputedTrait(id="orders", function=Function.COUNT, match=on("A"), window=Window(within=30))
MAIL = ComputedTrait(id="mail", function=Function.COALESCE, of=(
    Coalesce(trait=("mail",)), Coalesce(match=on("A"), property=("mail",))))
COMPUTED: dict[str, Case] = {
    "shrinks_by_time": (trait("orders", "gte", 2), [track("A", 10), track("A", 20)], [(20, IN), (40, OUT)]),
    "zero_over_nothing": (trait("orders", "is", 0), [track("B", 5), track("A", 10)], [(5, IN), (10, OUT), (40, IN)]),
    "hides_a_plain_trait_of_its_name": (trait("orders", "is", 7), [identify(1, orders=7)], []),
    "held": (trait("orders", "gte", 1, 20), [track("A", 10)], [(30, IN), (40, OUT)]),
    "held_over_two_events": (trait("orders", "gte", 1, 40), [track("A", 10), track("A", 39)], [(50, IN), (69, OUT)]),
    "held_broken_for_one_instant": (trait("orders", "gte", 1, 40), [track("A", 10), track("A", 41)], []),
    "held_joined_by_a_late_event":
        (trait("orders", "gte", 1, 40), [track("A", 10), track("A", 41), track("A", 25, received=52)], [(52, IN),
         (71, OUT)]),
    "held_over_nothing_from_the_first_event": (trait("orders", "lt", 1, 20), [track("B", 10)], [(30, IN)]),
    "in_its_own_definition_the_name_is_the_plain_trait":
        (trait("mail", "is", "x"), [track("A", 1, mail="x"), identify(2, mail="y"), identify(3, mail=None)],
         [(1, IN), (2, OUT), (3, IN)]),
    "held_over_several_sources":
        (trait("mail", "is", "x", 10), [track("A", 1, mail="x"), identify(6, mail="x"), track("A", 8, mail="y")],
         [(11, IN)]),
}
ALL = {**CASES, **{f"held_{name}": case for name, case in HELD.items()},
       **{f"computed_{name}": case for name, case in COMPUTED.items()}}


@pytest.mark.parametrize("name", ALL)
def test_trait(name: str) -> None:
    rule, messages, expected = ALL[name]
    assert changes(rule, *messages, computed=(ORDERS, MAIL)) == expected


@pytest.mark.parametrize("name", ALL)
def test_trait_over_two_fragments(name: str) -> None:
    rule, messages, expected = ALL[name]
    assert changes(rule, *spread(2, messages), computed=(ORDERS, MAIL)) == expected


def test_settings_older_than_matters_are_forgotten() -> None:
    story = Story(plan_of(TRIAL)).send(*(identify(at, status=str(at)) for at in range(100)))
    (columns,) = story.profile.fragments["cookie:c"].leaves.values()
    assert columns[0] == list(range(89, 100))
