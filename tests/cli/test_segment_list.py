"""What `audience segment list` says, from the answers of a pipeline's own tasks."""
from __future__ import annotations

from streams.cli.segments import readable
from streams.core.values import Json
from streams.runtime.outside.definitions_log import History
from streams.runtime.outside.overview import segments
from streams.standing import Standing
from streams.task.answers import standing_of
from streams.testing import Pipeline

EVERYONE = {"kind": "segment", "id": "everyone", "name": "All of them", "rule": {"everyone": {}}}
BUYERS = {"kind": "segment", "id": "buyers", "rule": {"performed": {"event": "Order Completed", "within": "30d"}}}
BOTH = {"segment/everyone": EVERYONE, "segment/buyers": BUYERS}


def shop(definitions: dict[str, Json] = BOTH) -> Pipeline:
    pipeline = Pipeline(definitions, 3)
    for place in range(20):
        name = "Order Completed" if place % 4 == 0 else "Page Viewed"
        pipeline.send({"type": "track", "event": name, "anonymousId": f"c{place}", "messageId": f"m{place}"}, 1_000)
    return pipeline


def asked(pipeline: Pipeline) -> dict[int, Standing]:
    return {answer.partition: standing_of(answer.body) for answer in pipeline.ask()}


def test_every_segment_with_version_state_and_members() -> None:
    pipeline = shop()
    pipeline.apply({**BOTH, "segment/buyers": {**BUYERS, "owner": "ann"}})
    found = segments(History(heads=pipeline._standing), asked(pipeline), 3)
    assert [(row["id"], row["name"], row["version"], row["state"], row["members"]) for row in found["segments"]] == [
        ("buyers", "", 2, "live", 5), ("everyone", "All of them", 1, "live", 20)]
    assert (found["profiles"], found["is_building"], found["progress"]) == (20, False, 1.0)
    assert sum(task["members"] for task in found["segments"][0]["by_task"]) == 5
    assert [task["task"] for task in found["tasks"]] == [0, 1, 2]


def test_a_task_that_did_not_hear_of_the_version_yet_is_building() -> None:
    pipeline = shop()
    standings = asked(pipeline)
    pipeline.apply({**BOTH, "segment/buyers": {**BUYERS, "owner": "ann"}})
    found = segments(History(heads=pipeline._standing), standings, 3)
    assert {row["id"]: row["state"] for row in found["segments"]} == {"buyers": "building", "everyone": "live"}


def test_what_is_not_known_is_not_guessed() -> None:
    pipeline = shop()
    some = {task: found for task, found in asked(pipeline).items() if task != 1}
    assert {row["state"] for row in segments(History(heads=pipeline._standing), some, 3)["segments"]} == {"unknown"}
    nobody = segments(History(heads=pipeline._standing), {}, 3)
    assert [(row["state"], row["members"]) for row in nobody["segments"]] == [("unknown", None)] * 2
    assert "          ?" in "\n".join(readable(nobody))


def test_a_deleted_segment_is_listed_while_somebody_is_still_in_it() -> None:
    pipeline = shop()
    inside = asked(pipeline)
    pipeline.apply({"segment/everyone": EVERYONE})
    during = segments(History(heads=pipeline._standing), inside, 3)["segments"]
    assert [(row["id"], row["state"], row["members"]) for row in during] == [
        ("buyers", "leaving", 5), ("everyone", "live", 20)]
    assert [row["id"] for row in segments(History(heads=pipeline._standing), asked(pipeline), 3)["segments"]] == ["everyone"]


def test_for_people_it_is_a_table_with_the_backfill_below() -> None:
    pipeline = shop()
    found = segments(History(heads=pipeline._standing), asked(pipeline), 3)
    assert list(readable(found)) == [
        "segment   version  state        members",
        "buyers          1  live               5",
        "everyone        1  live              20",
        "20 profiles in 3 tasks"]
    found |= {"is_building": True, "progress": 0.5, "seconds_left": 12.4}
    found["tasks"][0] |= {"progress": 0.25, "seconds_left": 12.4}
    assert list(readable(found))[-1] == "backfill 50% (0: 25%, 12 s left, 1: 100%, 2: 100%), 12 s left"
