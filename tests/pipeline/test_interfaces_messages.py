"""INTERFACES sections 1 and 4, as far as rules see them: what is a message, when it happened, what a copy is, which clock.

Identity has tables of its own (`test_identifier_table.py`). Expectations are derived from the text.
"""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pipeline.tables import backtest, iso, known, said, write

EVERYONE = "kind: segment\nid: everyone\nrule: {everyone: {}}\n"
HOURLY = "kind: segment\nid: hourly\nrule: {performed: {event: A, within: 1h}}\n"
TEN = "2026-03-01T10:00:00.000Z"
TEN_MS = 1_772_359_200_000


def track(user: str = "u", **fields: object) -> dict[str, object]:
    return {"type": "track", "event": "A", "userId": user, **fields}


TIMES: dict[str, tuple[dict[str, object], str]] = {
    "ISO with Z": ({"timestamp": "2026-03-01T10:00:00Z"}, TEN),
    "a zone": ({"timestamp": "2026-03-01T11:30:00+01:30"}, TEN),
    "a zone without colon": ({"timestamp": "2026-03-01T09:00:00.000-0100"}, TEN),
    "no zone is UTC": ({"timestamp": "2026-03-01T10:00:00"}, TEN),
    "a blank for the T": ({"timestamp": "2026-03-01 10:00:00"}, TEN),
    "lower case": ({"timestamp": "2026-03-01t10:00:00z"}, TEN),
    "nanoseconds are cut": ({"timestamp": "2026-03-01T10:00:00.123987654Z"}, "2026-03-01T10:00:00.123Z"),
    "a leap second is the second after it": ({"timestamp": "2026-03-01T10:59:60.250+01:00"}, "2026-03-01T10:00:00.250Z"),
    "the end of a day is the next one's begin": ({"timestamp": "2026-02-28T24:00:00+01:00"}, "2026-02-28T23:00:00.000Z"),
    "epoch milliseconds": ({"timestamp": TEN_MS}, TEN),
    "epoch milliseconds as a text": ({"timestamp": str(TEN_MS)}, TEN),
    "epoch milliseconds as a float": ({"timestamp": float(TEN_MS)}, TEN),
    "a day": ({"timestamp": "2026-03-01"}, "2026-03-01T00:00:00.000Z"),
    "before 1970": ({"timestamp": -1}, "1969-12-31T23:59:59.999Z"),
    "before the calendar begins": ({"timestamp": -(10**14)}, "0001-01-01T00:00:00.000Z"),
    "after the calendar ends": ({"timestamp": "9999-12-31T23:59:59-14:00"}, "2026-03-01T12:00:00.000Z"),
    "never later than received": ({"timestamp": "2026-03-01T13:00:00Z"}, "2026-03-01T12:00:00.000Z"),
    "by the sender's clock": (
        {"originalTimestamp": "2026-03-01T09:00:00Z", "sentAt": "2026-03-01T09:30:00Z"}, "2026-03-01T11:30:00.000Z"),
    "timestamp is stronger": (
        {"timestamp": TEN, "originalTimestamp": "2026-03-01T09:00:00Z", "sentAt": "2026-03-01T09:30:00Z"}, TEN),
    "sent before it happened": (
        {"originalTimestamp": "2026-03-01T09:30:00Z", "sentAt": "2026-03-01T09:00:00Z"}, "2026-03-01T12:00:00.000Z"),
    "no time at all": ({}, "2026-03-01T12:00:00.000Z"),
    "null is no time": ({"timestamp": None}, "2026-03-01T12:00:00.000Z"),
}


def test_when_an_event_happened(tmp_path: Path) -> None:
    messages = [track(f"u{number}", receivedAt="2026-03-01T12:00:00Z", **fields)
                for number, (fields, _) in enumerate(TIMES.values())]
    run = backtest(tmp_path, messages, EVERYONE, until="")
    assert run.rejected == []
    found = {name: run.profile(f"customer_id:u{number}") for number, name in enumerate(TIMES)}
    happened = {name: each["first_seen"] for name, each in found.items()}
    assert happened == {name: wanted for name, (_, wanted) in TIMES.items()}
    assert {each["at"] for each in run.memberships} == {"2026-03-01T12:00:00.000Z"}


