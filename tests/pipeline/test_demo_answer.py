"""The simulator's answer: consistent with itself, and what the pipeline comes to (laws L1, L2, L4, L6,
L9)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import streams.demo
from streams.demo.expected import Expected, Ledger
from streams.demo.facts import Fact, Label, Sent
from streams.demo.observed import Observed, SeenActivation, SeenProfile
from streams.demo.segments import SEGMENTS
from streams.demo.shop import generate
from streams.demo.verdict import judge
from streams.testing import Pipeline

DEFINITIONS = Path(streams.demo.__file__).parent / "definitions"
START, MINUTE = 1_795_000_000_000, 60_000


def noted(sents: list[Sent]) -> Expected:
    ledger = Ledger()
    for sent in sents:
        ledger.note(sent)
    return ledger.expected()


def sent(at: int, event: str, *identifiers: str, consent: dict[str, bool] | None = None) -> Sent:
    fact = Fact(
        received_at=at,
        event_time=at,
        identifiers=identifiers,
        event=event,
        source="web",
        properties={"revenue": 10},
        consent=consent or {},
    )
    return Sent(received_at=at, topic="", key=b"", value=b"", label=Label.ORDINARY, fact=fact)


def observed(pipeline: Pipeline) -> Observed:
    profiles = [profile for profile in pipeline.profiles() if profile.fragments]
    return Observed(
        at=pipeline.now,
        dead_letters=len(pipeline.rejected),
        profiles=tuple(
            SeenProfile(
                identifiers=frozenset(profile.identifiers),
                events=sum(fragment.events for fragment in profile.fragments.values()),
            )
            for profile in profiles
        ),
        memberships={identifier: frozenset(profile.members) for profile in profiles for identifier in profile.identifiers},
        activations=tuple(
            SeenActivation(**{name: getattr(made, name) for name in SeenActivation.__slots__})
            for made in pipeline.activations()
        ),
    )


def test_every_segment_of_the_definitions_has_a_predicate_and_no_other() -> None:
    documents = yaml.safe_load_all((DEFINITIONS / "segments.yaml").read_text())
    assert [document["id"] for document in documents] == list(SEGMENTS)


def test_counts_add_up() -> None:
    sents = list(generate(3_000, 2, START, MINUTE))
    answer = noted(sents)
    assert answer.accepted + answer.rejected + answer.copies == len(sents) == answer.labels.total()
    assert answer.accepted == sum(len(person.facts) for person in answer.people)


def test_every_identifier_and_every_event_is_one_persons() -> None:
    sents = list(generate(3_000, 2, START, MINUTE))
    answer = noted(sents)
    identifiers = [identifier for person in answer.people for identifier in person.identifiers]
    assert len(identifiers) == len(set(identifiers))
    for fact in (each.fact for each in sents if each.fact):
        owner = answer.person(fact.identifiers[0])
        assert owner is not None
        assert owner.identifiers >= set(fact.identifiers)


def test_people_are_joined_by_what_is_named_together_however_late() -> None:
    answer = noted(
        [
            sent(1, "A", "cookie:a"),
            sent(2, "A", "cookie:b"),
            sent(3, "A", "email:x", "cookie:b"),
            sent(4, "A", "cookie:c"),
            sent(5, "A", "email:x", "cookie:a"),
        ]
    )
    assert {person.identifiers: len(person.facts) for person in answer.people} == {
        frozenset({"cookie:a", "cookie:b", "email:x"}): 4,
        frozenset({"cookie:c"}): 1,
    }
    assert answer.person("cookie:z") is None


def test_leaves_recent_buyers_exactly_twenty_seconds_after_the_order() -> None:
    answer = noted([sent(START, "Order Completed", "cookie:a")])
    assert answer.members("recent-buyers", START + 19_999) == {frozenset({"cookie:a"})}
    assert answer.members("recent-buyers", START + 20_000) == frozenset()


def test_consent_counts_from_its_receipt_and_reaches_only_who_is_known_to_be_the_same() -> None:
    answer = noted(
        [
            sent(10, "Consent Preference Updated", "customer_id:1", consent={"ads": True}),
            sent(20, "A", "cookie:a"),
            sent(30, "A", "customer_id:1", "cookie:a"),
            sent(40, "Consent Preference Updated", "customer_id:1", consent={"ads": False}),
        ]
    )
    allowed = [at for at in range(0, 60, 10) if answer.permits("cookie:a", "ads", at, at)]
    assert allowed == [30]
    assert answer.permits("cookie:a", "ads", 20, 30)
    assert not answer.permits("cookie:a", "ads", 0, 29)
    assert not answer.permits("cookie:a", "sms", 30, 30)
    assert not answer.permits("cookie:z", "ads", 0, 99)


def test_consent_is_that_of_the_newest_statement_by_event_time() -> None:
    late = sent(20, "Consent Preference Updated", "cookie:a", consent={"ads": False})
    older = Fact(received_at=30, event_time=5, identifiers=("cookie:a",), event="x", source="web", consent={"ads": True})
    answer = noted([late, Sent(received_at=30, topic="", key=b"", value=b"", label=Label.LATE, fact=older)])
    assert not answer.permits("cookie:a", "ads", 0, 99)


@pytest.mark.parametrize("seed", range(3))
def test_the_pipeline_comes_to_the_answer_during_the_run_and_by_time_alone_after_it(seed: int) -> None:
    """L1, L2, L4, L6, L9 over the example definitions; the campaign that waits is activated half way."""
    pipeline = Pipeline(DEFINITIONS, partitions=3, start=START - 1, seed=seed)
    ledger = Ledger()
    for number, each in enumerate(generate(1_500, seed, START, MINUTE)):
        pipeline.send(each.value, each.received_at)
        ledger.note(each)
        if number == 700:
            pipeline.activate("loyal-club")
            assert _wrong(pipeline, ledger) == []
    for later in (0, 7_000, 14_000, 30_000, 60_000):
        pipeline.advance(to=START + MINUTE + later)
        assert _wrong(pipeline, ledger) == []
    told = [made for made in pipeline.activations() if made.change != "exited"]
    answer = ledger.expected()
    assert {made.channel for made in told} >= {"display", "email"}
    assert all(answer.permits(made.identifier, made.purpose, made.at, made.at) for made in told)


def _wrong(pipeline: Pipeline, ledger: Ledger) -> list[str]:
    verdict = judge(observed(pipeline), ledger.expected())
    return [
        f"{check.name}: {check.found} of {check.expected}, {check.example}" for check in verdict.checks if not check.is_ok
    ]
