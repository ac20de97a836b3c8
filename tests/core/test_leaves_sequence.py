"""`sequence`: order, reach, completion, and what ends the wait."""
from __future__ import annotations

import sys
from typing import Any

import pytest

from streams.core.segments.rules import EventMatch, Rule, Sequence, ThenNot
from tests.core.story import IN, OUT, Sent, Story, changes, on, plan_of, spread, track, where


def steps(*names: str, **more: Any) -> Sequence:
    return Sequence(steps=tuple(on(name) for name in names), **more)


def stopped_by(name: str, wait: int = 0) -> ThenNot:
    return ThenNot(match=on(name), wait=wait)


Case = tuple[Rule, list[Sent], list[tuple[int, str]]]

CASES: dict[str, Case] = {
    "in_order": (steps("A", "B"), [track("A", 1), track("B", 2)], [(2, IN)]),
    "wrong_order": (steps("A", "B"), [track("B", 1), track("A", 2)], []),
    "others_between_are_ignored": (steps("A", "B"), [track("A", 1), track("C", 2), track("B", 3)], [(3, IN)]),
    "one_event_is_not_two_steps": (steps("A", "A"), [track("A", 1)], []),
    "two_events_are_two_steps": (steps("A", "A"), [track("A", 1), track("A", 2)], [(2, IN)]),
    "one_event_is_not_two_middle_steps": (steps("A", "B", "B", "C"), [track("A", 1), track("B", 2), track("C", 3)], []),
    "any_event_may_be_a_step":
        (Sequence(steps=(EventMatch(), on("B"))), [track("B", 1), track("B", 2)], [(2, IN)]),
    "same_time_is_later_by_arrival": (steps("A", "B"), [track("A", 5), track("B", 5)], [(5, IN)]),
    "same_time_is_earlier_by_arrival": (steps("A", "B"), [track("B", 5), track("A", 5)], []),
    "within_excludes_its_far_end": (steps("A", "B", within=10), [track("A", 1), track("B", 11)], []),
    "within_includes_one_before": (steps("A", "B", within=10), [track("A", 1), track("B", 10)], [(10, IN)]),
    "the_nearest_first_step_counts":
        (steps("A", "B", within=10), [track("A", 1), track("A", 5), track("B", 14)], [(14, IN)]),
    "within_runs_from_the_first_step_to_the_last":
        (steps("A", "B", "C", within=10), [track("A", 1), track("B", 8), track("C", 11)], []),
    "a_later_middle_step_does_not_renew":
        (steps("A", "B", "C", within=10), [track("A", 1), track("B", 2), track("B", 9), track("C", 11)], []),
    "a_chain_that_began_later_takes_over":
        (steps("A", "B", "C", within=10),
         [track("A", 1), track("B", 2), track("A", 6), track("B", 7), track("C", 15)], [(15, IN)]),
    "a_new_completion_in_reach_of_the_last_one":
        (steps("A", "B", within=4, completed_within=10),
         [track("A", 1), track("C", 2), track("B", 3), track("A", 4), track("B", 6)], [(3, IN), (16, OUT)]),
    "late_middle_step_completes_a_later_chain_in_reach":
        (steps("A", "B", "C", within=8, completed_within=30),
         [track("A", 1), track("B", 2), track("C", 3), track("A", 4), track("C", 10), track("B", 5, received=20)],
         [(3, IN), (40, OUT)]),
    "a_first_step_before_the_last_completion_serves_a_new_one":
        (steps("A", "B", completed_within=10), [track("A", 1), track("C", 2), track("B", 5), track("B", 14)],
         [(5, IN), (24, OUT)]),
    "a_completion_stands_when_what_follows_it_is_read_again":
        (steps("A", "B", "C", then_not=stopped_by("D")),
         [track("A", 1), track("X", 1), track("B", 2), track("X", 2), track("C", 3), track("X", 3), track("A", 20),
          track("X", 20), track("A", 18, received=21), track("X", 21), track("D", 22)], [(3, IN), (22, OUT)]),
    "late_at_the_time_of_the_first_step_is_after_it":
        (steps("A", "B"), [track("A", 5), track("A", 9), track("B", 5, received=10)], [(10, IN)]),
    "a_completion_at_the_time_of_a_stop_and_after_it":
        (steps("A", "B", then_not=stopped_by("C")),
         [track("A", 1), track("X", 1), track("B", 5), track("X", 5), track("C", 5), track("B", 5)],
         [(5, IN), (5, OUT), (5, IN)]),
    "late_first_step_completes": (steps("A", "B"), [track("B", 5), track("A", 1, received=9)], [(9, IN)]),
    "late_last_step_completes":
        (steps("A", "B", within=10), [track("A", 5), track("A", 50), track("B", 7, received=60)], [(60, IN)]),
    "late_middle_step_completes":
        (steps("A", "B", "C"), [track("A", 1), track("C", 9), track("B", 5, received=20)], [(20, IN)]),
    "late_middle_step_after_the_last_is_none":
        (steps("A", "B", "C"), [track("A", 1), track("C", 9), track("B", 10, received=20)], []),
    "completed_within_ends_exactly":
        (steps("A", "B", completed_within=10), [track("A", 1), track("B", 5)], [(5, IN), (15, OUT)]),
    "completed_within_is_renewed_by_a_new_completion":
        (steps("A", "B", completed_within=10), [track("A", 1), track("B", 5), track("B", 15)], [(5, IN), (25, OUT)]),
    "completed_too_long_ago_when_the_late_step_comes":
        (steps("A", "B", completed_within=10), [track("B", 5), track("A", 1, received=15)], []),
    "completed_one_less_ago_when_the_late_step_comes":
        (steps("A", "B", completed_within=10), [track("B", 5), track("A", 1, received=14)], [(14, IN), (15, OUT)]),
    "then_not_begins_exactly_after_the_wait":
        (steps("A", "B", then_not=stopped_by("C", 10)), [track("A", 1), track("B", 5)], [(15, IN)]),
    "then_not_without_a_wait_begins_at_once":
        (steps("A", "B", then_not=stopped_by("C")), [track("A", 1), track("B", 5)], [(5, IN)]),
    "stopped_during_the_wait":
        (steps("A", "B", then_not=stopped_by("C", 10)), [track("A", 1), track("B", 5), track("C", 14)], []),
    "stopped_at_the_very_end_of_the_wait":
        (steps("A", "B", then_not=stopped_by("C", 10)), [track("A", 1), track("B", 5), track("C", 15)], []),
    "stopped_after_the_wait_leaves":
        (steps("A", "B", then_not=stopped_by("C", 10)), [track("A", 1), track("B", 5), track("C", 16)],
         [(15, IN), (16, OUT)]),
    "stopped_however_late_it_came_in":
        (steps("A", "B", then_not=stopped_by("C", 10)), [track("A", 1), track("B", 5), track("C", 6, received=500)],
         [(15, IN), (500, OUT)]),
    "a_stop_before_the_completion_is_none":
        (steps("A", "B", then_not=stopped_by("C", 10)), [track("A", 1), track("C", 4), track("B", 5)], [(15, IN)]),
    "a_stop_at_the_same_time_but_before_is_none":
        (steps("A", "B", then_not=stopped_by("C", 10)), [track("A", 1), track("C", 5), track("B", 5)], [(15, IN)]),
    "a_stop_at_the_same_time_and_after_stops":
        (steps("A", "B", then_not=stopped_by("C", 10)), [track("A", 1), track("B", 5), track("C", 5)], []),
    "a_new_completion_waits_anew":
        (steps("A", "B", then_not=stopped_by("C", 10)), [track("A", 1), track("B", 5), track("C", 6), track("B", 20)],
         [(30, IN)]),
    "a_new_completion_leaves_until_its_own_wait_is_over":
        (steps("A", "B", then_not=stopped_by("C", 10)), [track("A", 1), track("B", 5), track("B", 20)],
         [(15, IN), (20, OUT), (30, IN)]),
    "a_late_completion_after_the_stop_comes_back":
        (steps("A", "B", then_not=stopped_by("C")), [track("A", 1), track("B", 5), track("C", 10),
                                                     track("B", 11, received=20)], [(5, IN), (10, OUT), (20, IN)]),
    "the_last_step_itself_does_not_stop":
        (steps("A", "B", then_not=stopped_by("B", 10)), [track("A", 1), track("B", 5)], [(15, IN)]),
    "wait_and_completed_within_make_an_interval":
        (steps("A", "B", completed_within=20, then_not=stopped_by("C", 10)), [track("A", 1), track("B", 5)],
         [(15, IN), (25, OUT)]),
    "where_belongs_to_its_step":
        (Sequence(steps=(on("A", where=(where("x", "is", 1),)), on("A", where=(where("x", "is", 2),)))),
         [track("A", 1, x=2), track("A", 2, x=1), track("A", 3, x=3), track("A", 4, x=2)], [(4, IN)]),
    "patterns_as_steps": (steps("View*", "*Added"), [track("Viewed", 1), track("Product Added", 2)], [(2, IN)]),
}