@pytest.mark.parametrize("received", ["9999-12-31T23:59:59-14:00", "9999-12-31", 253_402_300_799_999])
def test_what_has_no_end_in_its_source_leaves_room_for_quiet_hours_and_caps(tmp_path: Path, received: str | int) -> None:
    """Databases write `9999-12-31` for never; local days and their ends lie beyond the calendar then."""
    mail = {"subject": "Hello", "text": "Hello", "purpose": "mail"}
    permitted = {"consent": {"purposes": {"mail": True}}}
    definitions: list[dict[str, object]] = [{"kind": "segment", "id": "everyone", "rule": {"everyone": {}}}, {
        "kind": "campaign", "id": "c", "segment": "everyone", "status": "live", "trigger": {"each": "A"},
        "channels": {"email": mail}, "cap": {"at_most": 1, "per": "7d", "mode": "calendar"},
        "quiet_hours": {"from": "00:30", "to": "00:15", "time_zone": "Asia/Tokyo"}}]
    messages = [track(receivedAt=received, context=permitted,
                      properties={"email": "u@example.org", "n": n}) for n in "abc"]
    run = backtest(tmp_path, messages, definitions)
    assert run.rejected == [] and run.profile("customer_id:u")["events"] == 3


def test_a_message_without_receipt_is_received_when_it_happened_or_was_sent(tmp_path: Path) -> None:
    messages = [track("timestamp", timestamp=TEN),
                track("sent", originalTimestamp="2026-03-01T09:00:00Z", sentAt="2026-03-01T09:30:00Z"),
                track("original", originalTimestamp="2026-03-01T08:00:00Z")]
    run = backtest(tmp_path, messages, HOURLY)
    assert [run.changes("hourly", f"customer_id:{who}") for who in ("timestamp", "sent", "original")] == [
        "+10:00 -11:00", "+09:30 -10:00", "+08:00 -09:00"]


REJECTED: list[object] = [
    "not json", "[1]", "null", '"text"', "{", '{"type": "track", "event": "A", "userId": "u", "timestamp": NaN}', {},
    {"type": "Track", "event": "A", "userId": "u"}, {"event": "A", "userId": "u"}, {"type": "track", "userId": "u"},
    {"type": "track", "event": "", "userId": "u"},
    {"type": "track", "event": 7, "userId": "u"}, {"type": "track", "event": "A"},
    track("null"), track("NULL"), track("00-00"), track(" "), track("x" * 513), track("[object Object]"), track("-1"),
    track(messageId="said", timestamp="soon"), track(timestamp=True), track(receivedAt="then"), track(properties="x"),
    track(context=[]),
    {"type": "identify", "traits": {"email": "undefined"}}, {"type": "identify", "userId": "u", "traits": ["email"]},
    {"type": "alias", "previousId": "none"}, {"type": "alias"},
]


def test_what_is_rejected_has_its_line_its_id_and_a_reason(tmp_path: Path) -> None:
    """Lines are counted from one; between any two of them stands one that is accepted, and an empty one."""
    lines: list[object] = []
    for number, bad in enumerate(REJECTED):
        lines += [bad, "", track(f"good{number}", timestamp=TEN)]
    run = backtest(tmp_path, lines, EVERYONE)  # type: ignore[arg-type]
    assert [each["line"] for each in run.rejected] == [3 * number + 1 for number in range(len(REJECTED))]
    assert [each["message_id"] for each in run.rejected] == ["said" if "messageId" in str(bad) else None for bad in REJECTED]
    assert all(each["reason"] and "@" not in each["reason"] for each in run.rejected)
    assert len(run.profiles) == len(REJECTED)


def test_a_file_may_begin_with_a_byte_order_mark_and_end_without_a_newline(tmp_path: Path) -> None:
    (tmp_path / "definitions").mkdir()
    first, last = json.dumps(track("first", timestamp=TEN)), json.dumps(track("last", timestamp=TEN))
    run = backtest(tmp_path, [f"\ufeff{first}\r", f"{last}"], EVERYONE)
    assert run.rejected == [] and len(run.profiles) == 2


def test_white_space_around_a_message_is_none_of_it(tmp_path: Path) -> None:
    run = backtest(tmp_path, [f" \t{json.dumps(track(who, timestamp=TEN))} \t\r" for who in "ab"], EVERYONE)
    assert run.rejected == [] and len(run.profiles) == 2


