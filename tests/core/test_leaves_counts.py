"""`performed`: counts in windows, to the millisecond. Law L4 per node; see tests/properties for the oracle."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.segments.rules import Bound, EventMatch, Performed, Rule, Window
from tests.core.story import IN, OUT, Sent, Story, changes, identify, on, plan_of, spread, track, where

ANY = EventMatch()


def a(within: int | None = None, bound: str = "at_least", count: int = 1, **more: Any) -> Performed:
    return Performed(match=on("A"), window=Window(within=within), bound=Bound(bound), count=count, **more)


def span(start: int | None, end: int | None) -> Performed:
    return Performed(match=on("A"), window=Window(start=start, end=end))


Case = tuple[Rule, list[Sent], list[tuple[int, str]]]

CASES: dict[str, Case] = {
    "leaves_exactly_at_the_end_of_the_window": (a(30), [track("A", 10)], [(10, IN), (40, OUT)]),
    "stays_for_ever_without_a_window": (a(), [track("A", 10)], [(10, IN)]),
    "renewed_one_before_the_end_stays": (a(30), [track("A", 10), track("A", 39)], [(10, IN), (69, OUT)]),
    "renewed_at_the_very_end_is_no_exit": (a(30), [track("A", 10), track("A", 40)], [(10, IN), (70, OUT)]),
    "renewed_one_after_the_end_leaves_and_comes_back":
        (a(30), [track("A", 10), track("A", 41)], [(10, IN), (40, OUT), (41, IN), (71, OUT)]),
    "late_counts_by_its_own_time": (a(30), [track("B", 5), track("A", 10, received=25)], [(25, IN), (40, OUT)]),
    "late_by_all_but_one_of_the_window": (a(30), [track("A", 10, received=39)], [(39, IN), (40, OUT)]),
    "late_by_exactly_the_window_never_enters": (a(30), [track("A", 10, received=40)], []),
    "late_and_older_than_what_counts_changes_nothing":
        (a(30), [track("A", 20), track("A", 10, received=25)], [(20, IN), (50, OUT)]),
    "late_between_comes_back":
        (a(30), [track("A", 10), track("A", 30, received=50)], [(10, IN), (40, OUT), (50, IN), (60, OUT)]),
    "another_event_is_nothing": (a(30), [track("B", 10), track("a", 11), track("A ", 12)], []),
    "second_of_two_enters_first_to_go_leaves":
        (a(30, count=2), [track("A", 10), track("A", 20)], [(20, IN), (40, OUT)]),
    "two_of_three_last_until_the_middle_one_goes":
        (a(30, count=2), [track("A", 10), track("A", 15), track("A", 25)], [(15, IN), (45, OUT)]),
    "two_at_the_same_time_are_two": (a(30, count=2), [track("A", 10), track("A", 10)], [(10, IN), (40, OUT)]),
    "late_one_completes_the_count_and_ends_it_early":
        (a(30, count=2), [track("A", 20), track("A", 5, received=25)], [(25, IN), (35, OUT)]),
    "many_late_ones_in_any_order":
        (a(30, count=3), [track("A", 20), track("A", 12, received=22), track("A", 16, received=24),
                          track("A", 14, received=26)], [(24, IN), (44, OUT)]),
    "exactly_two_passes_three_and_comes_back":
        (a(60, "exactly", 2), [track("A", 0), track("A", 20), track("A", 40)],
         [(20, IN), (40, OUT), (60, IN), (80, OUT)]),
    "exactly_zero_is_absence": (a(30, "exactly", 0), [track("A", 10)], [(40, IN)]),
    "at_most_zero_begins_at_the_end_of_the_window": (a(30, "at_most", 0), [track("A", 10)], [(40, IN)]),
    "at_most_zero_ends_with_the_event":
        (a(30, "at_most", 0), [track("B", 5), track("A", 10)], [(5, IN), (10, OUT), (40, IN)]),
    "at_most_zero_is_not_broken_by_what_came_too_late":
        (a(30, "at_most", 0), [track("B", 5), track("A", 10, received=40)], [(5, IN)]),
    "at_most_one_ever": (a(None, "at_most", 1), [track("A", 10), track("A", 20)], [(10, IN), (20, OUT)]),
    "at_most_one_within_comes_back_when_the_older_goes":
        (a(30, "at_most", 1), [track("A", 10), track("A", 20)], [(10, IN), (20, OUT), (40, IN)]),
    "at_least_zero_is_everyone": (a(30, "at_least", 0), [track("B", 10)], [(10, IN)]),
    "at_least_three_ever_counts_over_any_time":
        (a(None, count=3), [track("A", 1), track("A", 500), track("A", 900)], [(900, IN)]),
    "exactly_two_ever_is_left_for_good":
        (a(None, "exactly", 2), [track("A", 1), track("A", 2), track("A", 3)], [(2, IN), (3, OUT)]),
    "between_includes_its_start": (span(10, 20), [track("A", 10)], [(10, IN)]),
    "between_excludes_its_end": (span(10, 20), [track("A", 20)], []),
    "between_includes_one_before_its_end": (span(10, 20), [track("A", 19)], [(19, IN)]),
    "between_is_by_event_time_however_late": (span(10, 20), [track("A", 9), track("A", 15, received=99)], [(99, IN)]),
    "after_includes_its_instant": (span(10, None), [track("A", 9), track("A", 10)], [(10, IN)]),
    "before_excludes_its_instant": (span(None, 10), [track("A", 10)], []),
    "before_includes_one_before": (span(None, 10), [track("A", 9)], [(9, IN)]),
    "no_event_means_track_page_screen_or_identify":
        (Performed(match=ANY, count=4), [
            track("X", 1), Sent(at=2, kind="page", name="Page Viewed"), Sent(at=3, kind="alias"),
            Sent(at=4, kind="group", traits={"group_id": "g"}), Sent(at=5, kind="screen", name="Screen Viewed"),
            identify(6)], [(6, IN)]),
    "a_star_alone_is_any_event_and_no_alias":
        (Performed(match=on("*")), [Sent(at=1, kind="alias"), track("X", 2)], [(2, IN)]),
    "a_pattern_matches_from_the_first_letter_to_the_last":
        (Performed(match=on("PURCHASE_*")), [track("REPURCHASE_1", 1), track("PURCHASE_", 2)], [(2, IN)]),
    "one_of_several_names": (Performed(match=on("X", "Y", "Z_*"), count=2), [track("Y", 1), track("Z_1", 2)],
        [(2, IN)]),
    "where_on_identified_reads_the_traits_of_the_message":
        (Performed(match=on("Identified", where=(where("plan", "is", "pro"),))),
         [identify(1, plan="free"), identify(2, plan="pro")], [(2, IN)]),
    "where_reads_the_context":
        (Performed(match=on("A", where=(where("context.source.type", "is", "pos"),))),
         [track("A", 1), Sent(at=2, name="A", context={"source": {"type": "pos"}})], [(2, IN)]),
    "all_of_where_must_hold":
        (Performed(match=on("A", where=(where("x", "gte", 2), where("y", "is", "k"), where("z", "exists", True)))),
         [track("A", 1, x=2, y="k"), track("A", 2, x=2, y="j", z=1), track("A", 3, x="2.0", y="k", z=0)], [(3, IN)]),
}

DISTINCT: dict[str, Case] = {
    "same_value_twice_is_one": (a(count=2, distinct=("p",)), [track("A", 1, p="x"), track("A", 2, p="x")], []),
    "null_and_absent_are_none": (a(count=1, distinct=("p",)), [track("A", 1, p=None), track("A", 2)], []),
    "a_number_and_its_text_are_one":
        (a(count=2, distinct=("p",)), [track("A", 1, p=1), track("A", 2, p="1"), track("A", 3, p=1.0)], []),
    "true_and_its_text_are_two": (a(count=2, distinct=("p",)), [track("A", 1, p=True), track("A", 2, p="true")],
                                  [(2, IN)]),
    "leading_zeros_make_another_value":
        (a(count=2, distinct=("p",)), [track("A", 1, p="01"), track("A", 2, p="1")], [(2, IN)]),
    "value_lasts_as_long_as_its_newest_event":
        (a(30, count=2, distinct=("p",)), [track("A", 10, p="x"), track("A", 12, p="y"), track("A", 20, p="x")],
         [(12, IN), (42, OUT)]),
    "late_copy_of_a_value_does_not_shorten_it":
        (a(30, count=2, distinct=("p",)), [track("A", 20, p="x"), track("A", 22, p="y"),
                                           track("A", 5, received=23, p="x")], [(22, IN), (50, OUT)]),
    "at_most_one_value": (a(30, "at_most", 1, distinct=("p",)), [track("A", 10, p="x"), track("A", 20, p="y")],
                          [(10, IN), (20, OUT), (40, IN)]),
    "more_values_than_are_kept":
        (a(30, count=2, distinct=("p",)), [track("A", at, p=at) for at in range(10, 20)], [(11, IN), (48, OUT)]),
    "nested_and_whole_objects":
        (a(count=2, distinct=("p", "q")), [track("A", 1, p={"q": [1, 2]}), track("A", 2, p={"q": [1, 2]}),
                                           track("A", 3, p={"q": [2, 1]})], [(3, IN)]),
}


def moving(operator: str, width: int, within: int | None = None, **more: Any) -> Performed:
    match = on("A", where=(where("due", operator, width),))
    return Performed(match=match, window=Window(within=within), **more)


MOVING: dict[str, Case] = {
    "within_last_from_its_instant_to_one_before_the_end":
        (moving("within_last", 10), [track("A", 1, due=5)], [(5, IN), (15, OUT)]),
    "older_than_begins_exactly_then": (moving("older_than", 10), [track("A", 1, due=5)], [(15, IN)]),
    "within_next_excludes_its_far_end_and_includes_the_instant":
        (moving("within_next", 10), [track("A", 1, due=50)], [(41, IN), (51, OUT)]),
    "window_and_condition_must_both_hold":
        (moving("older_than", 10, within=20), [track("A", 1, due=5)], [(15, IN), (21, OUT)]),
    "an_older_event_may_outlive_a_newer_one":
        (moving("within_next", 100, count=1), [track("A", 1, due=90), track("A", 2, due=10)], [(1, IN), (91, OUT)]),
    "two_conditions_overlap":
        (Performed(match=on("A", where=(where("due", "older_than", 5), where("due", "within_last", 20)))),
         [track("A", 1, due=10)], [(15, IN), (30, OUT)]),
    "absence_by_a_moving_condition":
        (moving("within_last", 10, bound=Bound.AT_MOST, count=0), [track("A", 1, due=5)], [(1, IN), (5, OUT),
         (15, IN)]),
    "distinct_under_a_moving_condition":
        (moving("within_last", 10, count=2, distinct=("p",)),
         [track("A", 1, due=1, p="x"), track("A", 2, due=5, p="x"), track("A", 3, due=3, p="y")], [(3, IN),
          (13, OUT)]),
    "no_time_at_all": (moving("within_last", 10), [track("A", 1, due="soon"), track("A", 2)], []),
}

ALL = {**CASES, **{f"distinct_{name}": case for name, case in DISTINCT.items()},
       **{f"moving_{name}": case for name, case in MOVING.items()}}


@pytest.mark.parametrize("name", ALL)
def test_performed(name: str) -> None:
    rule, messages, expected = ALL[name]
    assert changes(rule, *messages) == expected


@pytest.mark.parametrize("name", ALL)
def test_performed_over_several_fragments(name: str) -> None:
    """The same story told by three identifiers of one person."""
    rule, messages, expected = ALL[name]
    assert changes(rule, *spread(3, messages)) == expected


@pytest.mark.parametrize("distinct", [None, ("d",)])
@pytest.mark.parametrize("window", [Window(), Window(within=2_000), Window(start=1), Window(end=100)])
@pytest.mark.parametrize(("count", "expected"), [(1, [(6, IN)]), (2, [(8, IN)])])
def test_only_events_that_meet_the_conditions_count(
    count: int, expected: list[tuple[int, str]], window: Window, distinct: tuple[str, ...] | None,
) -> None:
    rule = Performed(match=on("A", where=(where("p", "is", 1),)), window=window, count=count, distinct=distinct)
    assert changes(rule, *(track("A", at, p=at % 2 + 1, d=at) for at in (5, 6, 7, 8))) == expected


def test_state_is_no_larger_than_what_decides() -> None:
    story = Story(plan_of(a(1_000, count=3))).send(*(track("A", at) for at in range(200)))
    (times,) = story.profile.fragments["cookie:c"].leaves.values()
    assert times == [197, 198, 199]
