"""The simulated shop: the same for the same seed, of the kinds and in the shares it says."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import islice

import pytest

from streams.demo.facts import BROKEN, Label, Sent
from streams.demo.shop import generate

START, MINUTE = 1_795_000_000_000, 60_000
KNOWN = ("customer_id", "email", "phone", "loyalty_card")


@pytest.fixture(scope="module")
def played() -> list[Sent]:
    return list(generate(6_000, 5, START, MINUTE))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again = (list(generate(300, 3, START, MINUTE)) for _ in range(2))
    assert first == again
    assert first != list(generate(300, 4, START, MINUTE))


@pytest.mark.parametrize("events", [0, 1, 7, 250])
def test_gives_as_many_messages_as_asked_for(events: int) -> None:
    assert len(list(generate(events, 1, START, MINUTE))) == events


def test_is_a_stream_and_begins_at_once() -> None:
    assert len(list(islice(generate(100_000_000, 1, START, 10**12), 5))) == 5


def test_times_of_receipt_rise_evenly_over_the_duration(played: list[Sent]) -> None:
    times = [sent.received_at for sent in played]
    assert times == [START + number * MINUTE // len(played) for number in range(len(played))]


def test_every_label_occurs_in_its_share(played: list[Sent]) -> None:
    shares = {label: count / len(played) for label, count in Counter(sent.label for sent in played).items()}
    assert set(shares) == set(Label)
    assert shares[Label.ORDINARY] > 0.8
    assert 0.03 < shares[Label.LATE] < 0.09
    assert 0.01 < shares[Label.COPY] < 0.03
    assert 0.01 < sum(shares[label] for label in BROKEN) < 0.02


def test_only_messages_that_count_have_a_fact(played: list[Sent]) -> None:
    assert all((sent.fact is None) == (sent.label in BROKEN or sent.label is Label.COPY) for sent in played)


def test_late_messages_happened_before_and_none_happens_after_receipt(played: list[Sent]) -> None:
    for sent in played:
        if sent.fact:
            late = sent.fact.received_at - sent.fact.event_time
            assert late >= 0
            assert late >= 1_000 or sent.label is not Label.LATE
            assert late == 0 or sent.label is not Label.AHEAD


def test_copies_repeat_a_message_sent_before(played: list[Sent]) -> None:
    before: set[object] = set()
    for sent in played:
        if sent.label in BROKEN:
            continue
        message = json.loads(sent.value)
        message.pop("receivedAt")
        content = json.dumps(message)
        assert (content in before) == (sent.label is Label.COPY)
        before.add(content)


def test_broken_messages_are_broken_as_labelled(played: list[Sent]) -> None:
    kinds: defaultdict[Label, list[bytes]] = defaultdict(list)
    for sent in played:
        kinds[sent.label].append(sent.value)
    for value in kinds[Label.BROKEN_JSON]:
        with pytest.raises(ValueError, match="line 1"):
            json.loads(value)
    assert not any(isinstance(json.loads(value), dict) for value in kinds[Label.NO_OBJECT])
    assert not any("anonymousId" in json.loads(value) for value in kinds[Label.NO_IDENTIFIER])


def test_topic_and_key_are_those_of_the_strongest_identifier(played: list[Sent]) -> None:
    for sent in played:
        if sent.fact:
            strongest = sent.fact.identifiers[0]
            assert sent.key == strongest.encode()
            assert (sent.topic == "events.interactions") == strongest.startswith(KNOWN)


def test_an_identifier_belongs_to_one_person_only(played: list[Sent]) -> None:
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for sent in played:
        if sent.fact and sent.fact.identifiers[0].startswith("customer_id:"):
            for identifier in sent.fact.identifiers[1:]:
                owners[identifier].add(sent.fact.identifiers[0])
    assert owners
    assert all(len(people) == 1 for people in owners.values())


def test_every_source_and_platform_is_heard(played: list[Sent]) -> None:
    facts = [sent.fact for sent in played if sent.fact]
    sources = {str(fact.source) for fact in facts}
    namespaces = {identifier.partition(":")[0] for fact in facts for identifier in fact.identifiers}
    assert sources == {"web", "app", "pos", "call_center", "chatbot", "email", "ad_server"}
    assert namespaces == {*KNOWN, "device_id", "device_ad_id", "cookie"}
    platforms = {identifier[:14] for fact in facts for identifier in fact.identifiers if "device_id" in identifier}
    assert {"device_id:ios-", "device_id:andr"} <= platforms
    assert {granted for fact in facts for granted in fact.consent.values()} == {True, False}