def test_copies_change_nothing_and_are_not_rejected(tmp_path: Path) -> None:
    """Same id and same strongest identifier: the first received counts. Another identifier, or other content where no id
    is stated, is another message."""
    once = {"type": "track", "event": "A", "properties": {"v": 1}}
    messages = [
        {**once, "userId": "one", "messageId": "m", "timestamp": TEN},
        {**once, "userId": "one", "messageId": "m", "timestamp": iso("11:00"), "properties": {"v": 9}},
        {**once, "userId": "two", "messageId": "m", "timestamp": TEN},
        {**once, "userId": "three", "timestamp": TEN, "receivedAt": iso("10:30")},
        {**once, "userId": "three", "timestamp": TEN, "receivedAt": iso("11:30")},
        {**once, "userId": "four", "timestamp": TEN}, {**once, "userId": "four", "timestamp": iso("10:00:00.001")},
    ]
    sum_of_v = "---\nkind: computed-trait\nid: total\nfunction: sum\nproperty: v\n"
    run = backtest(tmp_path, messages, HOURLY + sum_of_v)
    assert run.rejected == []
    found = {who: run.profile(f"customer_id:{who}") for who in ("one", "two", "three", "four")}
    assert {who: (each["events"], each["traits"]["total"]) for who, each in found.items()} == {
        "one": (1, 1), "two": (1, 1), "three": (1, 1), "four": (2, 2)}
    assert run.changes("hourly", "customer_id:one") == "+10:00 -11:00"


def test_events_are_taken_in_order_of_receipt_or_as_given(tmp_path: Path) -> None:
    """As given, the clock is the highest time so far; in order, a file's order does not matter."""
    messages = [known("12:00", plan="b") | {"userId": "u", "messageId": "1"},
                said("A", "10:00") | {"userId": "u", "messageId": "2"},
                said("A", "11:30") | {"userId": "u", "messageId": "3"}]
    ordered = backtest(tmp_path / "ordered", messages, HOURLY)
    assert ordered.changes("hourly", "customer_id:u") == "+10:00 -11:00 +11:30 -12:30"
    given = backtest(tmp_path / "given", messages, HOURLY, "--as-given")
    assert given.changes("hourly", "customer_id:u") == "+12:00 -12:30"
    assert given.profile("customer_id:u")["first_seen"] == TEN


def test_as_given_ties_in_event_time_are_settled_by_the_order_of_the_file(tmp_path: Path) -> None:
    """Whatever `receivedAt` says: that is the order in which the messages arrive."""
    first, second = said("A", "10:00", n=1), said("A", "10:00", n=2)
    messages = [first | {"userId": "u", "receivedAt": iso("12:00")}, second | {"userId": "u", "receivedAt": iso("11:00")}]
    newest = HOURLY + "---\nkind: computed-trait\nid: newest\nfunction: last\nevent: A\nproperty: n\n"
    given = backtest(tmp_path / "given", messages, newest, "--as-given")
    assert given.profile("customer_id:u")["traits"]["newest"] == 2
    ordered = backtest(tmp_path / "ordered", messages, newest)
    assert ordered.profile("customer_id:u")["traits"]["newest"] == 1


def test_without_until_the_clock_stops_at_the_last_event_and_with_it_it_includes_that_instant(tmp_path: Path) -> None:
    messages = [said("A", "10:00") | {"userId": "u"}]
    for number, (until, wanted) in enumerate((
            ("", "+10:00"), ("2026-03-01T10:59:59.999Z", "+10:00"),
            ("2026-03-01T11:00:00Z", "+10:00 -11:00"))):
        run = backtest(tmp_path / str(number), messages, HOURLY, until=until)
        assert run.changes("hourly", "customer_id:u") == wanted


@pytest.mark.parametrize("arguments", [("--partitions", "7"), ("--partitions", "3", "--seed", "5")])
def test_partitions_and_seed_change_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    messages = [said("A", "10:00") | who | {"messageId": f"m{number}"} for number, who in enumerate((
        {"anonymousId": "c1"}, {"anonymousId": "c2"}, {"anonymousId": "c1", "userId": "u"},
        {"anonymousId": "c2", "userId": "u"}))]
    assert backtest(tmp_path / "one", messages, HOURLY) == backtest(tmp_path / "more", messages, HOURLY, *arguments)


