"""Law L8 for the button: a press that is killed between any two calls goes on as if nothing had been.

The real task in the real unit of work; the successor's units are those that the dead worker would have run, so topics
are compared record for record.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from streams.task import presses
from streams.task.publishing import Published, press, records, revise
from streams.unit import Inbound
from tests.kafka.counting import HITS
from tests.pipeline.crashing import Scissors, World, killed_anywhere, live
from tests.pipeline.test_backfill_crashes import CODEC, START, _task

PEOPLE = 7
PRESSED = START + 60_000
DOCUMENTS: dict[str, Any] = {
    "segment/all": {"kind": "segment", "id": "all", "rule": {"everyone": {}}},
    "campaign/c": {"kind": "campaign", "id": "c", "segment": "all", "status": "paused", "channels": {
        "email": {"subject": "Hello", "text": "Hi", "purpose": "mail"}}}}


def definitions(changed: dict[str, Published], revision: int, at: int) -> Iterator[tuple[str, bytes, bytes, int]]:
    for key, record in records(changed, revision, at):
        yield "definitions", key.encode(), CODEC.encode("definition", record), at


def says(number: int, who: int, at: int, *, permits: bool = True) -> tuple[str, bytes, bytes, int]:
    message = {"type": "identify", "messageId": f"m{number}", "timestamp": at, "receivedAt": at, "traits": {
        "email": f"p{who}@example.org"}, "context": {"consent": {"purposes": {"mail": permits}}}}
    return HITS, b"email:p%d@example.org" % who, orjson.dumps(message), at


def world(per_second: float | None) -> World:
    """Seven people, the button a minute later, one of the last in the queue withdrawing consent, one turning up again."""
    standing = revise({}, DOCUMENTS)
    rows = [*definitions(standing, 1, START), *(says(who, who, START) for who in range(PEOPLE))]
    pressed = press(standing["campaign/c"], 2, per_second)
    assert pressed is not None
    rows += definitions({"campaign/c": pressed}, 2, PRESSED)
    rows += [says(10, 6, PRESSED + 1, permits=False), says(11, 5, PRESSED + 2)]
    inbound = [Inbound(topic, 0, offset, key, value, at) for offset, (topic, key, value, at) in enumerate(rows)]
    return World(inbound, new_processor=_task, wall=PRESSED + 60_000)


def told(world: World) -> list[str]:
    return [sent.key.decode() for sent in world.topics if sent.topic == "activations.email"]


@pytest.fixture(autouse=True)
def slices_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presses, "PEOPLE_A_SLICE", 2)


@pytest.mark.parametrize("per_second", [None, 100.0])
@pytest.mark.parametrize("loses_disk", [False, True])
def test_l8_a_press_killed_between_any_two_calls_activates_everyone_once(
    *, loses_disk: bool, per_second: float | None,
) -> None:
    whole = killed_anywhere(lambda: world(per_second), loses_disk=loses_disk)
    assert sorted(told(whole)) == [f"email:p{who}@example.org" for who in range(PEOPLE - 1)]


def test_a_paused_campaigns_press_stays_where_it_is_and_asks_for_no_work() -> None:
    found = world(None)
    paused = replace(revise({}, DOCUMENTS)["campaign/c"], state="paused")
    last = [Inbound("definitions", 0, len(found.records) + place, key, value, at)
            for place, (_, key, value, at) in enumerate(definitions({"campaign/c": paused}, 3, PRESSED + 3))]
    found.records += last
    live(found, Scissors(), size=len(found.records))
    assert told(found) == []
