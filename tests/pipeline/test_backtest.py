"""`audience backtest`: byte-identical whatever the partitions and the seed, on a history full of collisions."""
from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams import cli
from tests.strategies import COOKIES, DAY, DEVICES, HOUR, LIMITS_TIGHT, SEGMENTS, START, USERS

FILES = ("profiles", "memberships", "activations", "identity", "rejected")


def _message(chance: random.Random, number: int) -> dict[str, Any]:
    at = START + number * HOUR // 2
    body: dict[str, Any] = {"type": "track", "event": chance.choice(("Product Added", "Order Completed")),
                            "properties": {"value": chance.randint(0, 3)}, "context": {}}
    body["anonymousId"] = chance.choice(COOKIES) + str(chance.randint(0, 8))
    if chance.random() < 0.3:
        body["userId"] = chance.choice(USERS) + str(chance.randint(0, 8))
    if chance.random() < 0.2:
        body["context"]["device"] = {"id": chance.choice(DEVICES) + str(chance.randint(0, 8))}
    return body | {"messageId": f"m{number}", "timestamp": at - chance.choice((0, 0, HOUR, DAY)), "receivedAt": at}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, chance = tmp_path_factory.mktemp("world"), random.Random(7)
    lines = [orjson.dumps(_message(chance, number)) for number in range(400)]
    lines[50:50] = [b"{broken", b'{"type": "track", "event": "E", "messageId": "nobody"}']
    (folder / "events.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    chance.shuffle(lines)
    (folder / "shuffled.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    for name, kept in (("one", SEGMENTS), ("two", dict(list(SEGMENTS.items())[:4]))):
        (folder / name).mkdir()
        for place, document in enumerate((kept | LIMITS_TIGHT).values()):
            (folder / name / f"{place}.json").write_bytes(orjson.dumps(document))
    return folder


def _run(world: Path, out: str, *arguments: str, events: str = "events.jsonl") -> dict[str, bytes]:
    command = ["backtest", str(world / events), "--definitions", str(world / "one"), "--output",
               str(world / out), *arguments]
    assert cli.main(command) == 0
    return {name: (world / out / f"{name}.jsonl").read_bytes() for name in FILES}


@pytest.mark.parametrize("more", [(), ("--as-given",), ("switch",)], ids=["ordered", "as given", "redefined"])
def test_output_depends_on_neither_partitions_nor_seed(world: Path, more: tuple[str, ...]) -> None:
    if more == ("switch",):
        more = ("--definitions-at", f"{START + 2 * DAY}={world / 'two'}", "--until", str(START + 20 * DAY))
    first = _run(world, "a", "--partitions", "1", *more)
    assert first["identity"].count(b'"merged"') > 3 and first["identity"].count(b'"moved"') > 3
    for partitions, seed in ((4, 0), (4, 5), (16, 1)):
        assert _run(world, "b", "--partitions", str(partitions), "--seed", str(seed), *more) == first


def test_as_given_all_partitions_go_by_the_clock_of_what_stood_before(world: Path) -> None:
    """A partition that had seen nothing of the future took what was late for new."""
    first, *others = (
        _run(world, "b", "--partitions", str(number), "--as-given", events="shuffled.jsonl") for number in (1, 2, 7))
    assert first["memberships"] and others == [first, first]


def test_until_lets_windows_end_without_events(world: Path) -> None:
    found, later = (_run(world, "c", *until)["profiles"] for until in ((), ("--until", str(START + 30 * DAY))))
    assert _in_carts(found) and not _in_carts(later)


def _in_carts(profiles: bytes) -> list[bytes]:
    return [row for row in profiles.splitlines() if "carts" in orjson.loads(row)["segments"]]


def test_rejected_lines_say_where_and_why(world: Path) -> None:
    rows = [orjson.loads(row) for row in _run(world, "d")["rejected"].splitlines()]
    assert [row["line"] for row in rows] == [51, 52] and all(row["reason"] for row in rows)
    assert rows[1]["message_id"] == "nobody"


@pytest.mark.parametrize(("text", "is_said"), [
    ('[\n {"type": "page", "userId": "u"}\n]\n', False), ('[\n {"type": "page",\n  "userId": "u"}\n]\n', True), ("", False)])
def test_that_nothing_was_accepted_is_said(
    world: Path, text: str, is_said: bool, capsys: pytest.CaptureFixture[str],
) -> None:
    events = world / "array.json"
    events.write_text(text)
    assert cli.main(["backtest", str(events), "--definitions", str(world / "one"), "--output", str(world / "d")]) == 0
    assert ("no message was accepted" in capsys.readouterr().err) == is_said


def test_of_a_table_nothing_of_json_is_said(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events, mapping = world / "orders.csv", world / "orders.yaml"
    events.write_text("customer\nnull\n")
    mapping.write_text("messages: [{type: track, event: Ordered, userId: {column: customer}}]")
    assert cli.main(["backtest", str(events), "--mapping", str(mapping), "--definitions", str(world / "one"), "--output",
                     str(world / "d")]) == 0
    said = capsys.readouterr().err
    assert "no message was accepted" in said and "JSON" not in said


def test_that_a_folder_has_no_definitions_is_said(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none").mkdir()
    assert cli.main(["backtest", str(world / "events.jsonl"), "--definitions", str(tmp_path / "none"), "--output",
                     str(tmp_path / "out")]) == 0
    assert f"{tmp_path / 'none'}: no definition in it" in capsys.readouterr().err


def test_of_several_files_a_rejected_line_names_its_own(world: Path) -> None:
    """Lines are those of the file; of one that a mapping cannot read, too."""
    later, orders, mapping = world / "later.jsonl", world / "orders.jsonl", world / "mapping.yaml"
    later.write_text('\n{"type": "track"}\n')
    command = ["backtest", str(world / "events.jsonl"), str(later), "--definitions", str(world / "one"),
               "--output", str(world / "several")]
    assert cli.main(command) == 0
    rows = [orjson.loads(row) for row in (world / "several" / "rejected.jsonl").read_bytes().splitlines()]
    assert [(row["file"], row["line"]) for row in rows] == [
        (str(world / "events.jsonl"), 51), (str(world / "events.jsonl"), 52), (str(later), 2)]
    orders.write_text('{"n": 1}\n')
    mapping.write_text("messages: [{type: track, event: A, userId: {column: n}, when: {column: n, is: 2}}]\n")
    assert cli.main(["backtest", str(orders), str(orders), *command[3:], "--mapping", str(mapping)]) == 0
    rows = [orjson.loads(row) for row in (world / "several" / "rejected.jsonl").read_bytes().splitlines()]
    assert [(row["file"], row["line"]) for row in rows] == [(str(orders), 1), (str(orders), 1)]


def test_a_message_that_cannot_be_made_is_rejected_and_stands_in_no_file(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "all.yaml").write_text(
        "kind: segment\nid: all\nrule: {everyone: {}}\n---\nkind: campaign\nid: hi\nsegment: all\nstatus: live\n"
        "channels: {email: {subject: '{{ 1 // zero }}', text: Hi, purpose: mail}}\n")
    for name in ("one", "two"):
        (tmp_path / f"{name}.jsonl").write_text(orjson.dumps({
            "type": "identify", "userId": name, "traits": {"email": f"{name}@x.org", "zero": 0},
            "context": {"consent": {"purposes": {"mail": True}}}, "timestamp": START}).decode())
    assert cli.main(["backtest", str(tmp_path / "one.jsonl"), str(tmp_path / "two.jsonl"), "--definitions",
                     str(tmp_path / "rules"), "--output", str(tmp_path / "out")]) == 0
    rows = [orjson.loads(row) for row in (tmp_path / "out" / "rejected.jsonl").read_bytes().splitlines()]
    assert [(row.get("file"), row["line"], "rendered" in row["reason"]) for row in rows] == [(None, -1, True)] * 2


def test_consent_that_could_not_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "all.yaml").write_text("kind: segment\nid: all\nrule: {everyone: {}}\n")
    (tmp_path / "events.jsonl").write_text(orjson.dumps({
        "type": "page", "userId": "u", "context": {"consent": {"purposes": {"mail": "true"}}}, "timestamp": START}).decode())
    assert cli.main(["backtest", str(tmp_path / "events.jsonl"), "--definitions", str(tmp_path / "rules"), "--output",
                     str(tmp_path / "out")]) == 0
    assert ("consent of 1 messages could not be read, so it permits nothing: purposes: neither true nor false"
            in capsys.readouterr().err)


def test_what_is_wrong_in_any_folder_is_said_before_the_first_event(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With each folder's name, of a later one too whose time never comes; nothing is written."""
    for name in ("three", "four"):
        (world / name).mkdir()
        (world / name / "all.yaml").write_text(f"kind: segment\nid: {name}\nrule: {{performd: {{event: A}}}}\n")
    status = cli.main(["backtest", str(world / "events.jsonl"), "--definitions", str(world / "three"), "--output",
                       str(world / "e"), "--definitions-at", f"2100-01-01={world / 'four'}"])
    assert status == 1 and not (world / "e").exists()
    first, second = capsys.readouterr().err.splitlines()
    assert f"{world}/three/all.yaml:3: unknown node" in first and second.startswith(f"{world}/four/all.yaml:3: unknown")


@pytest.mark.parametrize(("rule", "status"), [("everyone", 0), ("evryone", 1)])
def test_what_only_a_delivery_needs_is_said_and_refuses_nothing(
    world: Path, tmp_path: Path, rule: str, status: int, capsys: pytest.CaptureFixture[str],
) -> None:
    """Unless something else is wrong: then all of it is said."""
    (tmp_path / "all.yaml").write_text(
        f"kind: segment\nid: s\nrule: {{{rule}: {{}}}}\n---\n"
        "kind: destination\nid: d\nchannel: email\nconnector: smtp\nsettings: {host: mail}\n")
    command = ["backtest", str(world / "events.jsonl"), "--definitions", str(tmp_path), "--output", str(world / "said")]
    assert cli.main(command) == status
    said = capsys.readouterr().err
    assert f"{tmp_path}/all.yaml:9: settings has no sender; expected an address" in said
    assert ("nothing could be delivered, which" in said, 'unknown node "evryone"' in said) == (not status, bool(status))


@pytest.mark.parametrize("stated", ["connector: http\nsettings: {token: hush}", "connector: htpt\nsettings: {}"])
def test_a_secret_in_clear_text_is_refused_here_too_and_so_is_a_connector_that_there_is_not(
    world: Path, tmp_path: Path, stated: str,
) -> None:
    (tmp_path / "d.yaml").write_text(f"kind: destination\nid: d\nchannel: sms\n{stated}\n")
    assert cli.main(["backtest", str(world / "events.jsonl"), "--definitions", str(tmp_path), "--output",
                     str(world / "said")]) == 1


def test_a_full_disk_is_said_with_the_file(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (world / "full").mkdir()
    (world / "full" / "profiles.jsonl").symlink_to("/dev/full")
    command = ["backtest", str(world / "events.jsonl"), "--definitions", str(world / "one"), "--output", str(world / "full")]
    assert cli.main(command) == 1
    assert f"{world}/full/profiles.jsonl: No space left on device; name another path" in capsys.readouterr().err


def test_activations_of_one_instant_are_in_the_order_in_which_they_were_told(tmp_path: Path) -> None:
    """Law L5: replayed as they are written, they give who is in the audience now."""
    rule = {"any": [{"performed": {"event": "E", "exactly": number}} for number in (1, 3, 5)]}
    channel = {"audience": "a", "purpose": "personalised-ads"}
    (tmp_path / "rules").mkdir()
    for name, document in (("s", {"kind": "segment", "rule": rule}), (
            "c", {"kind": "campaign", "segment": "s", "status": "live", "channels": {"display": channel}})):
        (tmp_path / "rules" / f"{name}.json").write_bytes(orjson.dumps({"id": name, **document}))
    consent = {"consent": {"purposes": {"personalised-ads": True}}}
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(orjson.dumps({
        "type": "track", "event": "E", "anonymousId": f"c{number % 4}", "messageId": f"m{number}", "timestamp": START,
        "context": consent}) for number in range(20)))
    assert cli.main(["backtest", str(tmp_path / "events.jsonl"), "--definitions", str(tmp_path / "rules"), "--output",
                     str(tmp_path / "out")]) == 0
    rows = [orjson.loads(row) for row in (tmp_path / "out" / "activations.jsonl").read_bytes().splitlines()]
    told = [[(row["sequence"], row["change"]) for row in rows if row["identifier"] == f"cookie:c{who}"] for who in range(4)]
    assert told == [[(1, "entered"), (2, "exited"), (3, "entered"), (4, "exited"), (5, "entered")]] * 4


@pytest.mark.parametrize(("expires", "ended"), [({}, 0), ({"anonymous_expire_after": "395d"}, 2)], ids=["default", "stated"])
def test_how_many_profiles_ended_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], expires: dict[str, str], ended: int,
) -> None:
    """A history of two years had fewer events in its profiles than were read, and nothing said why. Only what a definition
    states ends in a backtest."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "all.json").write_bytes(orjson.dumps({"kind": "identity", "id": "rules", **expires}))
    who: list[dict[str, str]] = [
        {"anonymousId": "lone"}, {"anonymousId": "linked", "previousId": "other", "type": "alias"}, {"userId": "u"},
        {"anonymousId": "merged", "userId": "u"}, {"anonymousId": "late"}]
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(orjson.dumps({
        "type": "page", "messageId": f"m{number}", "timestamp": START + (number == 4) * 400 * DAY, **each})
        for number, each in enumerate(who)))
    command = ["backtest", f"{tmp_path}/events.jsonl", "--definitions", f"{tmp_path}/rules", "--output", f"{tmp_path}/out"]
    assert cli.main(command) == 0
    summary = orjson.loads((tmp_path / "out" / "summary.json").read_bytes())
    assert (summary["profiles_ended"], summary["profiles"]) == (ended, 4 - ended)
    assert (f"{ended} profiles ended, because nothing came of them" in capsys.readouterr().err) is bool(ended)


def test_a_definition_of_later_looks_back_over_all_the_events(tmp_path: Path) -> None:
    """They are not forgotten after 750 days, as on a worker; the identity definition has no period of its own here."""
    for name, documents in (("before", b"kind: identity\nid: rules"), ("after", (
            b"kind: segment\nid: bought\nrule: {performed: {event: Bought}}\n---\nkind: identity\nid: rules"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.yaml").write_bytes(documents)
    (tmp_path / "events.jsonl").write_bytes(orjson.dumps(
        {"type": "track", "event": "Bought", "anonymousId": "c", "messageId": "m", "timestamp": START}))
    switched = str(START + 1_000 * DAY)
    assert cli.main(["backtest", f"{tmp_path}/events.jsonl", "--definitions", f"{tmp_path}/before", "--output",
                     f"{tmp_path}/out", "--definitions-at", f"{switched}={tmp_path}/after", "--until", switched]) == 0
    row = orjson.loads((tmp_path / "out" / "profiles.jsonl").read_bytes())
    assert (row["segments"], row["events"]) == (["bought"], 1)