def definitions_at(folder: Path, text: str, time: str) -> list[str]:
    folder.mkdir(parents=True)
    return ["--definitions-at", f"{iso(time)}={write(folder / 'later', text)}"]


def causes(run: object, segment: str) -> list[tuple[str, str, str]]:
    return [(each["at"][11:19], each["change"], each["cause"]) for each in run.memberships if each["segment"] == segment]  # type: ignore[attr-defined]


EDITED: dict[str, tuple[str, str, list[tuple[str, str, str]]]] = {
    "a new threshold": (
        "performed: {event: A}", "performed: {event: A, at_least: 2}",
        [("10:00:00", "entered", "event"), ("10:30:00", "exited", "definition"), ("11:00:00", "entered", "event")]),
    "a longer window reaches back": (
        "performed: {event: A, within: 10m}", "performed: {event: A, within: 2h}",
        [("10:00:00", "entered", "event"), ("10:10:00", "exited", "time"), ("10:30:00", "entered", "definition"),
         ("13:00:00", "exited", "time")]),
    "another event": (
        "performed: {event: B}", "performed: {event: A}", [("10:30:00", "entered", "definition")]),
    "the same again": ("performed: {event: A}", "performed: {event: A}", [("10:00:00", "entered", "event")]),
    "the same, said otherwise": (
        "performed: {event: A}", "all: [{performed: {event: [A], at_least: 1}}]", [("10:00:00", "entered", "event")]),
    "no longer": (
        "performed: {event: A}", "", [("10:00:00", "entered", "event"), ("10:30:00", "exited", "definition")]),
    "new": ("", "performed: {event: A}", [("10:30:00", "entered", "definition")]),
    "opposite": (
        "performed: {event: A, within: 30m}", "not: {performed: {event: A, within: 30m}}",
        [("10:00:00", "entered", "event"), ("11:00:00", "exited", "event"), ("11:30:00", "entered", "time")]),
}


@pytest.mark.parametrize("name", EDITED)
def test_definitions_at_replace_all_from_that_moment_and_tell_the_difference(name: str, tmp_path: Path) -> None:
    before, after, wanted = EDITED[name]
    messages = [said("A", time) | {"userId": "u", "messageId": time} for time in ("10:00", "11:00")]
    texts = [f"kind: segment\nid: s\nrule: {{{rule}}}\n" if rule else EVERYONE for rule in (before, after)]
    run = backtest(tmp_path, messages, texts[0], *definitions_at(tmp_path / "at", texts[1], "10:30"))
    assert causes(run, "s") == wanted


def test_an_event_at_that_very_moment_meets_the_new_definitions(tmp_path: Path) -> None:
    messages = [said("A", "10:00") | {"userId": "u"}, said("A", "10:30") | {"userId": "u"}]
    later = definitions_at(tmp_path / "at", "kind: segment\nid: s\nrule: {performed: {event: A, at_least: 3}}\n", "10:30")
    run = backtest(tmp_path, messages, "kind: segment\nid: s\nrule: {performed: {event: A, at_least: 2}}\n", *later)
    assert causes(run, "s") == []


def test_definitions_at_a_time_after_the_last_event_hold_unless_until_comes_before(tmp_path: Path) -> None:
    messages = [said("A", "10:00") | {"userId": "u"}]
    later = definitions_at(tmp_path / "at", EVERYONE.replace("everyone", "late", 1), "12:00")
    assert causes(backtest(tmp_path / "after", messages, HOURLY, *later), "late") == [("12:00:00", "entered", "definition")]
    assert causes(backtest(tmp_path / "before", messages, HOURLY, *later, until=iso("11:59:59.999")), "late") == []


def test_page_fields_beside_the_properties_are_properties_too(tmp_path: Path) -> None:
    page = {"type": "page", "userId": "u", "timestamp": TEN, "name": "Home", "category": "Docs",
            "properties": {"name": "inner"}}
    trait = "kind: computed-trait\nid: seen\nfunction: last\nevent: Page Viewed\n"
    run = backtest(tmp_path, [page], trait)
    assert run.profile("customer_id:u")["traits"] == {"seen": {"category": "Docs", "name": "inner"}}
