"""Law L8 for erasures: killed between any two calls, in the decision or in the walk a week later, it ends as if nothing had
been, and with one receipt.

The real task in the real unit of work; the successor's units are those that the dead worker would have run, so topics
are compared record for record.
"""
from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.task import redactions
from streams.task.publishing import records, revise
from streams.task.requesting import request
from streams.unit import TABLES, Inbound
from tests.kafka.counting import HITS
from tests.pipeline.crashing import Scissors, World, killed_anywhere, live
from tests.pipeline.erased import DAY, STATED, found_in
from tests.pipeline.test_backfill_crashes import CODEC, START, _task

VALUES = ("jane-77", "jane@example.org", "janes-cookie")
DOCUMENTS: dict[str, Any] = {"segment/all": {"kind": "segment", "id": "all", "rule": {"everyone": {}}}}


def says(number: int, **who: Any) -> tuple[str, bytes, bytes, int]:
    at = START + number
    message = {"type": "identify", "messageId": f"m{number}", "timestamp": at, "receivedAt": at, **who}
    return HITS, b"any", orjson.dumps(message), at


def world() -> World:
    """Jane, three friends who name her, the request that she is forgotten, and her first event again."""
    rows = [("definitions", key.encode(), CODEC.encode("definition", record), START)
            for key, record in records(revise({}, DOCUMENTS), 1, START)]
    hers = {"userId": "jane-77", "anonymousId": "janes-cookie"}
    rows += [says(1, **hers, traits={"email": "jane@example.org"})]
    rows += [says(number, userId=f"friend-{number}", traits={"friend": "Jane@example.org"}) for number in (2, 3, 4)]
    asked = request("erase", "cookie:janes-cookie", request_id="r1", source="test", at=START + 5)
    rows += [("privacy.requests", b"any", CODEC.encode("privacy_request", asked), START + 5), says(6, **hers)]
    inbound = [Inbound(topic, 0, offset, key, value, at) for offset, (topic, key, value, at) in enumerate(rows)]
    return World(inbound, new_processor=_task, wall=START + 10)


def live_on(world: World, scissors: Scissors) -> None:
    """Until the request is answered, then the days until nothing is left (all at once, so the walk is a day late)."""
    for wall in (START + 10, START + STATED, START + STATED + DAY):
        world.wall = max(world.wall, wall)
        live(world, scissors)


@pytest.mark.parametrize("loses_disk", [False, True])
def test_l8_an_erasure_killed_between_any_two_calls_ends_as_if_nothing_had_been(
    monkeypatch: pytest.MonkeyPatch, *, loses_disk: bool,
) -> None:
    monkeypatch.setattr(redactions, "ROWS_A_SLICE", 2)
    whole = killed_anywhere(world, loses_disk=loses_disk, lived=live_on)
    receipts = [sent for sent in whole.topics if sent.topic == "privacy.receipts"]
    assert len(receipts) == 1 and len([sent for sent in whole.topics if sent.topic == "dead-letters"]) == 1
    rows = [(table, key, row) for table in TABLES for key, row in whole.disk.store.scan(table, b"", b"\xff\xff", 1 << 30)]
    assert found_in(rows, ["friend-3"]) and found_in(rows, VALUES) == []
