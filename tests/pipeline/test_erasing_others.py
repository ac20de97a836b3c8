"""Erasure and the rows of other people: their events stay events, their numbers numbers, who comes back whole."""
from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace
from typing import Any

import pytest

from streams.core.messages import Adopt
from streams.core.profile import Fragment, Profile
from streams.core.redaction import Redaction
from streams.core.tables import UNDER_WAY
from streams.task import redactions, working
from streams.task.reading import Reader
from streams.task.turns import Turn
from streams.testing import Pipeline
from tests.pipeline.erased import DAY, STATED, found_in, kept
from tests.pipeline.worlds import people

START = 10**12
BUYERS: dict[str, Any] = {"segment/buyers": {"kind": "segment", "id": "buyers", "rule": {
    "performed": {"event": "Purchase", "within": "90d"}}}}
SUMS: dict[str, Any] = {"segment/large": {"kind": "segment", "id": "large", "rule": {"aggregate": {
    "function": "sum", "event": "Order", "property": "cents", "gte": 5, "within": "90d"}}}}


def send(pipeline: Pipeline, message_id: str, **fields: Any) -> None:
    pipeline.send({"messageId": message_id, "timestamp": pipeline.now, **fields})
    pipeline.advance(by=1_000)


@pytest.mark.parametrize("value", ["screen", "identify", "Purchase", "x1"])
def test_a_value_that_is_also_a_word_of_the_format_renames_nobodys_events(value: str) -> None:
    pipeline = Pipeline({}, start=START)
    send(pipeline, "m1", userId=value, type="identify", traits={})
    send(pipeline, "x1", userId="bob-1", type="track", event="Purchase", properties={"by": f"customer_id:{value}"})
    send(pipeline, "x2", userId="bob-1", type="screen", name=value)
    pipeline.erase(f"customer_id:{value}")
    send(pipeline, "x3", userId=value, anonymousId="c-2", type="screen", name="n")
    pipeline.advance(by=STATED)
    pipeline.apply(BUYERS)
    pipeline.advance(by=1_000)
    assert pipeline.members("buyers") == {"customer_id:bob-1"}
    assert people(pipeline) == {frozenset({"customer_id:bob-1"}): ["x1", "x2"], frozenset({"cookie:c-2"}): ["x3"]}


def test_an_event_that_cannot_be_read_again_keeps_its_kind_name_and_time() -> None:
    pipeline = Pipeline({}, start=START)
    send(pipeline, "m1", userId="bob-1", anonymousId="c", type="track", event="Purchase", properties={"n": 1})
    task = pipeline.tasks[0]
    event = task.context.reread(task.state.timeline.entries("customer_id:bob-1")[0])
    for raw in (b"{", b"[]", b'{"type":"nothing"}', b'{"type":"track","event":"x","timestamp":"never"}'):
        left = task.context.redact(replace(event, raw=raw), ("cookie:c",))
        assert (left.kind, left.name, left.event_time, left.message_id) == ("track", "Purchase", event.event_time, "m1")
        assert left.identifiers == ("customer_id:bob-1",)


def test_numbers_that_look_like_an_erased_customer_stay() -> None:
    pipeline = Pipeline(SUMS, start=START)
    send(pipeline, "m1", userId="123456", type="identify", traits={})
    send(pipeline, "x1", userId="bob-1", type="track", event="Order", properties={"cents": 123456, "note": "C:\\bob"})
    pipeline.erase("customer_id:123456")
    pipeline.advance(by=STATED)
    assert pipeline.members("large") == {"customer_id:bob-1"}
    send(pipeline, "x2", userId="bob-1", type="track", event="Order", properties={"cents": 10})
    (profile,) = pipeline.profiles()
    (fragment,) = profile.fragments.values()
    assert [rows[-1] for rows in fragment.leaves.values()] == [[123456, 10]]


@pytest.mark.parametrize("partitions", [1, 4])
def test_a_cookie_with_an_erased_customers_number_that_somebody_else_has_keeps_its_name(partitions: int) -> None:
    pipeline = Pipeline({}, partitions, start=START)
    send(pipeline, "m1", userId="jane-777", type="identify", traits={})
    send(pipeline, "m2", userId="ann-1", anonymousId="jane-777", type="identify", traits={})
    send(pipeline, "m3", userId="bob-1", type="identify", traits={"lent": "cookie:jane-777"})
    pipeline.erase("customer_id:jane-777")
    pipeline.advance(by=STATED)
    (bob,) = (each for each in pipeline.profiles() if each.key == "customer_id:bob-1")
    assert bob.fragments[bob.key].traits["lent"][0] == "cookie:jane-777"


