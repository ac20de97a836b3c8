"""The audit log of a real pipeline, read back for one identifier."""
from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from streams.cli.lineages import as_json, as_text
from streams.core.lineage import Lineage, trace
from streams.core.outputs import IdentityChanged
from streams.testing import Pipeline
from streams.web.lineage_svg import as_svg
from tests.pipeline.worlds import START, event

JANE, JOHN, TABLET, MAIL = "customer_id:jane", "customer_id:john", "cookie:tablet", "email:jane@example.com"
MAILED = {"context": {"traits": {"email": "jane@example.com"}}}


def told(*messages: dict[str, Any], split: tuple[str, ...] = ()) -> Pipeline:
    pipeline = Pipeline(partitions=4)
    for message in messages:
        pipeline.send(message, message["timestamp"])
    if split:
        pipeline.split(*split)
    return pipeline


def lineage(identifier: str, pipeline: Pipeline) -> Lineage:
    found = trace(reversed(pipeline.identity), identifier)
    assert found is not None
    return found


def owner_of(pipeline: Pipeline, identifier: str) -> str:
    found = pipeline.profile(identifier)
    assert found is not None
    return str(found["profile_id"])


SHARED = (event(1, anonymousId="tablet"), event(2, anonymousId="tablet", userId="jane"), event(3, anonymousId="phone"),
          event(4, anonymousId="phone", **MAILED), event(5, userId="jane", **MAILED),
          event(6, anonymousId="tablet", userId="john"))


def test_every_decision_is_told_with_the_event_that_caused_it() -> None:
    pipeline = told(*SHARED)
    found = lineage(TABLET, pipeline)
    assert found.profile_id == owner_of(pipeline, TABLET) == owner_of(pipeline, JOHN)
    assert [(line.change, line.event_id, line.identifiers) for line in found.changes] == [
        ("attached", "m2", [JANE]), ("attached", "m4", [MAIL]), ("merged", "m5", ["cookie:phone", MAIL]),
        ("attached", "m6", [JOHN]), ("moved", "m6", [TABLET])]
    assert [(link.one, link.other, link.event_id, link.is_cut) for link in found.links] == [
        (TABLET, JANE, "m2", True), ("cookie:phone", MAIL, "m4", False), (JANE, MAIL, "m5", False),
        (JOHN, TABLET, "m6", False)]
    assert found.changes[-1].since == START + 6


@pytest.mark.parametrize("identifier", [JANE, MAIL, TABLET, JOHN, "cookie:phone"])
def test_the_owners_are_the_pipelines_own_profiles(identifier: str) -> None:
    pipeline = told(*SHARED)
    for owner in lineage(identifier, pipeline).owners:
        assert {owner_of(pipeline, each) for each in owner.identifiers} == {owner.profile_id}
    assert lineage(identifier, pipeline).owners[0].profile_id == owner_of(pipeline, identifier)


def test_what_the_erased_had_is_nobodys() -> None:
    pipeline = told(*SHARED)
    pipeline.erase(JANE)
    for identifier in (JANE, MAIL, "cookie:phone"):
        assert lineage(identifier, pipeline).profile_id is None
    assert {each for owner in lineage(TABLET, pipeline).owners for each in owner.identifiers} == {TABLET, JOHN}


def test_a_move_of_the_past_changes_no_present_owner() -> None:
    late = event(9, anonymousId="tablet", userId="ann")
    pipeline = told(*SHARED[:2], event(20, anonymousId="tablet", userId="john"), {**late, "receivedAt": START + 30})
    found = lineage(TABLET, pipeline)
    assert (found.changes[-1].since, found.changes[-1].until) == (START + 9, START + 20)
    assert found.profile_id == owner_of(pipeline, TABLET) == owner_of(pipeline, JOHN)
    assert f"to 2026-01-01T00:00:00.{20:03}Z" in as_text(found)


def test_a_split_cuts_the_links_that_joined_them() -> None:
    pipeline = told(*SHARED[:2], split=(JANE, TABLET))
    found = lineage(TABLET, pipeline)
    assert [line.change for line in found.changes] == ["attached", "split"]
    assert found.profile_id == owner_of(pipeline, TABLET) != owner_of(pipeline, JANE)
    assert [link.is_cut for link in found.links] == [True]
    assert f"    {TABLET} ┄ {JANE}  #1 attached by message m2" in as_text(found).splitlines()


