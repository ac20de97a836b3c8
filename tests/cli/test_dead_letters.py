"""`audience dead-letters` without a broker: what is shown, what is chosen, and what would be accepted now."""
from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace

import orjson
import pytest

from schemas.codec import Codec
from streams.cli import main
from streams.core.errors import Rejected
from streams.runtime.outside import dead_letters, upstream
from streams.runtime.outside.dead_letters import Letter, by_rules_in_force
from streams.runtime.settings import Settings

AT = 1_767_225_600_000
NOBODY = "no identifier: every one is missing or blocked"
Said = Callable[..., tuple[int, str, str]]


def letter(number: int, value: bytes | None, reason: str = NOBODY, **other: object) -> Letter:
    return Letter(**{  # type: ignore[arg-type]
        "id": f"0:{number}", "at": AT + number, "reason": reason, "stage": "events", "version": "0.1.0",
        "topic": "events.hits", "partition": 0, "offset": 10 + number, "key": b"cookie:kiosk", "value": value,
        "headers": (), **other})


def hit(**fields: object) -> bytes:
    return orjson.dumps({"type": "track", "event": "Seen", "messageId": "m", "anonymousId": "kiosk", **fields})


LETTERS = [
    letter(1, hit(), headers=(("trace", b"7"), ("audience-replayed", b"1"))),
    letter(2, hit(receivedAt=AT)),
    letter(3, b"\xff\x00", "not Avro"),
    letter(0, hit(type="shout"), "type is missing"),
    letter(5, None, "a record without value", key=None),
    letter(4, b"{}", "template failed", topic="activations.email", offset=-1),
]
TOO_LARGE = hit(receivedAt=AT, messageId="large")
BLOCKS = {"kind": "identity", "id": "rules", "namespaces": {"cookie": {"blocked": ["kiosk"]}}}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What is put on topics. On the topic of dead letters are LETTERS, no definition is in force."""
    found: list[tuple[object, ...]] = []

    class Upstream:
        too_large = 0

        def __init__(self, _: object) -> None: ...

        def __enter__(self) -> Upstream:
            return self

        def __exit__(self, *_: object) -> None: ...

        def send(self, *record: object) -> None:
            if record[2] == TOO_LARGE:
                self.too_large += 1
            else:
                found.append(record)

    monkeypatch.setattr(upstream, "Upstream", Upstream)
    monkeypatch.setattr(dead_letters, "dead_letters", lambda _: iter(LETTERS))
    in_force(monkeypatch)
    return found


def in_force(monkeypatch: pytest.MonkeyPatch, **documents: object) -> None:
    monkeypatch.setattr(dead_letters, "history", lambda _: SimpleNamespace(documents=documents))


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    def run(*words: str) -> tuple[int, str, str]:
        code = main(["dead-letters", *words])
        return code, *capsys.readouterr()
    return run


@pytest.mark.usefixtures("sent")
def test_the_list_counts_by_reason_and_shows_the_newest_last(said: Said) -> None:
    code, shown, _ = said("list", "--last", "3")
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert code == 0
    assert lines[0] == f"2 events.hits (events): {NOBODY}"
    assert lines[5:] == ["6 in all",
                         "0:3 2026-01-01T00:00:00.003Z events.hits[0]@13 cookie:kiosk not Avro",
                         "0:4 2026-01-01T00:00:00.004Z activations.email[0]@-1 cookie:kiosk template failed",
                         "0:5 2026-01-01T00:00:00.005Z events.hits[0]@15 a record without value"]


@pytest.mark.usefixtures("sent")
def test_as_json_it_has_the_records_as_they_came(said: Said) -> None:
    found = json.loads(said("list", "--json", "--reason", "not Avro")[1])
    assert found["count"] == 1
    assert found["reasons"] == [{"topic": "events.hits", "stage": "events", "reason": "not Avro", "count": 1}]
    [only] = found["dead_letters"]
    assert (only["id"], only["at"], only["key"], only["value_hex"]) == (
        "0:3", "2026-01-01T00:00:00.003Z", "cookie:kiosk", "ff00")
    none = json.loads(said("list", "--json", "--last", "0")[1])
    assert (none["count"], none["dead_letters"]) == (6, [])


def test_what_the_rules_accept_now_is_sent_as_it_was_first_received(said: Said, sent: list[tuple[object, ...]]) -> None:
    code, _, told = said("replay", "--reason", NOBODY)
    assert code == 0 and "2 of 2 sent again" in told
    (topic, key, value, headers), second = sent
    assert (topic, key, headers) == ("events.hits", b"cookie:kiosk", [("trace", b"7"), ("audience-replayed", b"1")])
    assert orjson.loads(value) == {**orjson.loads(hit()), "receivedAt": AT + 1}  # type: ignore[arg-type]
    assert second[2] == hit(receivedAt=AT)


def test_old_ones_trigger_messages_only_if_that_is_asked_for(said: Said, sent: list[tuple[object, ...]]) -> None:
    said("replay", "0:1", "0:2", "--activate-old")
    assert [record[3] for record in sent] == [[("trace", b"7")], []]


def test_what_would_be_refused_again_stays_with_todays_reason(said: Said, sent: list[tuple[object, ...]]) -> None:
    code, _, told = said("replay", "--all")
    assert code == 1 and len(sent) == 2
    for reason in ("type is missing or none of", "no event, but a record of activations.email", "no bytes of it were kept"):
        assert f"1 not sent: {reason}" in told
    assert "2 of 6 sent again" in told


def test_what_the_topic_does_not_take_is_not_said_to_be_sent(
    said: Said, sent: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dead_letters, "dead_letters", lambda _: iter([*LETTERS[:2], letter(6, TOO_LARGE)]))
    code, _, told = said("replay", "--all")
    assert code == 1 and len(sent) == 2
    assert "1 not sent: with the time of its receipt it is larger" in told and "2 of 3 sent again" in told


def test_the_rules_are_those_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    in_force(monkeypatch, **{"identity/rules": BLOCKS})
    with pytest.raises(Rejected, match="no identifier"):
        by_rules_in_force(Settings.read({}))(LETTERS[0])
    in_force(monkeypatch)
    assert by_rules_in_force(Settings.read({}))(LETTERS[1]) == LETTERS[1].value


def test_an_id_that_there_is_not_is_named_and_nothing_is_sent(said: Said, sent: list[tuple[object, ...]]) -> None:
    code, _, told = said("replay", "0:1", "7:7")
    assert code == 1 and not sent
    assert "no dead letter 7:7; expected an id as `audience dead-letters list` shows it" in told


@pytest.mark.parametrize(("value", "expected"), [
    (b"\x00\x00\x00\x00\x07...", "names schemas by a registry's ids; set AUDIENCE_REGISTRY"),
    (b"{}", "a record on Kafka is not readable: not-avro: dead_letter cannot be decoded"),
])
def test_records_that_cannot_be_read_are_a_sentence(
    said: Said, monkeypatch: pytest.MonkeyPatch, value: bytes, expected: str,
) -> None:
    monkeypatch.setattr(dead_letters, "dead_letters", lambda _: iter([Codec().decode("dead_letter", value)]))
    code, _, told = said("list")
    assert code == 1 and told.startswith("audience dead-letters list: ") and expected in told