def test_all_who_are_erased_are_searched_for_though_they_are_more_than_the_rows_that_stay_at_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(working, "CAPACITY", 4)
    monkeypatch.setattr(redactions, "MOST", 1)
    pipeline, friends = Pipeline({}, partitions=1, start=START), [f"friend-{number}@example.org" for number in range(10)]
    send(pipeline, "m1", userId="bob-1", type="identify", traits={"friends": friends})
    for friend in friends:
        pipeline.erase(f"email:{friend}")
    pipeline.advance(by=STATED)
    (profile,) = pipeline.profiles()
    assert [friend for friend in friends if friend in str(profile)] == []


def test_what_was_said_before_others_spoke_is_searched_too() -> None:
    """The web's word on Bob's friend was superseded by the CRM's."""
    pipeline = Pipeline({"identity/i": {"kind": "identity", "id": "i", "traits": {"sources": ["crm", "web"]}}}, start=START)
    for number, (who, source, traits) in enumerate((
            ("jane-777", "web", {"email": "jane@example.org"}), ("bob-1", "web", {"friend": "jane@example.org"}),
            ("bob-1", "crm", {"friend": "nobody"}))):
        send(pipeline, f"m{number}", userId=who, type="identify", traits=traits, context={"source": {"type": source}})
    (bob,) = (each for each in pipeline.profiles() if each.key == "customer_id:bob-1")
    assert bob.fragments[bob.key].superseded["friend"]["web"][0] == "jane@example.org"
    pipeline.erase("customer_id:jane-777")
    pipeline.advance(by=STATED)
    assert found_in(kept(pipeline), ["jane@example.org"]) == []
    (bob,) = pipeline.profiles()
    assert bob.fragments[bob.key].superseded["friend"]["web"][0].startswith("erased-")


def test_every_field_of_a_row_is_searched_or_said_to_stay() -> None:
    for kind in (Profile, Fragment):
        names = {each.name for each in fields(kind)}
        assert names <= redactions.SAID | redactions.NAMED | redactions.KEPT, names
    assert not redactions.SAID & redactions.NAMED and not (redactions.SAID | redactions.NAMED) & redactions.KEPT


def test_who_comes_back_while_they_are_watched_for_merges_and_splits_as_anybody() -> None:
    pipeline = Pipeline({}, start=START)
    mail = {"email": "jane@example.org"}
    send(pipeline, "m1", userId="jane-777", type="identify", traits=mail)
    pipeline.erase("customer_id:jane-777")
    pipeline.advance(by=7 * DAY + 1_000)
    pipeline.request("unsuppress", "customer_id:jane-777")
    pipeline.request("unsuppress", "email:jane@example.org")
    send(pipeline, "m2", userId="jane-777", type="track", event="A1")
    send(pipeline, "m3", type="identify", traits=mail | {"tier": "gold"})
    send(pipeline, "m4", userId="jane-777", type="identify", traits=mail)
    pipeline.advance(by=2 * DAY)
    (jane,) = pipeline.profiles()
    assert {key: (f.events, f.traits["email"][0] if f.traits else None) for key, f in jane.fragments.items()} == {
        "customer_id:jane-777": (2, "jane@example.org"), "email:jane@example.org": (1, "jane@example.org")}
    assert set(jane.fragments["customer_id:jane-777"].identifiers) == {"customer_id:jane-777", "email:jane@example.org"}
    said = [e.raw for task in pipeline.tasks for e in task.state.timeline.entries(jane.key) if e.fragment[:6] == "email:"]
    assert len(said) == 1 and b'"jane@example.org"' in said[0]
    pipeline.split("customer_id:jane-777", "email:jane@example.org")
    assert people(pipeline) == {frozenset({"customer_id:jane-777"}): ["m2", "m4"],
                                frozenset({"email:jane@example.org"}): ["m3"]}


def test_more_than_a_walk_takes_wait_for_the_next_one_and_all_go(monkeypatch: pytest.MonkeyPatch) -> None:
    built = list[int]()
    redaction = Reader.redaction

    def counting(self: Reader, identifiers: Collection[str]) -> Redaction:
        built.append(len(identifiers))
        return redaction(self, identifiers)

    monkeypatch.setattr(redactions, "MOST", 3)
    monkeypatch.setattr(redactions, "ROWS_A_SLICE", 2)
    pipeline = Pipeline({}, 1, start=START)
    values = [f"friend-{number}@example.org" for number in range(7)]
    for number, value in enumerate(values):
        send(pipeline, f"f{number}", type="identify", traits={"email": value})
        send(pipeline, f"m{number}", userId=f"bob-{number}", type="identify", traits={"friend": value})
    for value in values:
        pipeline.erase(f"email:{value}")
    monkeypatch.setattr(Reader, "redaction", counting)
    pipeline.advance(by=STATED)
    assert found_in(kept(pipeline), values) == []
    assert built == [3, 3, 1]


