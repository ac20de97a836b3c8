"""How much of what no record asks for a unit takes on: so much as events hardly wait for, whatever it costs here."""
from __future__ import annotations

from math import ceil
from typing import Any
from unittest.mock import patch

import orjson
import pytest

from streams.pipeline import NO_TIMERS, Pipeline
from streams.runtime.work.portion import AIM, LEAST, Portion
from streams.task.partitioning import partition_of
from streams.task.sweep import PROFILES_A_SLICE
from streams.task.task import AT_ONCE, TIMERS_A_UNIT
from streams.unit import Inbound

MANY = 400
HOUR = 3_600_000


@pytest.mark.parametrize("each", [AIM / 20, AIM / 100, AIM / 400], ids=["slow", "usual", "fast"])
def test_a_unit_settles_at_the_aim(each: float) -> None:
    most, portion = 100, Portion()
    for _ in range(20):
        portion.learn(most * portion.share * each)
    assert most * portion.share * each == pytest.approx(min(AIM, most * each))


def test_one_unit_that_was_interrupted_changes_little_and_many_leave_something() -> None:
    portion = Portion()
    portion.learn(10.0)
    assert portion.share > 0.5
    for _ in range(100):
        portion.learn(10.0)
    assert portion.share == LEAST


def test_units_with_little_to_do_are_no_reason_for_less() -> None:
    portion = Portion()
    for _ in range(10):
        portion.learn(0.0)
    assert portion.share == 1.0


@pytest.mark.parametrize("portion", [1.0, 0.1, 0.0001])
def test_timers_and_a_backfill_are_done_by_portions_and_wholly(portion: float) -> None:
    pipeline = Pipeline(seen("1h"), partitions=1)
    for number in range(MANY):
        pipeline.send({"type": "track", "event": "Seen", "anonymousId": f"c{number}", "messageId": f"m{number}"})
    assert changes(pipeline, portion, HOUR - 1) == []
    left = changes(pipeline, portion, HOUR)
    assert left[0] == ceil(TIMERS_A_UNIT * portion) and sum(left) == MANY
    with patch.object(pipeline, "_drain"):
        pipeline.apply(seen("2h"))
    pipeline.stores[0].write(pipeline.tasks[0].run(list(pipeline._waiting[0]), 0, NO_TIMERS).changes)
    entered = changes(pipeline, portion, NO_TIMERS)
    assert entered[0] == ceil(PROFILES_A_SLICE * portion) and sum(entered) == MANY


@pytest.mark.parametrize("records", [1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE - 1])
def test_every_record_of_a_unit_is_handled_however_many_are_read_at_once(records: int) -> None:
    """Each is an event or a dead letter (L9), whichever portion it is in; here the last is no JSON."""
    pipeline = Pipeline(seen("1h"), partitions=1)
    said = [orjson.dumps({"type": "track", "event": "Seen", "anonymousId": f"c{number % 7}", "messageId": f"m{number}"})
            for number in range(records)]
    batch = [Inbound("events.hits", 0, offset, None, value, 1_000) for offset, value in enumerate([*said, b"{"])]
    pipeline.stores[0].write(pipeline.tasks[0].run(batch, 1_000, NO_TIMERS).changes)
    counted = [fragment.events for profile in pipeline.profiles() for fragment in profile.fragments.values()]
    assert sum(counted) == records and len(counted) == min(7, records)
    assert [record.offset for record, _ in pipeline.rejected] == [records]


def test_what_stands_behind_a_revision_is_read_by_it_and_told_behind_it() -> None:
    """In one portion of one unit: the same visitor before and behind the rule that blocks them."""
    pipeline = Pipeline(partitions=2)
    away = next(f"c{number}" for number in range(9) if partition_of(f"cookie:c{number}", 2) == 1)
    with patch.object(pipeline, "_drain"):
        pipeline.apply({"identity/i": {"kind": "identity", "id": "i", "namespaces": {"cookie": {"blocked": [away]}}}})
    visit = orjson.dumps({"type": "track", "event": "Seen", "anonymousId": away})
    before, behind = (Inbound("events.hits", 0, offset, None, visit, 1_000) for offset in (1, 2))
    outcome = pipeline.tasks[0].run([before, *pipeline._waiting[0], behind], 1_000, NO_TIMERS)
    sent = [pipeline._codec.decode("command", each.value or b"")["kind"] for each in outcome.sends]
    assert sent == ["arrive", "stage", "revise"]
    assert [record.offset for record, _ in pipeline.rejected] == [2]


def changes(pipeline: Pipeline, portion: float, timers_until: int) -> list[int]:
    """Of memberships, in each unit of work without records until there is nothing to do."""
    [task], [store], found = pipeline.tasks, pipeline.stores, []
    while task.busy() or ((due := task.next_timer()) is not None and due <= timers_until):
        before = len(pipeline.memberships)
        store.write(task.run([], 0, timers_until, portion).changes)
        found.append(len(pipeline.memberships) - before)
    return found


def seen(within: str) -> dict[str, Any]:
    return {"segment/in": {"kind": "segment", "id": "in", "rule": {"performed": {"event": "Seen", "within": within}}}}
