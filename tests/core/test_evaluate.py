"""What changes when: shared leaves, segments of segments, versions, and that work is not redone."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from streams.core.profile import Fragment, Profile
from streams.core.segments.evaluate import evaluate_all, lapse, next_due, refresh
from streams.core.segments.folding import fold
from streams.core.segments.leaves.leaf import Judgement, Leaf
from streams.core.segments.plan import Plan
from streams.core.segments.rules import All, AnyOf, Bound, Everyone, InSegment, Not, Performed, Rule, Window
from tests.core.story import IN, OUT, Sent, Story, changes, identify, named, on, plan_of, track
from tests.core.test_leaves_traits import trait


def did(name: str, within: int | None = None, **more: Any) -> Performed:
    return Performed(match=on(name), window=Window(within=within), **more)


@pytest.mark.parametrize(("rule", "expected"), [
    (All(rules=()), [(1, IN)]), (AnyOf(rules=()), []), (Not(rule=AnyOf(rules=())), [(1, IN)]), (Everyone(), [(1, IN)]),
    (Not(rule=Everyone()), []), (All(rules=(did("A"), did("B"))), [(2, IN)]), (AnyOf(rules=(did("A"), did("B"))), [(1, IN)]),
    (Not(rule=Not(rule=did("B"))), [(2, IN)]), (All(rules=(did("A"), Not(rule=did("B")))), [(1, IN), (2, OUT)]),
])
def test_boolean_nodes(rule: Rule, expected: list[tuple[int, str]]) -> None:
    assert changes(rule, track("A", 1), track("B", 2)) == expected


def test_a_segment_of_a_segment_defined_after_it_changes_at_the_same_instant() -> None:
    story = Story(named(outer=All(rules=(InSegment(id="inner"), Not(rule=did("B")))), inner=did("A", 30)))
    story.send(track("A", 10)).run(100)
    assert story.lines == [(10, "outer", IN), (10, "inner", IN), (40, "outer", OUT), (40, "inner", OUT)]


def test_a_diamond_of_segments_changes_once() -> None:
    plan = named(base=did("A", 30), left=InSegment(id="base"), right=Not(rule=InSegment(id="base")),
                 both=AnyOf(rules=(InSegment(id="left"), InSegment(id="right"))))
    story = Story(plan).send(track("B", 5), track("A", 10)).run(100)
    assert story.changes("both") == [(5, IN)]
    assert story.changes("right") == [(5, IN), (10, OUT), (40, IN)]


def test_what_ends_at_the_instant_of_an_event_is_no_entry() -> None:
    story = Story(named(s0=All(rules=(did("A", 30), did("B"))))).send(track("A", 10), track("B", 40))
    assert story.changes() == []


@pytest.mark.parametrize("others", [(), (track("B", 40),), (track("A", 15, received=40),)], ids=["nothing", "other", "late"])
def test_what_is_renewed_at_the_instant_it_ends_goes_on_whatever_else_happens_then(others: tuple[Sent, ...]) -> None:
    """An unrelated event of that instant made it an exit and an entry, and two messages of them."""
    story = Story(named(s0=did("A", 30), s1=did("B"), s2=InSegment(id="s0")))
    story.send(track("A", 10), *others, track("A", 40)).run(100)
    assert story.changes() == story.changes("s2") == [(10, IN), (70, OUT)]


def test_what_is_renewed_at_the_instant_it_ends_goes_on_even_if_everything_is_judged_anew_then() -> None:
    """A merge at that instant, or an edit, made it an exit and an entry."""
    story = Story(named(s0=did("A", 30), s1=Not(rule=InSegment(id="s0")))).send(track("A", 10)).run(39)
    assert evaluate_all(story.plan, story.profile, 40) == evaluate_all(story.plan, story.profile, 40) == []
    assert next_due(story.profile) == 40
    story.profile.timer_at = 40
    story.send(track("A", 40)).run(100)
    assert story.changes("s0") == [(10, IN), (70, OUT)]


def test_what_ends_at_the_instant_at_which_everything_is_judged_anew_ends_then() -> None:
    story = Story(named(s0=did("A", 30), s1=InSegment(id="s0"))).send(track("A", 10)).run(39)
    assert evaluate_all(story.plan, story.profile, 40) == []
    assert story.run(100).changes("s0") == story.changes("s1") == [(10, IN), (40, OUT)]


def test_who_stays_in_for_what_time_is_about_to_do_is_in_under_the_new_version() -> None:
    story = Story(plan_of(Everyone(), did("A", 30))).send(track("A", 10)).run(39)
    story.now = 40
    story.redefine(plan_of(Not(rule=did("A", 30)), did("A", 30), version=2))
    version, since, _ = story.run(100).profile.members["s0"]
    assert story.changes() == [(10, IN)] and (version, since) == (2, 10)


def test_what_two_events_renew_goes_on() -> None:
    story = Story(named(s0=did("A", 30, count=2))).send(*(track("A", at) for at in (10, 10, 40, 40))).run(100)
    assert story.changes() == [(10, IN), (70, OUT)]


def test_who_would_enter_only_as_long_as_something_ends_enters_once_that_goes_on() -> None:
    story = Story(named(s0=did("A", 30), s1=All(rules=(InSegment(id="s0"), did("B"))), s2=InSegment(id="s1")))
    story.send(track("A", 10), track("B", 40), track("A", 40)).run(100)
    assert story.changes("s1") == story.changes("s2") == [(40, IN), (70, OUT)]


def test_what_begins_at_the_instant_of_an_event_is_an_entry_at_once() -> None:
    quiet = did("A", 30, bound=Bound.AT_MOST, count=0)
    story = Story(named(s0=All(rules=(quiet, did("B"))))).send(track("A", 10), track("B", 40))
    assert story.changes() == [(40, IN)]


def test_a_late_event_enters_and_leaves_in_the_right_order() -> None:
    story = Story(named(recent=did("A", 30), absent=Not(rule=InSegment(id="recent"))))
    story.send(track("B", 5), track("A", 10, received=39)).run(100)
    assert story.lines == [(5, "absent", IN), (39, "recent", IN), (39, "absent", OUT), (40, "recent", OUT),
                           (40, "absent", IN)]


def test_changes_come_in_the_order_of_the_definitions() -> None:
    story = Story(named(z=did("A"), y=did("A"), x=did("A"))).send(track("A", 1))
    assert [name for _, name, _ in story.lines] == ["z", "y", "x"]


def test_next_due_is_none_when_nothing_can_change() -> None:
    story = Story(named(s0=did("A", 30))).send(track("A", 10))
    assert next_due(story.profile) == 40
    assert next_due(story.run(40).profile) is None


class Counting(Leaf):
    """A leaf that counts how often it is judged; stands in a plan for the leaf it wraps."""

    def __init__(self, leaf: Leaf) -> None:
        self.leaf, self.judged = leaf, 0
        self.id, self.text, self.sources, self.hears = leaf.id, leaf.text, leaf.sources, leaf.hears

    def judge(self, profile: Profile, now: int) -> Judgement:
        self.judged += 1
        return self.leaf.judge(profile, now)

    def evidence(self, profile: Profile, now: int) -> tuple[Any, ...]:
        return self.leaf.evidence(profile, now)


def counted(plan: Plan) -> Callable[[], dict[str, int]]:
    leaves = {name: Counting(leaf) for name, leaf in plan.leaves.items()}
    plan.leaves = dict(leaves)
    return lambda: {leaf.text: leaf.judged for leaf in leaves.values() if leaf.judged}


def test_an_event_judges_only_the_leaves_that_hear_it() -> None:
    plan = named(a=did("A", 30), b=did("B", 30), t=trait("x", "is", 1))
    story = Story(plan).send(track("X", 1))
    judged = counted(plan)
    story.send(track("A", 5), track("A", 6))
    assert judged() == {"performed A within 30ms": 2}
    story.send(identify(7, x=1, y=2))
    assert judged() == {"performed A within 30ms": 2, "trait x is 1": 1}


def test_a_shared_leaf_is_judged_once_for_all_its_segments() -> None:
    plan = named(**{f"s{place}": All(rules=(did("A", 30), did(f"B{place}"))) for place in range(50)})
    story = Story(plan).send(track("X", 1))
    judged = counted(plan)
    story.send(track("A", 5))
    assert judged() == {"performed A within 30ms": 1}


def test_an_event_that_says_nothing_new_judges_nothing() -> None:
    plan = named(often=did("A", count=2))
    story = Story(plan).send(track("A", 1), track("A", 2))
    judged = counted(plan)
    story.send(track("A", 3), track("A", 4))
    assert judged() == {}


def test_only_what_is_due_is_judged_when_time_passes() -> None:
    plan = named(a=did("A", 30), b=did("B", 50))
    story = Story(plan).send(track("A", 1), track("B", 1))
    judged = counted(plan)
    story.run(40)
    assert judged() == {"performed A within 30ms": 1}


def test_everything_anew_says_nothing_where_nothing_changed() -> None:
    story = Story(named(a=did("A", 30), b=Not(rule=did("B")))).send(track("A", 5), track("C", 6))
    state = (set(story.profile.truth), dict(story.profile.due), str(story.profile.members))
    assert evaluate_all(story.plan, story.profile, 20) == []
    assert (story.profile.truth, story.profile.due, str(story.profile.members)) == state


def test_state_survives_the_wire() -> None:
    story = Story(named(a=did("A", 30), b=trait("x", "is", "y", 20))).send(track("A", 5), identify(6, x="y"))
    story.profile = msgspec.msgpack.decode(msgspec.msgpack.encode(story.profile), type=Profile)
    assert story.run(100).lines == [(5, "a", IN), (26, "b", IN), (35, "a", OUT)]


def test_who_stays_in_under_a_new_version_keeps_since() -> None:
    story = Story(plan_of(did("A"))).send(track("A", 5))
    story.now = 20
    story.redefine(plan_of(did("A", 500), version=2))
    assert story.profile.members["s0"][:2] == [2, 5]
    assert story.changes() == [(5, IN)]


def test_members_of_a_segment_that_is_no_longer_defined_leave_with_their_version() -> None:
    story = Story(plan_of(did("A"), did("B"), version=3)).send(track("A", 5), track("B", 6))
    story.now = 20
    found = evaluate_all(plan_of(did("A"), version=4), story.profile, 20)
    assert [(change.segment_id, change.version, change.entered) for change in found] == [("s1", 3, False)]
    assert set(story.profile.members) == {"s0"}


def test_a_merge_shows_only_the_difference() -> None:
    plan = named(twice=did("A", count=2), quiet=Not(rule=did("B")), any=did("A"))
    one = Story(plan).send(track("A", 1, by="cookie:1"))
    other = Story(plan).send(track("A", 2, by="cookie:2"), track("B", 3, by="cookie:2"))
    one.profile.fragments |= other.profile.fragments
    found = evaluate_all(plan, one.profile, 10)
    assert [(change.segment_id, change.entered) for change in found] == [("twice", True), ("quiet", False)]


def test_a_split_gives_back_exactly_what_was_merged() -> None:
    plan = named(twice=did("A", 30, count=2))
    story = Story(plan).send(track("A", 1, by="cookie:1"), track("A", 2, by="cookie:2"))
    del story.profile.fragments["cookie:2"]
    assert [change.entered for change in evaluate_all(plan, story.profile, 10)] == [False]
    assert next_due(story.profile) is None


def test_a_profile_that_lost_all_its_events_leaves_everything_and_begins_anew() -> None:
    story = Story(named(everyone=Everyone(), any=did("A"))).send(track("A", 1))
    story.profile.fragments.clear()
    found = evaluate_all(story.plan, story.profile, 3)
    assert [(change.segment_id, change.entered) for change in found] == [("any", False), ("everyone", False)]
    story.send(track("B", 5))
    assert story.lines[2:] == [(5, "everyone", IN)]


def test_refresh_after_fold_of_another_fragment_sees_both() -> None:
    plan = named(twice=did("A", 30, count=2))
    story = Story(plan).send(track("A", 1, by="cookie:1"))
    fragment = story.profile.fragments.setdefault("cookie:2", Fragment("cookie:2"))
    event = Story(plan).send(track("A", 5, by="cookie:2")).events[0][1]
    found = refresh(plan, story.profile, fold(plan, fragment, event), 5, "m")
    assert [change.entered for change in found] == [True]
    assert [change.entered for change in lapse(plan, story.profile, 31)] == [False]


@pytest.mark.parametrize(("rule", "story", "expected"), [
    (did("A", 30), [track("A", 1)], ["performed A within 30ms [message m1]", "time: performed A within 30ms ended"]),
    (did("A", 30, bound=Bound.AT_MOST, count=0), [track("A", 1)], ["time: performed A at most 0 times within 30ms began"]),
    (trait("x", "is", 1), [identify(1, x=1), identify(2, x=2)],
     ["trait x is 1 [message m1]", "no longer trait x is 1 [message m2]"]),
    (AnyOf(rules=(did("A"), did("B"))), [track("B", 1)], ["performed B [message m1]"]),
    (All(rules=(did("A"), did("B"))), [track("A", 1), track("B", 2)], ["performed B [message m2]"]),
    (All(rules=(did("A"), Not(rule=did("B")))), [track("A", 1), track("B", 2)],
     ["performed A [message m1]", "performed B [message m2]"]),
    (Everyone(), [track("A", 1)], ["everyone [message m1]"]),
    (All(rules=tuple(did(name) for name in "ABCDEF")), [track(name, 1) for name in "ABCDEF"], ["performed F [message m6]"]),
])
def test_because(rule: Rule, story: list[Any], expected: list[str]) -> None:
    assert Story(plan_of(rule)).send(*story).run(100).reasons == expected


def test_because_of_new_definitions_names_what_decides_and_stays_readable() -> None:
    story = Story(plan_of()).send(*(track(name, 1) for name in "ABCDEF"))
    story.redefine(plan_of(All(rules=tuple(did(name) for name in "ABCDEF"))))
    assert story.reasons == ["performed A; performed B; performed C; performed D; and 2 more"]


def test_because_of_an_alternative_names_the_first_that_holds() -> None:
    story = Story(plan_of()).send(track("B", 1), track("C", 1))
    story.redefine(plan_of(AnyOf(rules=tuple(did(name) for name in "ABC"))))
    assert story.reasons == ["performed B"]


def test_because_names_no_value_of_the_person() -> None:
    rule = trait("email", "ends_with", "@example.org")
    story = Story(plan_of(rule)).send(identify(1, email="jane.doe@example.org"))
    assert story.reasons == ["trait email ends with @example.org [message m1]"]
