"""Anonymous profiles that nobody comes back to end, at the millisecond, with everything that was known of them."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streams import backtest
from streams.core import expiry
from streams.core.endings import Keep
from streams.core.outputs import MembershipsNow, ProfileGone
from streams.core.profile import LEAVING
from streams.core.requests import Suppressing
from streams.testing import Pipeline
from streams.unit import TABLES
from tests.pipeline.holding import holding
from tests.pipeline.worlds import people
from tests.strategies import DAY, EVERYTHING, HOUR, START

Message = dict[str, Any]
IDLE = 395 * DAY
WEEK = 7 * DAY
PARTITIONS = pytest.mark.parametrize("partitions", [1, 4, 16])
CONSENT: Message = {"type": "track", "event": "Consent Preference Updated",
                    "properties": {"purposes": {"personalised-ads": True}}}
LONE: Message = {"anonymousId": "c1"}
LINKED: Message = {"anonymousId": "c1", "context": {"device": {"id": "d1"}}}
KINDS = pytest.mark.parametrize("who", [LONE, LINKED], ids=["lone", "linked"])


def event(number: int, at: int, who: Message = LONE, **fields: Any) -> Message:
    return {"type": "track", "event": "Order Completed", "messageId": f"m{number}", "timestamp": at, **who, **fields}


def visitor(partitions: int, who: Message, definitions: Message = EVERYTHING) -> Pipeline:
    """Seen twice, the last time at START, and in the audience of a campaign."""
    pipeline = Pipeline(definitions, partitions)
    pipeline.send(event(1, START - HOUR, who, **CONSENT), START - HOUR)
    pipeline.send(event(2, START, who), START)
    return pipeline


def identity(expire_after: str) -> Message:
    return {"identity/one": {"kind": "identity", "id": "one", "anonymous_expire_after": expire_after}}


def traces(pipeline: Pipeline, *values: bytes) -> list[tuple[str, bytes]]:
    """Where any of the values still is, in keys or rows of any table."""
    return [(table, key) for store in pipeline.stores for table in TABLES if table != "meta"
            for key, row in store.scan(table, b"", b"\xff\xff", 1 << 30) if any(v in key or v in row for v in values)]


@PARTITIONS
@KINDS
def test_who_does_not_come_back_is_forgotten_at_the_millisecond_and_not_before(partitions: int, who: Message) -> None:
    pipeline = visitor(partitions, who)
    pipeline.advance(to=START + IDLE - 1)
    assert len(people(pipeline)) == 1
    told = len(pipeline.collected.outputs)
    pipeline.advance(by=1)
    assert people(pipeline) == {}
    lines = [line for line in pipeline.memberships if line.at == START + IDLE]
    assert {(line.segment_id, line.change, line.cause) for line in lines} == {
        (segment, "exited", "time") for segment in ("everybody", "once", "browsers")}
    assert {line.because for line in lines} == {"anonymous, and no event for 395d"}
    assert sum(isinstance(output, ProfileGone) for output in pipeline.collected.outputs[told:]) == 1
    out = [a for a in pipeline.activations("display") if a.at == START + IDLE]
    assert {(a.campaign_id, a.change) for a in out} == {("thanks", "exited")}
    records = [output for output in pipeline.collected.outputs if isinstance(output, MembershipsNow)]
    assert set({record.identifier: record.segments for record in records}.values()) == {None}


@PARTITIONS
@KINDS
def test_nothing_of_them_is_left_in_any_table(partitions: int, who: Message) -> None:
    pipeline = visitor(partitions, who)
    for number in range(200):
        pipeline.send(event(10 + number, START, who), START)
    assert traces(pipeline, b"c1", b"d1")
    pipeline.advance(to=START + IDLE + (0 if who is LONE else WEEK))
    assert traces(pipeline, b"c1", b"d1") == []
    assert all(task.next_timer() is None for task in pipeline.tasks)


@PARTITIONS
@KINDS
@pytest.mark.parametrize("early", [1, 0])
def test_an_event_before_the_end_or_at_its_instant_renews(partitions: int, who: Message, early: int) -> None:
    pipeline = visitor(partitions, who)
    back = START + IDLE - early
    pipeline.send(event(3, back, who), back)
    pipeline.advance(to=back + IDLE - 1)
    found = pipeline.profile("cookie:c1")
    assert found is not None and found["events"] == 3
    pipeline.advance(by=1)
    assert people(pipeline) == {}


@PARTITIONS
@KINDS
@pytest.mark.parametrize("late", [1, HOUR, WEEK - 1, WEEK, WEEK + 1])
def test_an_event_after_the_end_starts_afresh(partitions: int, who: Message, late: int) -> None:
    pipeline = visitor(partitions, who)
    back = START + IDLE + late
    pipeline.send(event(3, back, who), back)
    (ids,) = people(pipeline).values()
    assert ids == ["m3"]
    found = pipeline.profile("cookie:c1")
    assert found is not None and found["events"] == 1 and found["first_seen"] == back
    pipeline.send(event(4, back + 1, {"userId": "u1", **who}), back + 1)
    assert sorted(people(pipeline).popitem()[1]) == ["m3", "m4"]
    pipeline.advance(by=2 * IDLE)
    found = pipeline.profile("cookie:c1")
    assert found is not None and found["events"] == 2


@PARTITIONS
@KINDS
def test_only_the_receipt_of_events_counts(partitions: int, who: Message) -> None:
    """Not their own time, nor definitions, nor what time alone does, nor a copy."""
    pipeline = visitor(partitions, who)
    late = START + 10 * DAY
    pipeline.send(event(3, START - 300 * DAY, who), late)
    pipeline.send(event(3, START - 300 * DAY, who), late + DAY)
    pipeline.apply({key: row for key, row in EVERYTHING.items() if key != "segment/spent"})
    pipeline.advance(to=late + IDLE - 1)
    assert len(people(pipeline)) == 1
    pipeline.advance(by=1)
    assert people(pipeline) == {}


@PARTITIONS
def test_identified_people_never_end_by_this(partitions: int) -> None:
    pipeline = visitor(partitions, LONE)
    pipeline.send(event(3, START + IDLE - 1, {"anonymousId": "c1", "userId": "u1"}), START + IDLE - 1)
    pipeline.send(event(4, START, {"userId": "u2"}))
    pipeline.advance(by=3 * IDLE)
    assert {len(who) for who in people(pipeline)} == {1, 2}


@PARTITIONS
def test_who_a_split_leaves_anonymous_ends_a_while_after_their_own_last_event(partitions: int) -> None:
    pipeline = visitor(partitions, LONE)
    pipeline.send(event(3, START + DAY, {"anonymousId": "c1", "userId": "u1"}), START + DAY)
    pipeline.advance(to=START + 2 * DAY)
    pipeline.split("customer_id:u1", "cookie:c1")
    pipeline.advance(to=START + IDLE - 1)
    assert len(people(pipeline)) == 2
    pipeline.advance(by=1)
    assert set(people(pipeline)) == {frozenset({"customer_id:u1"})}


@PARTITIONS
def test_who_a_split_leaves_with_older_events_than_were_decided_ends_with_those(partitions: int) -> None:
    """The event that linked the two leaves with the device."""
    pipeline = visitor(partitions, LONE)
    pipeline.send(event(3, START + DAY, LINKED), START + DAY)
    pipeline.split("cookie:c1", "device_id:d1")
    pipeline.advance(to=START + IDLE - 1)
    assert len(people(pipeline)) == 2
    pipeline.advance(by=1)
    assert people(pipeline) == {frozenset({"device_id:d1"}): ["m3"]}
    pipeline.advance(by=DAY)
    assert people(pipeline) == {}


def test_who_may_not_end_yet_asks_again_later_and_not_at_once() -> None:
    """Each time after twice the pause, up to a day: for a word that never comes nobody asks every minute for ever."""
    pipeline = visitor(1, LINKED)
    task, profile = pipeline.tasks[0], pipeline.profiles()[0]
    pauses = []
    task.context.wall = pipeline.now = START + IDLE
    for _ in range(14):
        assert expiry.due(task.context, profile.key, pipeline.now)
        expiry.keep(task.context, Keep(profile.key, profile.heard))
        pauses.append(profile.expiry[0] - pipeline.now)
        task.context.wall = pipeline.now = profile.expiry[0]
    assert pauses[:4] == [expiry.ASK_AGAIN * times for times in (1, 1, 2, 4)]
    assert pauses[-2:] == [expiry.ASK_AT_LAST] * 2 and pauses == sorted(pauses)
    pipeline.advance(to=pipeline.now + 1)
    assert people(pipeline) == {}


def test_who_is_to_live_on_while_fragments_are_awaited_is_written_down() -> None:
    """A restart would find it asking still, and it would never end."""
    pipeline = visitor(1, LINKED)
    task, profile = pipeline.tasks[0], pipeline.profiles()[0]
    profile.standing, profile.handovers = LEAVING, {"another": 1}
    task.state.changes()
    expiry.keep(task.context, Keep(profile.key, profile.heard - 1))
    assert [(change.table, change.key) for change in task.state.changes()] == [("profiles", profile.key.encode())]


@PARTITIONS
@KINDS
def test_the_idle_time_is_a_definition_that_holds_for_those_who_are_there(partitions: int, who: Message) -> None:
    pipeline = visitor(partitions, who, EVERYTHING | identity("never"))
    pipeline.advance(by=IDLE)
    assert len(people(pipeline)) == 1
    pipeline.apply(EVERYTHING | identity("500d"))
    pipeline.advance(to=START + 450 * DAY)
    pipeline.apply(EVERYTHING | identity("480d"))
    pipeline.advance(to=START + 480 * DAY - 1)
    assert len(people(pipeline)) == 1
    pipeline.advance(by=1)
    assert people(pipeline) == {}


def test_the_order_of_the_world_does_not_depend_on_partitions_or_turns(tmp_path: Path) -> None:
    """Many end at one instant, some linked, some lone; others come back at once."""
    def story(partitions: int, seed: int) -> dict[str, bytes]:
        pipeline = Pipeline(EVERYTHING, partitions, seed=seed)
        for number in range(12):
            who = {"anonymousId": f"c{number % 5}", "context": {"device": {"id": f"d{number % 5}"}} if number % 3 else {}}
            pipeline.send(event(number, START, who, **(CONSENT if number > 5 else {})), START)
        for number in range(3):
            at = START + IDLE + number
            pipeline.send(event(20 + number, at, {"anonymousId": f"c{number}"}), at)
        pipeline.advance(by=2 * IDLE)
        backtest.write(pipeline, {}, [], tmp_path)
        return {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    one = story(1, 0)
    assert one == story(4, 1) == story(16, 2) == story(16, 3)
    assert one["identity.jsonl"].count(b'"erased"') >= 5


def test_who_ends_while_a_suppression_of_theirs_is_under_way_stays_ended() -> None:
    pipeline = visitor(1, LONE)
    with holding(pipeline, lambda sent: isinstance(sent, Suppressing)) as held:
        pipeline.request("suppress", "cookie:c1")
        pipeline.advance(to=START + IDLE + 2 * WEEK)
    assert len(held.words) == 1 and pipeline.profiles() == []
    held.come()
    assert pipeline.profiles() == []