def moving(step: int, operator: str, width: int, **more: Any) -> Sequence:
    matches = [on("A"), on("B")]
    matches[step] = on(*matches[step].names, where=(where("due", operator, width),))
    return Sequence(steps=tuple(matches), **more)


MOVING: dict[str, Case] = {
    "a_step_that_becomes_one_by_time":
        (moving(0, "older_than", 10), [track("A", 1, due=20), track("B", 2)], [(30, IN)]),
    "a_step_that_ceases_to_be_one":
        (moving(1, "within_next", 10), [track("A", 1), track("B", 2, due=8)], [(2, IN), (9, OUT)]),
    "an_earlier_completion_stands_when_the_later_ceases":
        (moving(1, "within_next", 100, then_not=stopped_by("C")),
         [track("A", 1), track("B", 2, due=90), track("C", 3), track("B", 4, due=10)], [(2, IN), (3, OUT), (4, IN),
          (11, OUT)]),
    "a_stop_that_ceases_to_be_one":
        (steps("A", "B", then_not=ThenNot(match=on("C", where=(where("due", "within_last", 10),)))),
         [track("A", 1), track("B", 2), track("C", 3, due=5)], [(2, IN), (5, OUT), (15, IN)]),
    "within_excludes_its_far_end":
        (moving(1, "within_next", 100, within=10), [track("A", 1), track("B", 11, due=50)], []),
    "an_earlier_last_step_is_in_reach_and_the_newest_is_not":
        (moving(1, "within_next", 100, within=10), [track("A", 1), track("B", 10, due=50), track("B", 20, due=60)],
         [(10, IN), (51, OUT)]),
    "one_event_for_two_steps_at_different_times":
        (Sequence(steps=(on("A", where=(where("due", "within_last", 10),)),
         on("A", where=(where("due", "older_than", 10),)))),
         [track("A", 1, due=20), track("A", 2, due=10)], [(20, IN), (30, OUT)]),
    "one_event_is_not_two_steps":
        (Sequence(steps=(on("A", where=(where("due", "within_next", 100),)), on("A"))),
         [track("A", 1, due=50), track("A", 2, due=50)], [(2, IN), (51, OUT)]),
}
ALL = {**CASES, **{f"moving_{name}": case for name, case in MOVING.items()}}


