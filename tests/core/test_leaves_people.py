"""Consent, identifiers, lists of members, stable shares."""
from __future__ import annotations

import pytest

from streams.core.computed import consent_state
from streams.core.segments.evaluate import refresh
from streams.core.segments.rules import Consent, ConsentState, HasIdentifier, Members, Random
from tests.core.story import IN, OUT, Story, changes, consent, plan_of, track

GRANTED, DENIED, UNKNOWN = (Consent(purpose="mail", state=state) for state in ConsentState)


def test_newest_statement_by_event_time() -> None:
    story = (consent(10, mail=True), consent(20, mail=False), consent(15, received=30, mail=True))
    assert changes(GRANTED, *story) == [(10, IN), (20, OUT)]
    assert changes(DENIED, *story) == [(20, IN)]


def test_equal_event_time_the_later_arrival() -> None:
    assert changes(GRANTED, consent(10, mail=False), consent(10, mail=True)) == [(10, IN)]


def test_a_statement_that_leaves_the_purpose_out_says_nothing() -> None:
    assert changes(GRANTED, consent(10, mail=True), consent(20, sms=False)) == [(10, IN)]


def test_unknown_until_the_first_statement() -> None:
    assert changes(UNKNOWN, track("A", 5), consent(10, mail=False)) == [(5, IN), (10, OUT)]


def test_newest_statement_over_all_fragments() -> None:
    story = (consent(10, by="cookie:a", mail=False), consent(5, by="cookie:b", received=20, mail=True))
    assert changes(GRANTED, *story) == []


def test_equal_event_time_over_fragments_the_later_arrival() -> None:
    one, other = consent(10, by="cookie:a", mail=False), consent(10, by="cookie:b", mail=True)
    assert changes(GRANTED, one, other) == [(10, IN)]
    assert changes(GRANTED, other, one) == [(10, IN), (10, OUT)]


def test_consent_state_names_only_what_was_stated() -> None:
    story = Story(plan_of()).send(consent(10, mail=True), consent(11, by="cookie:d", mail=False, sms=True))
    assert consent_state(story.profile) == {"mail": False, "sms": True}


def test_has_an_identifier_of_the_namespace() -> None:
    rule = HasIdentifier(namespace="email")
    assert changes(rule, track("A", 1), track("A", 2, by="email:x@example.org")) == []
    story = Story(plan_of(rule)).send(track("A", 1))
    story.profile.identifiers["email:x@example.org"] = [0, 0]
    found = refresh(story.plan, story.profile, story.plan.identity_leaves, 2, "m2")
    assert [change.entered for change in found] == [True]


def test_a_namespace_is_not_the_beginning_of_another() -> None:
    story = Story(plan_of(HasIdentifier(namespace="device"))).send(track("A", 1, by="device_id:1"))
    assert story.changes() == []


def test_listed_members() -> None:
    rule = Members(identifiers=frozenset({"cookie:c", "email:x@example.org"}))
    assert changes(rule, track("A", 1)) == [(1, IN)]
    assert changes(rule, track("A", 1, by="cookie:C")) == []


def test_a_million_members_are_a_number_in_words() -> None:
    plan = plan_of(Members(identifiers=frozenset(f"cookie:{n}" for n in range(1000))))
    (leaf,) = plan.leaves.values()
    assert leaf.text == "one of 1000 listed identifiers"


def share_of(percent: float, salt: str = "s") -> set[int]:
    plan = plan_of(Random(percent=percent, salt=salt))
    return {n for n in range(1000) if Story(plan, f"profile-{n}").send(track("A", 1)).changes()}


def test_share_is_about_as_large_as_asked_and_stable() -> None:
    tenth = share_of(10)
    assert 70 < len(tenth) < 130
    assert tenth == share_of(10)


def test_a_larger_share_holds_the_smaller() -> None:
    assert share_of(10) < share_of(30)


def test_another_salt_is_another_share() -> None:
    assert len(share_of(10) & share_of(10, "t")) < 30


@pytest.mark.parametrize(("percent", "size"), [(0, 0), (100, 1000)])
def test_nobody_and_everybody(percent: float, size: int) -> None:
    assert len(share_of(percent)) == size
