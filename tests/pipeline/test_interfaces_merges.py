"""INTERFACES section 3, last point: membership after a merge is that of the union; who says what, with which cause."""
from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.pipeline.tables import backtest, said

Message = dict[str, object]


def seg(name: str, rule: str) -> str:
    return f"---\nkind: segment\nid: {name}\nrule: {{{rule}}}\n"


ONE = said("A", "10:00") | {"anonymousId": "c1"}
OTHER = said("A", "10:10") | {"anonymousId": "c2"}
KNOWN = said("B", "10:20") | {"userId": "u"}
"""Known, and younger than the cookies: it survives all the same."""


def joined(*names: dict[str, str], time: str = "11:00") -> Message:
    """An event that is none to the rules, naming several."""
    return {**said("Login", time), **{key: value for name in names for key, value in name.items()}}


C1_U, C2_U = joined({"anonymousId": "c1", "userId": "u"}), joined({"anonymousId": "c2", "userId": "u"}, time="12:00")


class Merge(NamedTuple):
    """The lines of the survivor, as (time, change, cause), and how many lines the absorbed have."""

    rule: str
    messages: list[Message]
    survivor: str
    lines: list[tuple[str, str, str]]
    absorbed: int = 0


MERGES = {
    "in through the absorbed": Merge(
        "performed: {event: A}", [ONE, KNOWN, C1_U], "customer_id:u", [("11:00", "entered", "merge")], 1),
    "in through both": Merge(
        "performed: {event: A}", [ONE, said("A", "10:20") | {"userId": "u"}, C1_U], "customer_id:u",
        [("10:20", "entered", "event")], 1),
    "in by the union only": Merge(
        "performed: {event: A, at_least: 2}", [ONE, said("A", "10:20") | {"userId": "u"}, C1_U], "customer_id:u",
        [("11:00", "entered", "merge")]),
    "in alone, out by the union": Merge(
        "performed: {event: A, exactly: 1}", [ONE, said("A", "10:20") | {"userId": "u"}, C1_U], "customer_id:u",
        [("10:20", "entered", "event"), ("11:00", "exited", "merge")], 1),
    "absence ends": Merge(
        "not: {performed: {event: A}}", [ONE, KNOWN, C1_U], "customer_id:u",
        [("10:20", "entered", "event"), ("11:00", "exited", "merge")]),
    "a sequence over two devices": Merge(
        "sequence: {steps: [{event: A}, {event: B}]}", [ONE, KNOWN, C1_U], "customer_id:u", [("11:00", "entered", "merge")]),
    "then it ends by time": Merge(
        "performed: {event: A, within: 2h}", [ONE, KNOWN, C1_U], "customer_id:u",
        [("11:00", "entered", "merge"), ("12:00", "exited", "time")], 1),
    "an identifier that is new is an event's doing": Merge(
        "identifier: {namespace: cookie}", [KNOWN, C1_U], "customer_id:u", [("11:00", "entered", "event")]),
    "three": Merge(
        "performed: {event: A, at_least: 2}", [ONE, OTHER, KNOWN, C1_U, C2_U], "customer_id:u",
        [("12:00", "entered", "merge")]),
    "two anonymous ones, the older survives": Merge(
        "performed: {event: A, at_least: 2}",
        [said("A", "10:00") | {"anonymousId": "c1", "context": {"device": {"id": "d1"}}},
         said("A", "10:10") | {"anonymousId": "c2"},
         joined({"anonymousId": "c2"}, time="11:00") | {"context": {"device": {"id": "d1"}}}],
        "cookie:c1", [("11:00", "entered", "merge")]),
}


@pytest.mark.parametrize("name", MERGES)
def test_the_survivor_says_the_difference_and_the_others_lines_end(name: str, tmp_path: Path) -> None:
    case = MERGES[name]
    messages = [{"messageId": f"m{number}", **message} for number, message in enumerate(case.messages)]
    run = backtest(tmp_path, messages, seg("s", case.rule))
    survivor = run.profile(case.survivor)["profile_id"]
    lines = [(each["at"][11:16], each["change"], each["cause"])
             for each in run.memberships if each["profile_id"] == survivor]
    assert lines == case.lines
    assert len(run.memberships) - len(lines) == case.absorbed
    assert ("s" in run.profile(case.survivor)["segments"]) is (bool(lines) and lines[-1][1] == "entered")
    assert all(each["because"] for each in run.memberships)


def test_lines_name_the_identifiers_of_that_instant(tmp_path: Path) -> None:
    messages = [{"messageId": f"m{number}", **message} for number, message in enumerate([KNOWN, C1_U, C2_U])]
    run = backtest(tmp_path, messages, seg("first", "performed: {event: B}")
                   + seg("hour", "performed: {event: B, within: 1h}")
                   + seg("two", "performed: {event: Login, at_least: 2}"))
    assert [(each["segment"], each["change"], each["identifiers"]) for each in run.memberships] == [
        ("first", "entered", ["customer_id:u"]), ("hour", "entered", ["customer_id:u"]),
        ("hour", "exited", ["cookie:c1", "customer_id:u"]), ("two", "entered", ["cookie:c1", "cookie:c2", "customer_id:u"])]


BECAUSE = {
    "the event that decided": ("performed: {event: A}", [ONE], "performed A [message m0]"),
    "which of several": ("any: [{performed: {event: A}}, {performed: {event: B}}]", [ONE], "performed A [message m0]"),
}


@pytest.mark.parametrize("name", BECAUSE)
def test_because_names_what_decided(name: str, tmp_path: Path) -> None:
    rule, messages, wanted = BECAUSE[name]
    run = backtest(tmp_path, [{"messageId": f"m{n}", **m} for n, m in enumerate(messages)], seg("s", rule))
    assert [each["because"] for each in run.memberships] == [wanted]
