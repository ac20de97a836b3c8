"""`aggregate` and the functions of computed traits, in sliding windows and without."""
from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from streams.core.computed import trait_values
from streams.core.definitions import Coalesce, ComputedTrait
from streams.core.segments.rules import Aggregate, EventMatch, Function, Rule, Window
from tests.core.story import IN, OUT, Sent, Story, changes, compare, identify, on, plan_of, spread, track, where


def over(function: str, operator: str, operand: Any, within: int | None = None, **more: Any) -> Aggregate:
    return Aggregate(match=on("A"), function=Function(function), property=("p",),
        comparison=compare(operator, operand),
                     window=Window(within=within), **more)


CASES: dict[str, tuple[Rule, list[Sent], list[tuple[int, str]]]] = {
    "sum_reaches_and_falls_by_time":
        (over("sum", "gte", 100, 30), [track("A", 10, p=60), track("A", 20, p=40)], [(20, IN), (40, OUT)]),
    "sum_counts_texts_that_are_numbers": (over("sum", "is", 3), [track("A", 1, p="1"), track("A", 2, p=2)],
        [(2, IN)]),
    "sum_skips_what_is_no_number": (over("sum", "is", 1), [track("A", 1, p=1), track("A", 2, p="x"),
        track("A", 3, p=True),
                                                           track("A", 4), track("A", 5, p=None)], [(1, IN)]),
    "amounts_add_up_as_on_paper":
        (over("sum", "gte", 0.3), [track("A", 1, p=0.1), track("A", 2, p=0.2)], [(2, IN)]),
    "amounts_add_up_as_on_paper_in_a_window":
        (over("sum", "lte", 0.3, 30), [track("A", 1, p=0.1), track("A", 2, p=0.2)], [(1, IN), (32, OUT)]),
    "late_value_by_its_own_time":
        (over("sum", "gte", 3, 30), [track("A", 20, p=2), track("A", 5, received=25, p=1)], [(25, IN), (35, OUT)]),
    "negative_values_leave_the_window_too":
        (over("sum", "gte", 1, 30), [track("A", 10, p=-5), track("A", 20, p=3)], [(40, IN), (50, OUT)]),
    "over_nothing_every_comparison_is_false":
        (over("sum", "is_not", 5), [track("A", 1), track("A", 2, p="x")], []),
    "over_nothing_exists_false_is_false": (over("last", "exists", False), [track("A", 1)], []),
    "over_nothing_left_in_the_window": (over("sum", "lt", 5, 30), [track("A", 10, p=1)], [(10, IN), (40, OUT)]),
    "average_grows_when_the_small_one_leaves":
        (over("average", "gte", 30, 30), [track("A", 10, p=10), track("A", 20, p=40)], [(40, IN), (50, OUT)]),
    "min_grows_by_time": (over("min", "gt", 5, 30), [track("A", 10, p=5), track("A", 20, p=9)], [(40, IN),
        (50, OUT)]),
    "max_shrinks_by_time": (over("max", "lt", 9, 30), [track("A", 10, p=9), track("A", 20, p=5)], [(40, IN),
        (50, OUT)]),
    "max_ever": (over("max", "gte", 9), [track("A", 10, p="9"), track("A", 20, p=5)], [(10, IN)]),
    "first_in_the_window_moves_on":
        (over("first", "is", "y", 30), [track("A", 10, p="x"), track("A", 20, p="y")], [(40, IN), (50, OUT)]),
    "first_is_by_event_time": (over("first", "is", "x"), [track("A", 10, p="y"),
        track("A", 5, received=12, p="x")], [(12, IN)]),
    "last_skips_events_without_the_property": (over("last", "is", "x"), [track("A", 1, p="x"), track("A", 2)],
        [(1, IN)]),
    "last_in_a_window": (over("last", "is", "x", 30), [track("A", 10, p="x")], [(10, IN), (40, OUT)]),
    "last_tie_by_arrival": (over("last", "is", "x"), [track("A", 1, p="y"), track("A", 1, p="x")], [(1, IN)]),
    "most_frequent_ties_go_to_the_smallest_as_text":
        (over("most_frequent", "is", "10"), [track("A", 1, p=9), track("A", 2, p="10"), track("A", 3, p=9)],
         [(2, IN), (3, OUT)]),
    "most_frequent_text_comes_before_length":
        (over("most_frequent", "is", "b"), [track("A", 1, p="b"), track("A", 2, p="cc")], [(1, IN)]),
    "most_frequent_counts_a_number_and_its_text_together":
        (over("most_frequent", "is", 2), [track("A", 1, p=1), track("A", 2, p=2), track("A", 3, p="2")], [(3, IN)]),
    "most_frequent_in_a_window":
        (over("most_frequent", "is", "y", 30), [track("A", 10, p="x"), track("A", 12, p="x"), track("A", 20, p="y")],
         [(42, IN), (50, OUT)]),
    "a_window_between_two_instants":
        (Aggregate(match=on("A"), function=Function.SUM, property=("p",), comparison=compare("gte", 2),
                   window=Window(start=10, end=20)),
         [track("A", 9, p=2), track("A", 10, p=1), track("A", 20, p=2), track("A", 19, received=30, p=1)],
          [(30, IN)]),
    "compared_with_the_clock": (over("last", "within_next", 10), [track("A", 1, p=50)], [(41, IN), (51, OUT)]),
    "a_moving_condition":
        (Aggregate(match=on("A", where=(where("due", "older_than", 10),)), function=Function.SUM, property=("p",),
                   comparison=compare("gte", 2)), [track("A", 1, p=1, due=5), track("A", 2, p=1, due=20)],
                       [(30, IN)]),
    "reads_the_context_and_identify":
        (Aggregate(match=EventMatch(), function=Function.LAST, property=("plan",), comparison=compare("is", "pro")),
         [track("A", 1), identify(2, plan="pro")], [(2, IN)]),
}


