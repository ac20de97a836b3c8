"""The verdict: every kind of difference is found, named and shown, and nothing is found where there is
none."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from streams.demo.expected import Expected, Ledger
from streams.demo.facts import Fact, Label, Sent
from streams.demo.observed import Observed, SeenActivation, SeenProfile
from streams.demo.verdict import judge, show

AT = 1_795_000_000_000
BUYER, VISITOR = frozenset({"customer_id:1", "cookie:a"}), frozenset({"cookie:b"})


def answer() -> Expected:
    ledger = Ledger()
    order = Fact(
        received_at=AT - 5_000,
        event_time=AT - 5_000,
        identifiers=("customer_id:1", "cookie:a"),
        event="Order Completed",
        source="web",
        properties={"revenue": 10},
        consent={"sms-marketing": True},
    )
    view = Fact(received_at=AT, event_time=AT, identifiers=("cookie:b",), event="Page Viewed", source="web")
    for fact, label in ((order, Label.ORDINARY), (view, Label.ORDINARY), (None, Label.COPY), (None, Label.NO_OBJECT)):
        ledger.note(Sent(received_at=AT, topic="", key=b"", value=b"", label=label, fact=fact))
    return ledger.expected()


TOLD = SeenActivation(
    activation_id="a1",
    channel="sms",
    campaign_id="thank-buyers",
    segment_id="recent-buyers",
    identifier="customer_id:1",
    change="message",
    sequence=1,
    purpose="sms-marketing",
    at=AT - 5_000,
)
SEEN = Observed(
    at=AT,
    dead_letters=1,
    profiles=(SeenProfile(identifiers=BUYER, events=1), SeenProfile(identifiers=VISITOR, events=1)),
    memberships={
        "customer_id:1": frozenset({"everyone", "recent-buyers"}),
        "cookie:a": frozenset({"everyone", "recent-buyers"}),
        "cookie:b": frozenset({"everyone"}),
    },
    activations=(TOLD,),
)


def wrong(seen: Observed) -> list[str]:
    return [check.name for check in judge(seen, answer()).checks if not check.is_ok]


def test_all_is_well_where_the_topics_say_what_the_answer_says() -> None:
    assert wrong(SEEN) == []
    assert judge(SEEN, answer()).is_ok


def without_a_profile(seen: Observed) -> Observed:
    return replace(seen, profiles=seen.profiles[:1])


def with_an_event_twice(seen: Observed) -> Observed:
    return replace(seen, profiles=(replace(seen.profiles[0], events=2), seen.profiles[1]))


def with_a_split_person(seen: Observed) -> Observed:
    halves = tuple(SeenProfile(identifiers=frozenset({one}), events=0) for one in BUYER)
    return replace(seen, profiles=(replace(halves[0], events=1), halves[1], seen.profiles[1]))


def with_a_member_lost(seen: Observed) -> Observed:
    return replace(seen, memberships={**seen.memberships, "cookie:a": frozenset({"everyone"})})


def with_a_member_too_many(seen: Observed) -> Observed:
    return replace(seen, memberships={**seen.memberships, "cookie:b": frozenset({"everyone", "app-users"})})


def with_an_activation_again(seen: Observed) -> Observed:
    return replace(seen, activations=(TOLD, TOLD))


def with_an_activation_under_another_id(seen: Observed) -> Observed:
    return replace(seen, activations=(TOLD, replace(TOLD, activation_id="a2")))


def with_an_activation_without_consent(seen: Observed) -> Observed:
    return replace(seen, activations=(replace(TOLD, purpose="email-marketing"),))


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda seen: replace(seen, dead_letters=0), ["refused messages, in dead letters"]),
        (without_a_profile, ["accepted events, counted over profiles", "profiles, by their identifiers"]),
        (with_an_event_twice, ["accepted events, counted over profiles", "profiles with a wrong number of events"]),
        (with_a_split_person, ["profiles, by their identifiers", "profiles with a wrong number of events"]),
        (with_a_member_lost, ["in recent-buyers, identifiers"]),
        (with_a_member_too_many, ["in app-users, identifiers"]),
        (with_an_activation_again, ["activations sent twice", "activations repeated under another id"]),
        (with_an_activation_under_another_id, ["activations repeated under another id"]),
        (with_an_activation_without_consent, ["activations without consent"]),
    ],
)
def test_a_difference_is_named(change: Callable[[Observed], Observed], names: list[str]) -> None:
    assert wrong(change(SEEN)) == names


def test_a_removal_needs_no_consent() -> None:
    gone = replace(TOLD, activation_id="a2", change="exited", purpose="email-marketing")
    assert wrong(replace(SEEN, activations=(TOLD, gone))) == []


def test_an_exit_may_take_a_second() -> None:
    late = replace(SEEN, at=AT + 15_999)
    assert wrong(late) == []
    assert wrong(replace(late, at=AT + 16_000)) == ["in recent-buyers, identifiers"]


def test_the_table_says_what_is_wrong_and_where() -> None:
    console = Console(file=io.StringIO(), width=160)
    show(judge(with_a_member_too_many(SEEN), answer()), console)
    show(judge(SEEN, answer()), console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "1 differ: cookie:b" in text
    assert "1 of 19 checks differ" in text
    assert "Kafka's topics agree with the simulator's answer." in text
