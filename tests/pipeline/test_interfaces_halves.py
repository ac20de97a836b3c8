"""INTERFACES sections 1 and 3: what rules say of somebody who was a cookie and a customer before a message named both."""
from __future__ import annotations

from pathlib import Path

from tests.pipeline.tables import Message, backtest, said

CASES = {
    "{performed: {event: A, at_least: 2}}": ("A c 10:00, A u 10:30, X uc 11:00", "+11:00"),
    "{performed: {event: A, exactly: 1}}": ("A c 10:00, A u 10:30, X uc 11:00", "+10:30 -11:00"),
    "{performed: {event: A, within: 3h}}": ("A c 10:00, X u 10:30, X uc 11:00", "+11:00 -13:00"),
    "{performed: {event: A, within: 180m}}": ("A c 10:00, X u 10:30, A uc 13:00", "+13:00 -16:00"),
    "{performed: {event: A, at_least: 3, within: 2h}}": ("A c 10:00, A u 10:10, A u 10:20, X uc 11:30", "+11:30 -12:00"),
    "{sequence: {steps: [{event: A}, {event: B}], within: 1h}}": ("A c 10:00, B u 10:30, X uc 11:00", "+11:00"),
    "{sequence: {steps: [{event: B}, {event: A}], within: 1h}}": ("A c 10:00, B u 10:30, X uc 11:00", ""),
    "{sequence: {steps: [{event: A}, {event: B}], within: 1h, then_not: {event: C, for: 1h}}}":
        ("A u 10:00, B u 10:10, C c 10:30, X uc 12:00", "+11:10 -12:00"),
    "{trait: {name: t, exists: false, for: 2h}}": ("X c 10:00, X u 10:30, X uc 11:00", "+12:00"),
    "{not: {performed: {event: A}}}": ("A c 10:00, X u 10:30, X uc 11:00", "+10:30 -11:00"),
    "{identifier: {namespace: cookie}}": ("X c 10:00, X u 10:30, X uc 11:00", "+11:00"),
}


def messages(number: int, story: str) -> list[Message]:
    """`A uc 10:00`: event A at ten, naming the customer and the cookie."""
    steps = [step.split() for step in story.split(", ")]
    return [said(event, time) | {"messageId": f"{number}-{place}"}
            | {{"u": "userId", "c": "anonymousId"}[each]: f"{each}{number}" for each in who}
            for place, (event, who, time) in enumerate(steps)]


def test_a_rule_sees_the_events_of_both_halves_from_the_message_that_joins_them(tmp_path: Path) -> None:
    definitions = "".join(f"---\nkind: segment\nid: s{number}\nrule: {rule}\n" for number, rule in enumerate(CASES))
    told = [each for number, (story, _) in enumerate(CASES.values()) for each in messages(number, story)]
    run = backtest(tmp_path, told, definitions)
    assert run.rejected == []
    found = {rule: run.changes(f"s{number}", f"customer_id:u{number}") for number, rule in enumerate(CASES)}
    assert found == {rule: changes for rule, (_, changes) in CASES.items()}