def test_what_is_asked_while_a_walk_carries_it_stays_watched_for() -> None:
    """A timer that is due while the walk has not passed everything does not end the watch."""
    pipeline = Pipeline({}, start=START)
    send(pipeline, "m1", userId="bob-1", type="identify", traits={"friend": "jane@example.org"})
    task = pipeline.tasks[0]
    walk = redactions.Redactions(pipeline.stores[0], task.state, task._reader)
    walk.ask("email:jane@example.org", pipeline.now)
    walk.slice(Turn(context=task.context, now=pipeline.now, until=pipeline.now, follow=lambda sends: None))
    due = pipeline.now + DAY
    walk.end("email:jane@example.org", due)
    assert [key for key, _ in walk._asked()] == ["asked/email:jane@example.org"] and walk.is_pending()
    walk.slice(Turn(context=task.context, now=pipeline.now, until=pipeline.now, follow=lambda sends: None))
    walk.end("email:jane@example.org", due + DAY)
    assert walk._asked() == [] and not walk.is_pending()


@pytest.mark.parametrize(("after", "is_theirs"), [(0, False), (1, True)])
def test_what_names_an_identifier_after_its_erasure_is_of_who_came_back(after: int, is_theirs: bool) -> None:
    pipeline = Pipeline({}, 1, start=START)
    send(pipeline, "m1", userId="bob-1", type="identify", traits={"email": "jane@example.org"})
    task, mail = pipeline.tasks[0], "email:jane@example.org"
    walk = redactions.Redactions(pipeline.stores[0], task.state, task._reader)
    walk.ask(mail, START + UNDER_WAY)
    (entry,) = task.state.timeline.entries("customer_id:bob-1")
    fragment = Fragment("customer_id:bob-1", identifiers={"customer_id:bob-1": [START, START, "", START],
                                                          mail: [START, START + after, "", START]})
    given = walk.come(Adopt("customer_id:ann", "customer_id:bob-1", [fragment], [entry._replace(
        event_time=START + after)], None))
    assert (mail in given.fragments[0].identifiers, mail in given.entries[0].identifiers) == (is_theirs, is_theirs)
    assert (b"jane@example.org" in given.entries[0].raw) == is_theirs
    assert given.fragments[0].identifier == "customer_id:bob-1"


def test_a_chunk_that_the_same_unit_writes_is_not_passed() -> None:
    """A timer let go of the oldest events of a chunk just before the slice that came to it."""
    pipeline = Pipeline({}, 1, start=START)
    send(pipeline, "m1", userId="bob-1", type="identify", traits={"friend": "jane@example.org"})
    send(pipeline, "m2", userId="bob-1", type="identify", traits={"friend": "jane@example.org"})
    task, store = pipeline.tasks[0], pipeline.stores[0]
    walk = redactions.Redactions(store, task.state, task._reader)
    walk.ask("email:jane@example.org", pipeline.now)
    entries = task.state.timeline.entries("customer_id:bob-1")
    task.state.timeline.replace("customer_id:bob-1", entries[1:])
    walk.slice(Turn(context=task.context, now=pipeline.now, until=pipeline.now, follow=lambda sends: None))
    store.write(task.state.changes() + walk.changes())
    while walk.is_pending():
        walk.slice(Turn(context=task.context, now=pipeline.now, until=pipeline.now, follow=lambda sends: None))
        store.write(task.state.changes() + walk.changes())
    assert not [row for row in found_in(kept(pipeline), ["jane@example.org"]) if row[0] == "timeline"]
    assert len(task.state.timeline.entries("customer_id:bob-1")) == 1


@pytest.mark.parametrize("partitions", [1, 4])
def test_a_tablet_stays_on_the_list_when_who_had_it_before_is_erased_too(partitions: int) -> None:
    pipeline = Pipeline({}, partitions, start=START)
    for number, who in enumerate(("jane-777", "john-888")):
        send(pipeline, f"m{number}", userId=who, anonymousId="tablet-5", type="track", event="A")
    pipeline.erase("customer_id:john-888")
    pipeline.erase("customer_id:jane-777")
    for number, at in enumerate((START, START + 1_500, pipeline.now)):
        pipeline.send({"type": "track", "event": "A", "messageId": f"x{number}", "anonymousId": "tablet-5", "timestamp": at})
    assert pipeline.profiles() == [] and len(pipeline.rejected) == 3
