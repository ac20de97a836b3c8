"""Whose word counts on a trait: the table of cases, and that neither order nor fragments matter."""
from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.events import Event
from streams.core.platforms import SOURCE_TYPES, platform_of
from streams.core.precedence import Precedence, in_force, keep_newest, kind_of, origin
from streams.core.profile import Fragment, Profile, Statement

CRM_FIRST = ("crm", "call_center")
SOURCES = ("crm/desk", "crm", "call_center", "web", "app", "", "kiosk")


def believed(order: tuple[str, ...], *said: Statement) -> Any:
    """What the trait is once a fragment heard all this."""
    fragment = Fragment("cookie:c")
    for setting in said:
        keep_newest(fragment, "t", setting)
    found = in_force(Profile("cookie:c", "id", fragments={"cookie:c": fragment}), "t", order)
    return None if found is None else found[0]


def says(value: Any, at: int, source: str) -> Statement:
    return [value, at, at, source]


CASES: dict[str, tuple[list[Statement], Any]] = {
    "the_stronger_before_the_newer": ([says("gold", 1, "crm"), says("free", 2, "web")], "gold"),
    "of_one_source_the_newest": ([says("gold", 1, "crm"), says("silver", 2, "crm/other")], "silver"),
    "what_is_not_listed_is_alike": ([says("a", 1, "web"), says("b", 2, "app"), says("c", 3, "")], "c"),
    "nobody_stronger_spoke": ([says("free", 2, "web")], "free"),
    "a_weaker_removal_removes_nothing": ([says("gold", 1, "crm"), says(None, 2, "web")], "gold"),
    "a_stronger_removal_removes_all_before": ([says("free", 1, "web"), says("gold", 2, "crm"), says(None, 3, "crm")], None),
    "what_a_weaker_says_after_it_counts": ([says(None, 3, "crm"), says("free", 4, "web")], "free"),
    "and_what_it_said_before_does_not_come_back":
        ([says("free", 1, "web"), says(None, 3, "crm"), says(None, 4, "call_center")], None),
    "until_the_stronger_speaks_again": ([says(None, 3, "crm"), says("free", 4, "web"), says("gold", 5, "crm")], "gold"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(4))
def test_whose_word_counts(case: str, seed: int) -> None:
    said, value = CASES[case]
    Random(seed).shuffle(said)
    assert believed(CRM_FIRST, *said) == value


def test_without_an_order_the_newest_counts_and_equal_times_go_by_arrival() -> None:
    assert believed((), says("gold", 1, "crm"), says("free", 2, "web")) == "free"
    assert believed((), ["b", 1, 2, "web"], ["a", 1, 1, "crm"]) == "b"


def test_a_trait_of_its_own_order() -> None:
    found = Precedence(sources=("crm",), by_trait={"nick": ("web",), "plan": ()})
    assert [found.of(name) for name in ("city", "nick", "plan")] == [("crm",), ("web",), ()]


STATEMENTS = st.lists(st.tuples(
    st.sampled_from(["a", "b", None]), st.integers(0, 6), st.sampled_from(SOURCES), st.integers(0, 2)), max_size=12)
ORDERS = st.permutations(["crm", "call_center", "web", "app"]).flatmap(
    lambda order: st.integers(0, 4).map(lambda length: tuple(order[:length])))


@given(STATEMENTS, ORDERS, st.randoms(use_true_random=False))
def test_neither_order_nor_fragments_nor_repetition_matter(
    rows: list[tuple[Any, int, str, int]], order: tuple[str, ...], chance: Random,
) -> None:
    said = [([value, at, arrival, source], place) for arrival, (value, at, source, place) in enumerate(rows)]
    fragments = {str(place): Fragment(str(place)) for place in range(3)}
    for setting, place in chance.sample(said, len(said)) + chance.sample(said, len(said) // 2):
        keep_newest(fragments[str(place)], "t", setting)
    found = in_force(Profile("", "", fragments=fragments), "t", order)
    assert (None if found is None else found[0]) == plainly([setting for setting, _ in said], order)
    assert all(len(each.superseded.get("t", ())) <= len(SOURCE_TYPES) for each in fragments.values())


def plainly(said: list[Statement], order: tuple[str, ...]) -> Any:
    """Rank by rank, over all that was said: the last of a rank, unless as strong or stronger ones removed it later."""
    weakness = {id(each): order.index(kind_of(each)) if kind_of(each) in order else 9 for each in said}
    for place in sorted(set(weakness.values())):
        last = max((each for each in said if weakness[id(each)] == place), key=lambda each: each[1:3])
        removed = [each for each in said if each[0] is None and weakness[id(each)] <= place and each[1:3] >= last[1:3]]
        if not removed:
            return last[0]
    return None


@pytest.mark.parametrize(("kind", "context", "source", "found"), [
    ("identify", {"source": {"type": "crm", "name": "desk"}}, "crm/desk", "crm"), ("identify", {}, "", ""),
    ("identify", {"page": {}}, "", "web"), ("screen", {}, "", "app"), ("identify", {"app": {}}, "", "app"),
    ("identify", {"source": {"type": "kiosk"}, "page": {}}, "kiosk", ""),
    ("identify", {"source": {"name": "crm"}}, "crm", ""), ("page", {"source": {"name": "crm"}}, "crm", "web")])
def test_the_type_of_source_is_the_stated_one_else_that_of_a_page_or_screen(
    kind: Any, context: dict[str, Any], source: str, found: str,
) -> None:
    event = Event("m", kind, "", 0, 0, 0, ("cookie:c",), {}, context, {}, {}, source, b"")
    assert kind_of(["v", 0, 0, *origin(event)]) == found
    assert found in {platform_of(event), ""}
