"""What `audience deliver` runs, and what it refuses to."""
from __future__ import annotations

from typing import Any

import pytest

from connectors.delivery.hashing import Hashed
from streams.cli.deliver import roster_of
from streams.runtime.beside.destinations import Roster


def document(name: str, connector: str = "http", **settings: Any) -> dict[str, Any]:
    return {f"destination/{name}": {
        "kind": "destination", "id": name, "channel": "email", "connector": connector, "settings": settings}}


def test_runs_all_destinations_at_the_pace_of_their_settings() -> None:
    documents = document("hook", url="https://example.com/", per_second=5) | document(
        "mail", "smtp", host="mail", sender="a@example.com")
    found = roster_of(documents, None, {}).running
    assert {name: (each.limits.per_second, each.limits.burst) for name, each in found.items()} == {
        "hook": (5, 5), "mail": (0, 1000)}
    assert list(roster_of(documents, ["mail"], {}).running) == ["mail"]


def test_what_is_wrong_with_one_destination_is_said_of_it_and_the_others_run() -> None:
    documents = document("hook", url="x", per_second=-1) | document("ads", "carrier-pigeon") | document(
        "mail", "smtp", host="mail", sender="a@b")
    roster = roster_of(documents, None, {})
    assert list(roster.running) == ["mail"] and set(roster.faults) == {"hook", "ads"}
    assert "hook: settings.per_second" in roster.faults["hook"][0] and "hook: settings.url" in roster.faults["hook"][1]
    assert "ads: connector: expected one of http, " in roster.faults["ads"][0]


def test_says_which_destinations_there_are() -> None:
    documents = document("hook", url="https://example.com/")
    [fault] = roster_of(documents, ["hok"], {}).faults["hok"]
    assert "no destination hok; expected one of hook; did you mean hook?" in fault
    assert roster_of({}, None, {}) == Roster(running={})


def test_a_destination_is_another_only_when_its_definition_is() -> None:
    first, again = (roster_of(document("hook", url="https://example.com/"), None, {}) for _ in range(2))
    assert first == again and first != roster_of(document("hook", url="https://example.com/2"), None, {})


def test_hashing_goes_around_the_connector_and_is_refused_where_the_address_is_needed() -> None:
    hook = document("hook", url="https://example.com/")
    hook["destination/hook"]["hashing"] = "sha256"
    assert isinstance(roster_of(hook, None, {}).running["hook"].connector, Hashed)
    mail = document("mail", "smtp", host="mail", sender="a@b")
    mail["destination/mail"]["hashing"] = "sha256"
    assert "mail: hashing: expected none" in roster_of(mail, None, {}).faults["mail"][0]


@pytest.mark.parametrize(("connector", "settings"), [("uid2", {}), ("ad-manager-ppid", {"lists": {"cart": 1}})])
def test_lists_with_a_platforms_own_hashing_refuse_another(connector: str, settings: dict[str, Any]) -> None:
    lists = document("lists", connector, folder="exports", **settings)
    assert list(roster_of(lists, None, {}).running) == ["lists"]
    lists["destination/lists"]["hashing"] = "sha256"
    assert "lists: hashing: expected none" in roster_of(lists, None, {}).faults["lists"][0]


def test_files_may_be_told_digests() -> None:
    lake = document("lake", "file", folder="exports", format="csv")
    lake["destination/lake"]["hashing"] = "sha256"
    assert isinstance(roster_of(lake, None, {}).running["lake"].connector, Hashed)


def test_destinations_that_count_calls_are_left_alone_between_two_of_them() -> None:
    meta = {"audiences": {"cart": 1}, "token": {"env": "TOKEN"}}
    documents = document("meta", "meta-custom-audience", **meta) | document(
        "other", "meta-custom-audience", apart=0.5, **meta)
    found = roster_of(documents, None, {"TOKEN": "t"}).running
    assert {name: each.limits.apart for name, each in found.items()} == {"meta": 2_000, "other": 500}
    wrong = roster_of(document("meta", "meta-custom-audience", apart="2s", **meta), None, {"TOKEN": "t"})
    assert "meta: settings.apart" in wrong.faults["meta"][0]