@pytest.mark.parametrize("identifiers", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_aggregate(name: str, identifiers: int) -> None:
    rule, messages, expected = CASES[name]
    assert changes(rule, *spread(identifiers, messages)) == expected


def computed(function: str, **more: Any) -> ComputedTrait:
    return ComputedTrait(id="c", function=Function(function), match=on("A"), **more)


P = {"property": ("p",)}
AT_1, AT_2 = "1970-01-01T00:00:00.001Z", "1970-01-01T00:00:00.002Z"
MANY = [track("A", 1, p=2), track("A", 2, p="x"), track("A", 3), track("A", 4, p=0.5), track("A", 5, p="x")]

VALUES: dict[str, tuple[ComputedTrait, list[Sent], Any]] = {
    "count": (computed("count"), MANY, 5),
    "count_over_nothing_is_zero": (computed("count"), [track("B", 1)], 0),
    "count_of_a_property": (computed("count", **P), MANY, 4),
    "distinct_count": (computed("distinct_count", **P), MANY, 3),
    "distinct_count_over_nothing_is_zero": (computed("distinct_count", **P), [track("A", 1)], 0),
    "distinct_in_the_order_of_their_texts": (computed("distinct", **P), MANY, [0.5, 2, "x"]),
    "distinct_over_nothing_is_missing": (computed("distinct", **P), [track("A", 1)], None),
    "sum_of_whole_numbers_is_whole": (computed("sum", **P), [track("A", 1, p=2), track("A", 2, p="3")], 5),
    "sum": (computed("sum", **P), MANY, 2.5),
    "sum_over_nothing_is_missing": (computed("sum", **P), [track("A", 1, p="x")], None),
    "sum_of_many_amounts": (computed("sum", **P), [track("A", at, p=0.1) for at in range(10)], 1.0),
    "sum_of_more_events_than_a_list_shows": (computed("sum", **P), [track("A", at, p=1) for at in range(150)], 150),
    "sum_of_large_and_small": (computed("sum", **P), [track("A", 1, p=1e16), track("A", 2, p=1.5),
        track("A", 3, p=-1e16)], 1.5),
    "sum_beyond_64_bits": (computed("sum", **P), [track("A", at, p=2**62) for at in range(4)], float(2**64)),
    "sum_below_64_bits_is_exact": (computed("sum", **P), [track("A", at, p=2**60 + 1) for at in range(3)], 3 * 2**60 + 3),
    "sum_skips_what_could_overflow_it": (computed("sum", **P), [track("A", at, p=p) for at, p in enumerate(
        [1, 1e200, -1e308, "1e308"])], 1),
    "average": (computed("average", **P), MANY, 1.25),
    "average_of_whole_numbers": (computed("average", **P), [track("A", 1, p=1), track("A", 2, p=2)], 1.5),
    "min": (computed("min", **P), MANY, 0.5),
    "min_of_large_numbers": (computed("min", **P), [track("A", 1, p=-1e308), track("A", 2, p="1e300")], -1e308),
    "max_below_64_bits_is_exact": (computed("max", **P), [track("A", 1, p=2**53), track("A", 2, p=f"{2**53 + 1}")],
                                   2**53 + 1),
    "max_beyond_64_bits": (computed("max", **P), [track("A", 1, p=1), track("A", 2, p="9" * 30)], 1e30),
    "max_of_texts_is_a_number": (computed("max", **P), [track("A", 1, p="7"), track("A", 2, p=3)], 7),
    "first": (computed("first", **P), MANY, 2),
    "last": (computed("last", **P), MANY, "x"),
    "first_without_a_property_is_the_whole_event": (computed("first"), MANY, {"p": 2}),
    "last_without_a_property_may_be_empty": (computed("last"), [track("A", 1, p=1), track("A", 2)], {}),
    "last_of_an_object": (computed("last", property=("o",)), [track("A", 1, o={"a": [1]})], {"a": [1]}),
    "most_frequent": (computed("most_frequent", **P), MANY, "x"),
    "most_frequent_as_it_was_sent_last": (computed("most_frequent", **P), [track("A", 1, p=2), track("A", 2, p="2")], "2"),
    "most_frequent_as_it_was_sent_last_by_its_own_time":
        (computed("most_frequent", **P), [track("A", 2, p=2), track("A", 1, received=5, p="2")], 2),
    "first_seen": (computed("first_seen"), [track("A", 2), track("A", 1, received=5)], AT_1),
    "last_seen": (computed("last_seen"), [track("A", 2), track("A", 1, received=5)], AT_2),
    "last_seen_over_nothing_is_missing": (computed("last_seen"), [track("B", 1)], None),
    "list_newest_first": (computed("list"), [track("A", 2, p=2), track("A", 1, received=5, p=1)], [
        {"event": "A", "event_time": AT_2, "properties": {"p": 2}},
        {"event": "A", "event_time": AT_1, "properties": {"p": 1}}]),
    "list_has_a_limit": (computed("list", limit=1), [track("A", 1), track("A", 2)],
                         [{"event": "A", "event_time": AT_2, "properties": {}}]),
    "list_over_nothing_is_missing": (computed("list"), [track("B", 1)], None),
    "list_of_identify_has_its_traits": (ComputedTrait(id="c", function=Function.LIST, match=on("Identified")),
        [identify(1, a=1)],
                                        [{"event": "Identified", "event_time": AT_1, "properties": {"a": 1}}]),
    "coalesce_takes_the_first_present":
        (ComputedTrait(id="c", function=Function.COALESCE, of=(Coalesce(trait=("t", "u")), Coalesce(match=on("A"),
         property=("p",)))),
         [identify(1, t={"v": 1}), track("A", 2, p="x"), track("A", 3, p=None)], "x"),
    "coalesce_of_nothing_is_missing":
        (ComputedTrait(id="c", function=Function.COALESCE, of=(Coalesce(trait=("t",)),)), [identify(1, t=None)],
         None),
}


@pytest.mark.parametrize("within", [None, 1_000], ids=["ever", "within"])
@pytest.mark.parametrize("identifiers", [1, 3])
@pytest.mark.parametrize("name", VALUES)
def test_computed_trait(name: str, identifiers: int, within: int | None) -> None:
    definition, messages, expected = VALUES[name]
    fields = {slot: getattr(definition, slot) for slot in ComputedTrait.__slots__}
    plan = plan_of(computed=(ComputedTrait(**{**fields, "window": Window(within=within)}),))
    story = Story(plan).send(*spread(identifiers, messages))
    found = trait_values(plan, story.profile, story.now).get("c")
    assert found == expected
    assert type(found) is type(expected)


def test_a_list_of_the_newest_takes_in_an_older_event_when_a_newer_one_ceases_to_count() -> None:
    still_open = on("A", where=(where("due", "within_next", 100),))
    plan = plan_of(computed=(ComputedTrait(id="c", function=Function.LIST, match=still_open, limit=1),))
    story = Story(plan).send(track("A", 1, due=90), track("A", 2, due=10))
    assert [trait_values(plan, story.profile, now)["c"][0]["event_time"] for now in (10, 11)] == [AT_2, AT_1]


@pytest.mark.parametrize("within", [None, 1_000], ids=["ever", "within"])
@pytest.mark.parametrize("function", [function for function in Function if function is not Function.COALESCE])
def test_only_events_that_meet_the_conditions_count(function: Function, within: int | None) -> None:
    large = ComputedTrait(id="c", function=function, match=on("A", where=(where("p", "gte", 5),)), property=("p",),
                          window=Window(within=within))
    met = [track("A", 2, p=7), track("A", 3, p=6)]
    told, alone = (Story(plan_of(computed=(large,))).send(*messages) for messages in (
        [track("A", 1, p=1), *met, track("A", 4, p=2), track("A", 5, p=1)], met))
    assert trait_values(told.plan, told.profile, 5) == trait_values(alone.plan, alone.profile, 5)


@pytest.mark.parametrize("function", [function for function in Function if function is not Function.COALESCE])
def test_nothing_is_left_one_window_after_the_last_event(function: Function) -> None:
    plan = plan_of(computed=(computed(function, window=Window(within=30), property=("p",)),))
    story = Story(plan).send(track("A", 10, p=1))
    empty = 0 if function in (Function.COUNT, Function.DISTINCT_COUNT) else None
    assert trait_values(plan, story.profile, 39).get("c") not in (0, None)
    assert trait_values(plan, story.profile, 40).get("c") == empty


@pytest.mark.parametrize("large", sorted(set(permutations([2**62 + 1, 2**62 + 1, -2**62, -2**62]))))
def test_a_sum_that_was_beyond_64_bits_is_exact_in_any_order(large: tuple[int, ...]) -> None:
    story = Story(plan_of(computed=(computed("sum", **P),)))
    story.send(*(track("A", at, p=value) for at, value in enumerate(large)))
    found = trait_values(story.plan, story.profile, story.now)["c"]
    assert found == 2 and type(found) is int, "2.0 on the topics, where the same sum in a window is 2"


@pytest.mark.parametrize("large", sorted(set(permutations([2**64 - 1, 0.5, -2**63, -2**63, 0.25]))))
def test_a_sum_that_was_beyond_64_bits_keeps_its_fractions(large: tuple[float, ...]) -> None:
    story = Story(plan_of(computed=(computed("sum", **P),)))
    story.send(*(track("A", at, p=value) for at, value in enumerate(large)))
    assert trait_values(story.plan, story.profile, story.now)["c"] == -0.25
    assert _fits_its_row(story)


@pytest.mark.parametrize("value", [2**64 - 1, -2**63])
def test_a_sum_that_stays_beyond_64_bits_fits_its_row(value: int) -> None:
    story = Story(plan_of(computed=(computed("sum", **P),)))
    story.send(*(track("A", at, p=value) for at in range(5)))
    assert trait_values(story.plan, story.profile, story.now)["c"] == float(5 * value) and _fits_its_row(story)


def _fits_its_row(story: Story) -> bool:
    """MessagePack has no integer beyond 64 bits."""
    return all(isinstance(entry, float) or -2**63 <= entry < 2**63 for fragment in story.profile.fragments.values()
               for entries in fragment.leaves.values() for entry in entries)
