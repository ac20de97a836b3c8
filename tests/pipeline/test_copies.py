"""Copies are known for what they are wherever the memory of them has moved to."""
from __future__ import annotations

import pytest

from streams.core.copies import FULL
from streams.testing import Pipeline

START = 1_767_225_600_000


def hit(number: int) -> dict[str, object]:
    return {"type": "track", "event": "A", "anonymousId": "c1", "messageId": f"m{number}", "timestamp": START + number}


@pytest.mark.parametrize("hits", [FULL - 1, FULL, FULL + 1, 3 * FULL])
def test_a_copy_counts_once_after_the_cookie_got_a_pointer(hits: int) -> None:
    pipeline = Pipeline(partitions=2)
    for number in range(hits):
        pipeline.send(hit(number), START + number)
    pipeline.send({"type": "identify", "anonymousId": "c1", "userId": "u1", "messageId": "login"}, START + hits)
    for number in (0, 5, hits - 1):
        pipeline.send(hit(number), START + hits + 1)
    seen = pipeline.profile("cookie:c1")
    assert seen is not None
    assert seen["events"] == hits + 1


def test_an_identifier_that_lost_all_its_events_enters_everyone_once() -> None:
    pipeline = Pipeline({"segment/all": {"kind": "segment", "id": "all", "rule": {"everyone": {}}}}, partitions=2)
    identify = {"type": "identify", "anonymousId": "c1"}
    pipeline.send({**identify, "userId": "jane", "messageId": "1", "timestamp": START}, START)
    pipeline.send({"type": "track", "event": "A", "anonymousId": "c1", "messageId": "2", "timestamp": START + 5}, START + 5)
    pipeline.send({**identify, "userId": "john", "messageId": "3", "timestamp": START + 1}, START + 6)
    pipeline.send({"type": "track", "event": "A", "anonymousId": "c1", "messageId": "4", "timestamp": START + 7}, START + 7)
    turns: dict[str, list[str]] = {}
    for change in pipeline.memberships:
        turns.setdefault(change.profile_id, []).append(change.change)
    assert all(found == ["entered"] for found in turns.values())
    assert len(turns) == 2
