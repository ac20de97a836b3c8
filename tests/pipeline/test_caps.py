"""Hard caps of one profile: beyond them nothing attaches, and nothing is lost by it."""
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.tables import Person
from streams.testing import Pipeline
from tests.pipeline.worlds import event, people, run
from tests.strategies import START, histories

Message = dict[str, Any]
PARTITIONS = pytest.mark.parametrize("partitions", [1, 4])
JANE = "customer_id:jane"


def rules(identifiers: int = 500, merges: int = 500, **namespaces: Any) -> Message:
    return {"identity/one": {
        "kind": "identity", "id": "one", "caps": {"identifiers": identifiers, "merges": merges},
        "namespaces": namespaces or {"cookie": {"limit": {"at_most": 100}}}}}


def told(definitions: Message, partitions: int, *messages: Message) -> Pipeline:
    pipeline = Pipeline(definitions, partitions)
    for message in messages:
        pipeline.send(message, message["timestamp"])
    return pipeline


def audit(pipeline: Pipeline) -> list[tuple[str, list[str], str]]:
    return [(line.change, line.identifiers, line.reason) for line in pipeline.identity]


@PARTITIONS
def test_at_the_cap_of_identifiers_a_cookie_is_refused_and_its_events_are_its_own(partitions: int) -> None:
    pipeline = told(
        rules(identifiers=3), partitions, *(event(n, userId="jane", anonymousId=f"c{n}") for n in range(1, 5)),
        event(5, anonymousId="c3"), event(6, anonymousId="c4"))
    assert people(pipeline) == {
        frozenset({JANE, "cookie:c1", "cookie:c2"}): ["m1", "m2", "m3", "m4"],
        frozenset({"cookie:c3"}): ["m5"], frozenset({"cookie:c4"}): ["m6"]}
    refused = [line for line in audit(pipeline) if line[0] == "refused"]
    assert refused == [("refused", [f"cookie:c{n}"], "cap of identifiers") for n in (3, 4)]


@PARTITIONS
def test_at_the_cap_of_merges_neither_a_profile_nor_an_identifier_is_taken_in(partitions: int) -> None:
    hits = [event(n, anonymousId=f"c{n}") for n in (1, 2, 3)]
    logins = [event(10 + n, userId="jane", anonymousId=f"c{n}") for n in (1, 2, 3, 4)]
    pipeline = told(rules(merges=1), partitions, event(0, userId="jane"), *hits, *logins)
    assert people(pipeline) == {
        frozenset({JANE, "cookie:c1"}): ["m0", "m1", "m11", "m12", "m13", "m14"],
        frozenset({"cookie:c2"}): ["m2"], frozenset({"cookie:c3"}): ["m3"]}
    assert [line[2] for line in audit(pipeline) if line[0] == "refused"] == ["cap of merges"] * 3


@PARTITIONS
def test_two_people_whose_sum_is_over_the_cap_stay_two_and_each_goes_on_growing(partitions: int) -> None:
    definitions = rules(identifiers=4, email={"limit": {"at_most": 5}}, cookie={"on_conflict": "keep"})
    mail = {"context": {"traits": {"email": "jane@example.com"}}}
    pipeline = told(
        definitions, partitions, event(1, userId="jane", anonymousId="c1"), event(2, anonymousId="c2", **mail),
        event(3, anonymousId="c3", **mail), event(4, userId="jane", **mail), event(5, userId="jane", anonymousId="c4"))
    assert set(people(pipeline)) == {
        frozenset({JANE, "cookie:c1", "cookie:c4"}),
        frozenset({"email:jane@example.com", "cookie:c2", "cookie:c3"})}
    assert audit(pipeline)[-2] == ("refused", ["email:jane@example.com"], "cap of identifiers")


@PARTITIONS
@pytest.mark.parametrize(("cap", "joined"), [(4, 1), (3, 2)])
def test_the_merges_of_both_and_their_own_count_when_two_people_would_be_one(
    cap: int, joined: int, partitions: int,
) -> None:
    mail = {"context": {"traits": {"email": "jane@example.com"}}}
    pipeline = told(
        rules(merges=cap), partitions, event(1, userId="jane"), event(2, anonymousId="c1"), event(3, anonymousId="c2"),
        event(4, userId="jane", anonymousId="c1"), event(5, userId="jane", anonymousId="c2"),
        event(6, **mail), event(7, anonymousId="c3"), event(8, anonymousId="c3", **mail), event(9, userId="jane", **mail))
    assert len(people(pipeline)) == joined
    refused = [line for line in audit(pipeline) if line[0] == "refused"]
    assert refused == [("refused", ["email:jane@example.com"], "cap of merges")] * (joined - 1)


