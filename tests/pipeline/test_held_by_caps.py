"""A message over a cap waits: for exactly as long as the cap is reached, and no longer than it is valid."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from streams import cli
from streams.testing import Pipeline
from tests.pipeline.test_campaigns import DAY, HOUR, QUIET, START, Person, campaign, ms, reasons, sent, world

WEEKLY = {"at_most": 1, "per": "7d"}
REACHED = "cap reached: 1 in 604800 s over campaign"


def capped(cap: Any = WEEKLY, context: Any = None, **fields: Any) -> tuple[Pipeline, Person]:
    """Order 1 was answered at the start; order 2 came an hour later and waits."""
    pipeline = world(campaign("c", cap=cap, **fields))
    person = Person(pipeline, **(context or {}))
    person.becomes(fan=True)
    person.orders(1)
    pipeline.advance(by=HOUR)
    person.orders(2)
    assert sent(pipeline) == ["1"] and not reasons(pipeline)
    return pipeline, person


def test_goes_out_at_the_very_millisecond_at_which_the_cap_frees() -> None:
    pipeline, _ = capped()
    pipeline.advance(to=START + 7 * DAY - 1)
    assert sent(pipeline) == ["1"]
    pipeline.advance(by=1)
    assert [(a.content["text"], a.at) for a in pipeline.activations()][1:] == [("2", START + 7 * DAY)]


def test_what_waits_goes_out_one_by_one_in_the_order_of_its_triggers() -> None:
    pipeline, person = capped()
    person.orders(3)
    pipeline.advance(by=DAY)
    person.orders(4)
    pipeline.advance(by=28 * DAY)
    assert [(a.content["text"], (a.at - START) / DAY) for a in pipeline.activations()] == [
        ("1", 0), ("2", 7), ("3", 14), ("4", 21)]


@pytest.mark.parametrize(("zone", "midnight"), [
    ("Europe/Amsterdam", "2026-01-13T00:00:00+01:00"), ("America/New_York", "2026-01-13T00:00:00-05:00")])
def test_a_calendar_cap_frees_at_the_persons_midnight(zone: str, midnight: str) -> None:
    pipeline, _ = capped({"at_most": 1, "per": "1d", "mode": "calendar"}, {"timezone": zone})
    pipeline.advance(to=ms(midnight) - 1)
    assert sent(pipeline) == ["1"]
    pipeline.advance(by=1)
    assert sent(pipeline) == ["1", "2"]


def test_a_cap_that_frees_in_quiet_hours_waits_for_their_end_too() -> None:
    pipeline, _ = capped({"at_most": 1, "per": "12h"}, quiet_hours=QUIET)
    pipeline.advance(by=2 * DAY)
    assert [a.at for a in pipeline.activations()] == [START, ms("2026-01-13T08:00:00+01:00")]


def test_of_two_caps_the_one_that_lasts_longer_decides() -> None:
    pipeline, _ = capped([{"at_most": 1, "per": "2h"}, {"at_most": 1, "per": "3d", "over": "everything"}])
    pipeline.advance(by=4 * DAY)
    assert [a.at for a in pipeline.activations()] == [START, START + 3 * DAY]


def test_l6_consent_counts_at_the_moment_of_sending() -> None:
    pipeline, person = capped()
    person.says(event="Consent Preference Updated", properties={"purposes": {"mail": False}}, context={"consent": {}})
    pipeline.advance(by=7 * DAY)
    assert sent(pipeline) == ["1"] and reasons(pipeline) == ["consent for mail withdrawn"]


def test_it_is_given_up_at_the_very_end_of_its_validity_with_the_reason() -> None:
    pipeline, _ = capped(valid_for="2d")
    pipeline.advance(to=START + HOUR + 2 * DAY - 1)
    assert not reasons(pipeline)
    pipeline.advance(by=1)
    assert reasons(pipeline) == [f"expired while held: {REACHED}"]
    pipeline.advance(by=7 * DAY)
    assert sent(pipeline) == ["1"] and not any(profile.held for profile in pipeline.profiles())


@pytest.mark.parametrize(("ends", "texts"), [("11:00:00.000Z", ["1"]), ("11:00:00.001Z", ["1", "2"])])
def test_a_cap_that_frees_as_the_campaign_ends_is_too_late(ends: str, texts: list[str]) -> None:
    pipeline, _ = capped(ends=f"2026-01-19T{ends}")
    pipeline.advance(by=8 * DAY)
    assert sent(pipeline) == texts
    assert reasons(pipeline) == ([] if len(texts) == 2 else [f"expired while held: {REACHED}"])


def test_an_activation_says_until_when_it_is_valid() -> None:
    pipeline, _ = capped(valid_for="8d", ends="2026-01-20T11:00:00Z")
    pipeline.advance(by=8 * DAY)
    assert [a.expires_at for a in pipeline.activations()] == [START + 8 * DAY, START + 8 * DAY]
    pipeline, _ = capped(valid_for="8d")
    pipeline.advance(by=8 * DAY)
    assert [a.expires_at for a in pipeline.activations()] == [START + 8 * DAY, START + HOUR + 8 * DAY]


def test_more_than_may_wait_is_suppressed_with_its_reason() -> None:
    pipeline, person = capped()
    for n in range(3, 53):
        person.orders(n)
    assert reasons(pipeline) == [f"{REACHED}, and 50 messages wait already"]


def test_what_an_absorbed_profile_waited_with_goes_out_under_the_cap_of_both() -> None:
    pipeline, _ = capped()
    lone = {"anonymousId": "c9", "context": {"consent": {"purposes": {"mail": True}}, "traits": {"email": "n@example.org"}}}
    pipeline.send(lone | {"type": "identify", "traits": {"fan": True}, "messageId": "x"})
    for n in (8, 9):
        pipeline.send(lone | {"type": "track", "event": "Order Completed", "properties": {"n": n}, "messageId": f"x{n}"})
    pipeline.send({"type": "identify", "anonymousId": "c9", "userId": "u", "messageId": "merge"})
    pipeline.advance(by=30 * DAY)
    assert [a.at - START for a in pipeline.activations()] == [0, HOUR, 7 * DAY + HOUR, 14 * DAY + HOUR]
    assert sent(pipeline) == ["1", "8", "2", "9"]


def _backtest(folder: Path, partitions: int) -> bytes:
    until = str(START + 40 * DAY)
    assert cli.main(["backtest", str(folder / "events.jsonl"), "--definitions", str(folder / "rules"), "--output",
                     str(folder / "out"), "--partitions", str(partitions), "--seed", str(partitions), "--until", until]) == 0
    return (folder / "out" / "activations.jsonl").read_bytes()


def test_a_backtest_says_the_same_for_any_number_of_partitions(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    fans = {"kind": "segment", "id": "fans", "rule": {"everyone": {}}}
    for document in (fans, *campaign("c", cap=WEEKLY).values(), *campaign("d", cap=WEEKLY | {"over": "channel"}).values()):
        (tmp_path / "rules" / f"{document['id']}.json").write_bytes(orjson.dumps(document))
    context = {"consent": {"purposes": {"mail": True}}}
    who = [{"userId": f"u{n % 7}", "anonymousId": f"c{n % 5}",
            "context": context | {"traits": {"email": f"u{n % 7}@example.org"}}} for n in range(40)]
    events = [{"type": "track", "event": "Order Completed", "messageId": f"m{n}", "timestamp": START + n * HOUR,
               "properties": {"n": n}, **each} for n, each in enumerate(who)]
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(map(orjson.dumps, events)))
    first = _backtest(tmp_path, 1)
    assert first.count(b"\n") > 40
    assert _backtest(tmp_path, 4) == _backtest(tmp_path, 16) == first
