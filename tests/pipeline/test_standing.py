"""Members per segment, progress of a backfill: counted exactly, whatever moves people, and through crashes."""
from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.standing import Standing, total
from streams.task import sweep
from streams.task.task import Task
from streams.testing import Pipeline
from streams.unit import Inbound
from tests.pipeline.mesh import Mesh
from tests.properties.test_engine_oracle import NIGHTLY
from tests.strategies import LIMITS_TIGHT, SEGMENTS, histories

Message = dict[str, Any]
CHANCE = st.integers(0, 2**32).map(Random)


def standing(pipeline: Pipeline) -> Standing:
    return total(task.standing() for task in pipeline.tasks)


def check_counts(pipeline: Pipeline) -> None:
    people = [profile for profile in pipeline.profiles() if profile.fragments]
    found, wanted = standing(pipeline), Counter(segment for profile in people for segment in profile.members)
    assert found.profiles == len(people)
    assert {name: row.members for name, row in found.segments.items()} == {name: wanted[name] for name in found.segments}
    assert wanted.keys() <= found.segments.keys()


@settings(max_examples=3_000 if NIGHTLY else 150, deadline=None)
@given(histories(), st.sampled_from((2, 7)), CHANCE, st.sampled_from((0.0, 0.3)))
def test_members_are_counted_exactly_through_merges_moves_and_crashes(
    history: list[Message], partitions: int, chance: Random, crashes: float,
) -> None:
    pipeline = Pipeline(SEGMENTS | LIMITS_TIGHT, partitions)
    Mesh(pipeline, chance, crashes).run(history)
    check_counts(pipeline)


@settings(max_examples=50, deadline=None)
@given(histories(), st.lists(st.sampled_from(sorted(SEGMENTS.keys() - {"segment/carts", "segment/everybody"})), max_size=4))
def test_members_are_counted_exactly_after_splits_live_edits_and_the_passing_of_time(
    history: list[Message], removed: list[str],
) -> None:
    """`left` rests on `carts`, which therefore stays."""
    pipeline = Pipeline(SEGMENTS, 4)
    for message in history:
        pipeline.send(message, message["receivedAt"])
    for profile in [each for each in pipeline.profiles() if len(each.identifiers) > 1]:
        pipeline.split(*sorted(profile.identifiers)[:2])
        check_counts(pipeline)
    pipeline.apply({key: document for key, document in SEGMENTS.items() if key not in removed} | EVERYBODY)
    check_counts(pipeline)
    pipeline.advance(by=10 * 86_400_000)
    check_counts(pipeline)
    assert standing(pipeline).segments["everybody"].members == standing(pipeline).profiles


EVERYBODY = {"segment/everybody": {"kind": "segment", "id": "everybody", "rule": {"everyone": {}}}}
WITHIN = {"performed": {"event": "A", "within": "1d"}}


def one(rule: Message, segment: str = "s", **fields: str) -> Message:
    return {f"segment/{segment}": {"kind": "segment", "id": segment, "rule": rule, **fields}}


def populated(definitions: Message, number: int) -> Pipeline:
    pipeline = Pipeline(definitions, 1)
    for place in range(number):
        pipeline.send({"type": "track", "event": "A", "anonymousId": f"c{place}", "messageId": f"m{place}"}, 0)
    return pipeline


def apply_in_slices(pipeline: Pipeline, definitions: Message, times: int) -> Task:
    """Hands the revision over, then does so many slices of its backfill, a second each."""
    drain, pipeline._drain = pipeline._drain, lambda: None  # type: ignore[method-assign]
    pipeline.apply(definitions)
    pipeline._drain = drain  # type: ignore[method-assign]
    batch: list[Inbound] = list(pipeline._waiting[0])
    pipeline._waiting[0].clear()
    for _ in range(times + 1):
        pipeline.now += 1_000
        pipeline._run(0, batch, -1)
        batch = []
    return pipeline.tasks[0]


def test_a_backfill_tells_how_far_it_is_and_when_it_will_be_done() -> None:
    number = sweep.PROFILES_A_SLICE * 4 - 1
    pipeline = populated(one(WITHIN) | EVERYBODY, number)
    task = apply_in_slices(pipeline, one({"not": WITHIN}) | EVERYBODY, 2)
    found = task.standing()
    assert (found.is_building, found.profiles, found.rebuilt) == (True, number, 2 * sweep.PROFILES_A_SLICE)
    assert found.seconds_left == (number - found.rebuilt) / found.rebuilt
    assert found.segments["s"].is_building and not found.segments["everybody"].is_building
    assert found.segments["s"].members == number - found.rebuilt
    pipeline._drain()
    done = task.standing()
    assert (done.is_building, done.rebuilt, done.seconds_left) == (False, number, None)
    assert done.segments["s"] == replace(found.segments["s"], members=0, is_building=False)


def test_who_is_touched_by_an_event_meanwhile_counts_as_rebuilt() -> None:
    pipeline = populated(one(WITHIN), sweep.PROFILES_A_SLICE * 3)
    task = apply_in_slices(pipeline, one({"not": WITHIN}), 1)
    last = b'{"type": "track", "event": "B", "anonymousId": "c999"}'
    pipeline._run(0, [Inbound("events.hits", 0, 1, None, last, pipeline.now)], -1)
    assert task.standing().rebuilt == sweep.PROFILES_A_SLICE + 1, "the record's own, and no slice beside it"


def test_what_rests_on_a_changed_segment_or_trait_is_building_too_and_a_new_name_is_not() -> None:
    def trait(event: str) -> Message:
        return {"computed-trait/n": {"kind": "computed-trait", "id": "n", "function": "count", "event": event}}

    rest = one({"in_segment": {"id": "s"}}, "above") | one({"in_segment": {"id": "above"}}, "top") | one(
        {"trait": {"name": "n", "gt": 0}}, "counted")
    pipeline = populated(one(WITHIN, name="old") | rest | trait("A"), sweep.PROFILES_A_SLICE)
    task = apply_in_slices(pipeline, one(WITHIN, name="new") | rest | trait("A"), 1)
    assert task.revisions.building() == frozenset()
    pipeline._drain()
    task = apply_in_slices(pipeline, one({"not": WITHIN}, name="new") | rest | trait("A"), 1)
    assert task.revisions.building() == {"s", "above", "top"}
    pipeline._drain()
    task = apply_in_slices(pipeline, one({"not": WITHIN}, name="new") | rest | trait("B"), 1)
    assert task.revisions.building() == {"counted"}


def test_members_of_a_deleted_segment_are_told_until_they_have_left() -> None:
    pipeline = populated(one(WITHIN) | EVERYBODY, sweep.PROFILES_A_SLICE + 100)
    task = apply_in_slices(pipeline, EVERYBODY, 1)
    assert task.standing().segments["s"].version == 0
    assert task.standing().segments["s"].members == 100
    pipeline._drain()
    assert "s" not in task.standing().segments


def test_the_counts_survive_a_restart_in_the_middle() -> None:
    pipeline = populated(one(WITHIN), sweep.PROFILES_A_SLICE * 2)
    task = apply_in_slices(pipeline, one({"not": WITHIN}), 1)
    before = task.standing()
    again = Task(0, 1, pipeline.stores[0], task._settings, pipeline._codec, pipeline.collected)
    assert again.standing() == replace(before, seconds_left=None)