def test_a_refusal_tells_its_reason_and_nothing_else_of_whoever_was_refused() -> None:
    mailed = {"context": {"traits": {"email": "jane@example.com"}}}
    pipeline = told(event(1, userId="jane", **mailed), event(2, userId="john", anonymousId="own"),
                    event(3, userId="john", **mailed))
    found = lineage(MAIL, pipeline)
    assert [(line.change, line.event_id) for line in found.changes] == [("attached", "m1"), ("refused", "m3")]
    assert found.profile_id == owner_of(pipeline, JANE)
    assert "it stays" in as_text(found) and "limit of the profile" in as_text(found)


def test_the_graph_is_a_tree_from_each_profiles_first_identifier() -> None:
    text = as_text(lineage(MAIL, told(*SHARED[:5])))
    graph = text.partition("graph\n")[2].splitlines()[1:]
    assert graph == [
        f"    {TABLET}", f"    └─ {JANE}  #1 attached by message m2", f"       └─ {MAIL}  #3 merged by message m5",
        "          └─ cookie:phone  #2 attached by message m4"]


def test_two_hundred_cookies_are_one_tree_and_one_picture() -> None:
    wide = {"identity/wide": {"kind": "identity", "id": "wide", "namespaces": {"cookie": {"limit": {"at_most": 500}}}}}
    pipeline = Pipeline(wide)
    for number in range(200):
        pipeline.send(event(number, userId="jane", anonymousId=f"c{number}"), START + number)
    found = lineage("cookie:c7", pipeline)
    assert len(found.owners[0].identifiers) == 201
    assert sum("─ cookie:" in line for line in as_text(found).splitlines()) == 200
    picture = ElementTree.fromstring(as_svg(found))
    assert len(picture.findall("{*}path")) == 200
    names = [float(text.get("y", 0)) for text in picture.findall("{*}text") if text.get("class") in ("identifier", "self")]
    assert len(set(names)) == 201


def test_the_picture_escapes_what_outsiders_wrote_and_names_everybody() -> None:
    evil = 'c"><script>alert(1)</script>&'
    found = lineage(JANE, told(event(1, userId="jane", anonymousId=evil)))
    svg = as_svg(found)
    assert "<script>" not in svg
    assert f"cookie:{evil}" in [text.text for text in ElementTree.fromstring(svg).findall("{*}text")]
    assert as_json(found)["links"][0]["other"] == f"cookie:{evil}"


@pytest.mark.parametrize(("change", "given", "text"), [
    ("attached", {"evidence": [JANE, TABLET]}, "cookie:tablet to 11111111; message m1; on customer_id:jane, cookie:tablet"),
    ("merged", {}, "22222222 (cookie:tablet) into 11111111; message m1"),
    ("moved", {"since": 0, "event_id": ""},
     "cookie:tablet from 22222222 to 11111111, its events from 1970-01-01T00:00:00.000Z on"),
    ("refused", {"reason": "limit"}, "cookie:tablet to 11111111, it stays 22222222's; limit; message m1"),
    ("refused", {"other_profile_id": None}, "cookie:tablet to 11111111, it stays nobody's; message m1"),
    ("split", {"event_id": ""}, "cookie:tablet off 11111111, now 22222222"),
    ("erased", {"event_id": "", "identifiers": []}, "all of 11111111"),
])
def test_each_decision_is_a_sentence(change: str, given: dict[str, Any], text: str) -> None:
    line = IdentityChanged(**{
        "at": START, "change": change, "profile_id": "1" * 32, "other_profile_id": "2" * 32, "identifiers": [TABLET],
        "event_id": "m1", "reason": "", "decision": 7} | given)
    found = Lineage(identifier=TABLET, profile_id=None, changes=(line,), owners=(), links=())
    assert as_text(found).splitlines() == [
        "cookie:tablet is nobody's now", "decisions", f"  #7     2026-01-01T00:00:00.000Z  {change:<9}{text}", "graph"]


def test_of_an_identifier_that_was_always_alone_there_is_nothing_to_tell() -> None:
    assert trace(told(*SHARED, event(7, anonymousId="alone")).identity, "cookie:alone") is None