@PARTITIONS
def test_what_a_person_had_counts_and_may_come_back(partitions: int) -> None:
    shared = event(9, userId="john", anonymousId="c2")
    pipeline = told(
        rules(identifiers=3), partitions, event(1, userId="jane", anonymousId="c1"),
        event(2, userId="jane", anonymousId="c2"), shared,
        event(10, userId="jane", anonymousId="c9"), event(11, userId="jane", anonymousId="c2"))
    assert [line for line in audit(pipeline) if line[0] in ("moved", "refused")] == [
        ("moved", ["cookie:c2"], ""), ("refused", ["cookie:c9"], "cap of identifiers"),
        ("moved", ["cookie:c2"], "")]
    assert set(people(pipeline)) == {frozenset({JANE, "cookie:c1", "cookie:c2"}), frozenset({"customer_id:john"})}


@PARTITIONS
def test_a_shared_device_moves_to_nobody_who_may_not_grow(partitions: int) -> None:
    pipeline = told(
        rules(identifiers=2), partitions, event(1, userId="jane", anonymousId="c1"),
        event(2, userId="john", anonymousId="c2"), event(3, userId="jane", anonymousId="c2"), event(4, anonymousId="c2"))
    assert audit(pipeline)[-1] == ("refused", ["cookie:c2"], "cap of identifiers")
    assert people(pipeline) == {
        frozenset({JANE, "cookie:c1"}): ["m1", "m3"], frozenset({"customer_id:john", "cookie:c2"}): ["m2", "m4"]}


def test_a_single_event_cannot_bring_more_than_the_cap() -> None:
    many = {"context": {"externalIds": [{"type": f"kind{n}", "id": "x"} for n in range(90)]}}
    (who,) = people(told(rules(identifiers=50), 4, event(1, userId="jane", **many)))
    assert len(who) == 50


def test_refusals_by_a_cap_are_counted_apart() -> None:
    pipeline = told(rules(identifiers=2), 1, event(1, userId="jane", anonymousId="c1"))
    counted: dict[str, int] = {}
    task = pipeline.tasks[0]
    step = task.run
    task.run = lambda *args: (outcome := step(*args), counted.update(outcome.decisions))[0]  # type: ignore[method-assign]
    pipeline.send(event(2, userId="jane", anonymousId="c2"), START + 2)
    assert counted == {"capped": 1}


@settings(max_examples=100, deadline=None)
@given(histories(aliases=True), st.sampled_from((1, 4)))
def test_no_profile_ever_grows_over_a_cap_and_no_event_is_lost(history: list[Message], partitions: int) -> None:
    pipeline = run(Pipeline(rules(identifiers=3, merges=1), partitions), history)
    persons = [
        row for task, store in zip(pipeline.tasks, pipeline.stores, strict=True) for key in store.keys("identities")
        if key[:1] == b"p" and isinstance(row := task.state.persons.get(key[1:].decode()), Person)]
    assert all(len({*row.identifiers, *row.former}) <= 3 and row.merges <= 1 for row in persons)
    free = run(Pipeline(partitions=partitions), history)
    assert sum(map(len, people(pipeline).values())) == sum(map(len, people(free).values()))


@PARTITIONS
def test_a_row_that_allows_more_than_the_usual_cap_is_not_capped(partitions: int) -> None:
    """600 browsers that were visitors of their own before: `at_most` says so, and no cap was stated."""
    wide = {"identity/one": {"kind": "identity", "id": "one", "namespaces": {"cookie": {"limit": {"at_most": 600}}}}}
    messages = [event(n, anonymousId=f"c{n % 600}", **({"userId": "jane"} if n >= 600 else {})) for n in range(1200)]
    pipeline = told(wide, partitions, *messages)
    (who, events), = people(pipeline).items()
    assert len(who) == 601 and len(events) == 1200
