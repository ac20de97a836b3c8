"""Several sentences of INTERFACES section 3 in one rule: the changes are derived from the text, by hand."""
from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from streams.core.values import Json
from tests.pipeline.tables import Case, Message, backtest, iso, known, outcomes, said, write


def due(time: str, at: str, **properties: Json) -> Message:
    return said("A", time, due=iso(at), **properties)


def by(cookie: str, message: Message, *, user: bool = False) -> Message:
    """Said by a cookie of its own; `user`: and by the person of the case, which joins them."""
    return message | {"anonymousId": cookie} | ({} if user else {"userId": None})


AB = "steps: [{event: A}, {event: B}]"
TOGETHER = {
    "a count of what is near now, in a window": Case(
        "performed: {event: A, within: 3h, where: [{property: due, within_next: 2h}]}",
        [due("10:00", "14:00")], "+12:00:00.001 -13:00"),
    "absence of what was due lately": Case(
        "performed: {event: A, at_most: 0, where: [{property: due, within_last: 1h}]}",
        [due("9:00", "10:00")], "+09:00 -10:00 +11:00"),
    "distinct values of what was due lately": Case(
        "performed: {event: A, distinct: k, at_least: 2, where: [{property: due, within_last: 2h}]}",
        [due("9:00", "9:00", k=1), due("9:30", "10:00", k=2), due("9:40", "10:30", k=1)], "+10:00 -12:00"),
    "a copy of an event that now would count": Case(
        "performed: {event: A, at_least: 2, where: [{property: due, within_last: 1h}]}",
        [due("10:00", "10:00") | {"messageId": "once"}, due("10:20", "10:20") | {"messageId": "once"},
         due("10:30", "10:30")], "+10:30 -11:00"),
    "the newest of those that are old enough": Case(
        "last_performed: {event: A, where: [{property: due, older_than: 1h}], where_last: [{property: k, is: x}]}",
        [due("9:00", "10:00", k="x"), due("9:01", "11:00", k="y")], "+11:00 -12:00"),
    "a first step that is old enough only later": Case(
        "sequence: {steps: [{event: A, where: [{property: due, older_than: 1h}]}, {event: B}], within: 2h}",
        [due("9:00", "10:00"), said("B", "9:30")], "+11:00"),
    "an end of the wait that counts for a time": Case(
        "sequence: {steps: [{event: C}, {event: B}], within: 2h, "
        "then_not: {event: A, where: [{property: due, within_next: 1h}]}}",
        [said("C", "9:00"), said("B", "9:10"), due("9:20", "11:00")], "+09:10 -10:00:00.001 +11:00:00.001"),
    "the first value in a window, and a late one": Case(
        "aggregate: {event: A, function: first, property: k, is: red, within: 2h}",
        [said("A", "10:00", k="red"), said("A", "10:30", k="blue"), said("A", "9:30", "10:45", k="green")],
        "+10:00 -10:45 +11:30 -12:00"),
    "a completion that moves begins the wait anew": Case(
        f"sequence: {{{AB}, within: 1h, then_not: {{event: C, for: 30m}}}}",
        [said("A", "10:00"), said("B", "10:10"), said("B", "10:50")], "+10:40 -10:50 +11:20"),
    "a late middle step, completed before it came": Case(
        "sequence: {steps: [{event: A}, {event: B}, {event: C}], within: 1h, completed_within: 2h}",
        [said("A", "10:00"), said("C", "10:30"), said("B", "10:10", "12:00")], "+12:00 -12:30"),
    "held unbroken, then broken by a late value": Case(
        "trait: {name: s, is: trial, for: 2h}",
        [known("10:00", s="trial"), known("12:00", s="trial"), known("11:30", "12:30", s="paid")],
        "+12:00 -12:30 +14:00"),
    "held near a time": Case(
        "trait: {name: d, within_next: 2h, for: 1h}", [known("10:00", d=iso("15:00"))], "+14:00:00.001 -15:00:00.001"),
    "held by a person in two parts": Case(
        "trait: {name: s, is: a, for: 3h}",
        [known("10:00", s="a"), by("k1", known("11:00", s="b")), known("12:00", s="a"),
         by("k1", said("Z", "12:30"), user=True)],
        "+15:00"),
    "a sequence of two parts, its end told late": Case(
        f"sequence: {{{AB}, within: 2h, then_not: {{event: C, for: 1h}}}}",
        [by("k2", said("A", "10:00")), said("B", "10:30"), by("k2", said("Z", "11:00"), user=True),
         by("k2", said("C", "11:00", "12:00"))], "+11:30 -12:00"),
    "the same value of both parts is one": Case(
        "performed: {event: A, distinct: k, exactly: 2}",
        [said("A", "10:10", k="x"), by("k3", said("A", "10:00", k="x")), by("k3", said("A", "10:20", k="y")),
         by("k3", said("Z", "10:30"), user=True)], "+10:30"),
    "a branch takes over at the instant": Case(
        "any: [{performed: {event: A, within: 1h}}, {performed: {event: A, where: [{property: due, older_than: 1h}]}}]",
        [due("10:00", "10:00")], "+10:00"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return outcomes(tmp_path_factory.mktemp("together"), TOGETHER)


@pytest.mark.parametrize("case", TOGETHER)
def test_together(found: dict[str, str], case: str) -> None:
    assert found[case] == TOGETHER[case].changes


class Edit(NamedTuple):
    """A rule, what replaces it when, the messages of one person, and the changes."""

    rule: str
    at: str
    then: str
    messages: list[Message]
    changes: str


A9, A10 = said("A", "9:00"), said("A", "10:00")
ONE_HOUR, THREE_HOURS = "{performed: {event: A, within: 1h}}", "{performed: {event: A, within: 3h}}"
EDITS = {
    "a longer window brings back": Edit(ONE_HOUR, "11:30", THREE_HOURS, [A10], "+10:00 -11:00 +11:30 -13:00"),
    "a shorter window ends": Edit(THREE_HOURS, "11:30", ONE_HOUR, [A10], "+10:00 -11:30"),
    "a longer window at the end of the shorter": Edit(ONE_HOUR, "11:00", THREE_HOURS, [A10], "+10:00 -13:00"),
    "the opposite, until time ends it": Edit(
        ONE_HOUR, "10:30", "{not: {performed: {event: A, within: 1h}}}", [A10], "+10:00 -10:30 +11:00"),
    "a late event counts by the new window": Edit(
        ONE_HOUR, "11:30", THREE_HOURS, [said("A", "10:00", "12:00")], "+12:00 -13:00"),
    "held for less, by what was said before": Edit(
        "{trait: {name: s, is: x, for: 1h}}", "12:30", "{trait: {name: s, in: [x, y], for: 3h}}",
        [known("10:00", s="y"), known("11:00", s="x")], "+12:00 -12:30 +13:00"),
    "steps in another order": Edit(
        f"{{sequence: {{{AB}, within: 1h}}}}", "12:00", "{sequence: {steps: [{event: B}, {event: A}], within: 2h}}",
        [A9, said("B", "9:10"), A10], "+09:10"),
    "events of before, with a copy": Edit(
        "{performed: {event: B}}", "11:30", "{performed: {event: A, exactly: 1}}",
        [A9 | {"messageId": "twice"}, said("A", "9:00", "9:30") | {"messageId": "twice"}], "+11:30"),
    "joined, then edited": Edit(
        "{performed: {event: B}}", "11:30", "{performed: {event: A, within: 3h, exactly: 2}}",
        [by("e1", A9), said("A", "9:10"), by("e1", said("Z", "9:30"), user=True)], "+11:30 -12:00"),
    "edited, then joined": Edit(
        "{performed: {event: B}}", "11:30", "{performed: {event: A, within: 3h, exactly: 2}}",
        [by("e2", A9), said("A", "9:10"), by("e2", said("Z", "11:45"), user=True)], "+11:45 -12:00"),
}


@pytest.mark.parametrize("case", EDITS)
def test_an_edit_while_it_runs(tmp_path: Path, case: str) -> None:
    edit = EDITS[case]
    then = write(tmp_path / "then", f"kind: segment\nid: s\nrule: {edit.then}\n")
    messages = [{"userId": "u", "messageId": str(place), **message} for place, message in enumerate(edit.messages)]
    run = backtest(tmp_path, messages, f"kind: segment\nid: s\nrule: {edit.rule}\n",
                   "--definitions-at", f"{iso(edit.at)}={then}")
    assert run.changes("s", "customer_id:u") == edit.changes
