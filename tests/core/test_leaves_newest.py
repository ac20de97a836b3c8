"""`last_performed`: the newest event by event time, then arrival."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.segments.rules import Condition, LastPerformed, Rule
from tests.core.story import IN, OUT, Sent, changes, on, spread, track, where

FIRST = where("group", "is", "first")


def last(*conditions: Condition, looked_at: tuple[Condition, ...] = (), **more: Any) -> LastPerformed:
    return LastPerformed(match=on("A", where=looked_at), where_last=conditions, **more)


CASES: dict[str, tuple[Rule, list[Sent], list[tuple[int, str]]]] = {
    "newest_decides": (last(FIRST), [track("A", 1, group="first"), track("A", 2, group="second")], [(1, IN),
        (2, OUT)]),
    "older_that_comes_late_decides_nothing":
        (last(FIRST), [track("A", 5, group="first"), track("A", 4, received=9, group="second")], [(5, IN)]),
    "newer_that_comes_late_decides":
        (last(FIRST), [track("A", 5, group="first"), track("A", 6, received=9, group="second")], [(5, IN), (9, OUT)]),
    "same_time_the_later_arrival_decides":
        (last(FIRST), [track("A", 5, group="second"), track("A", 5, group="first")], [(5, IN)]),
    "same_time_late_is_a_later_arrival":
        (last(FIRST), [track("A", 5, group="first"), track("A", 5, received=9, group="second")], [(5, IN), (9, OUT)]),
    "where_chooses_the_events_where_last_judges_the_newest":
        (last(FIRST, looked_at=(where("kind", "is", "k"),)),
         [track("A", 1, kind="k", group="first"), track("A", 2, kind="j", group="second")], [(1, IN)]),
    "a_missing_property_satisfies_is_not":
        (last(where("group", "is_not", "first")), [track("A", 1, group="first"), track("A", 2)], [(2, IN)]),
    "without_where_last_there_only_has_to_be_one": (last(), [track("B", 1), track("A", 2)], [(2, IN)]),
    "within_ends_exactly": (last(FIRST, within=10), [track("A", 5, group="first")], [(5, IN), (15, OUT)]),
    "within_of_the_newest_only":
        (last(FIRST, within=10), [track("A", 5, group="first"), track("A", 6, group="second")], [(5, IN), (6, OUT)]),
    "too_late_for_the_window": (last(FIRST, within=10), [track("A", 5, received=15, group="first")], []),
    "moving_where_last": (last(where("due", "within_next", 10)), [track("A", 1, due=30)], [(21, IN), (31, OUT)]),
    "moving_where_last_in_a_window":
        (last(where("due", "within_next", 10), within=25), [track("A", 1, due=30)], [(21, IN), (26, OUT)]),
    "moving_where_last_outside_its_window": (last(where("due", "within_next", 10), within=20),
        [track("A", 1, due=30)], []),
    "moving_where_makes_an_older_one_the_newest":
        (last(FIRST, looked_at=(where("due", "within_next", 100),)),
         [track("A", 1, due=50, group="first"), track("A", 2, due=20, group="second")], [(1, IN), (2, OUT),
          (21, IN), (51, OUT)]),
    "moving_where_and_window":
        (last(FIRST, looked_at=(where("due", "older_than", 5),), within=20), [track("A", 1, due=4, group="first")],
         [(9, IN), (21, OUT)]),
    "never_performed": (last(where("group", "exists", False)), [track("B", 1)], []),
}


@pytest.mark.parametrize("name", CASES)
def test_last_performed(name: str) -> None:
    rule, messages, expected = CASES[name]
    assert changes(rule, *messages) == expected


@pytest.mark.parametrize("name", CASES)
def test_last_performed_over_two_fragments(name: str) -> None:
    rule, messages, expected = CASES[name]
    assert changes(rule, *spread(2, messages)) == expected