@pytest.mark.parametrize("name", ALL)
def test_sequence(name: str) -> None:
    rule, messages, expected = ALL[name]
    assert changes(rule, *messages) == expected


@pytest.mark.parametrize("name", ALL)
def test_sequence_over_two_fragments(name: str) -> None:
    rule, messages, expected = ALL[name]
    assert changes(rule, *spread(2, messages)) == expected


def kept(story: Story) -> int:
    (entries,) = story.profile.fragments["cookie:c"].leaves.values()
    return len(entries[0])


def test_events_out_of_reach_of_any_later_completion_are_forgotten() -> None:
    story = Story(plan_of(steps("A", "B", within=10)))
    story.send(*(track("AB"[at % 2], at) for at in range(500)))
    assert kept(story) <= 10


def test_without_reach_a_completion_stands_for_all_before_it() -> None:
    story = Story(plan_of(steps("A", "B")))
    story.send(*(track("AB"[at % 2], at) for at in range(500)))
    assert kept(story) <= 1
    assert story.send(track("B", 600)).changes() == [(1, IN)]


def test_what_can_no_longer_be_young_enough_is_forgotten() -> None:
    story = Story(plan_of(steps("A", "B", within=10, completed_within=20)))
    story.send(*(track("A", at) for at in range(500)))
    assert kept(story) <= 30


def test_with_a_clock_the_latest_of_many_events_are_enough_to_judge_by() -> None:
    plan = plan_of(moving(1, "within_next", 10_000, within=10))
    story = Story(plan)
    story.send(*(track("AB"[at % 2], at, due=5_000) for at in range(1_000)))
    (leaf,), calls = plan.leaves.values(), []
    sys.setprofile(lambda _, kind, __: calls.append(kind))
    try:
        judged = leaf.judge(story.profile, 1_000)
    finally:
        sys.setprofile(None)
    assert judged == (True, 5_001)
    assert calls.count("call") < 50
