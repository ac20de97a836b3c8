"""The button of a campaign, with a pace: everyone present once, in turn; whatever happens to people meanwhile."""
from __future__ import annotations

from collections import Counter
from math import ceil

import pytest

from streams.core.values import Json
from streams.standing import PressStanding, total
from streams.task import presses
from streams.testing import Pipeline
from streams.unit import Inbound
from tests.pipeline.test_campaigns import START, campaign, reasons, world

PAUSED = {"trigger": "entered", "status": "paused"}
BOTH_CHANNELS = {"display": {"audience": "x", "purpose": "mail"},
                 "email": {"subject": "Hello", "text": "Hi", "purpose": "mail"}}
SECOND = 1_000


def becomes(pipeline: Pipeline, name: str, *, fan: bool = True, mail: bool | None = True, **fields: Json) -> None:
    """Somebody with a cookie and an address says what they are and permit."""
    consent = {} if mail is None else {"consent": {"purposes": {"mail": mail}}}
    pipeline.send({"type": "identify", "userId": name, "anonymousId": f"k-{name}", "context": consent,
                   "messageId": f"{name}-{fan}-{mail}-{len(pipeline.memberships)}", "timestamp": pipeline.now,
                   "traits": {"fan": fan, "email": f"{name}@example.org"}, **fields})


def fans(number: int, partitions: int = 4, **fields: Json) -> Pipeline:
    pipeline = world(campaign("c", **PAUSED | fields), partitions=partitions)
    for place in range(number):
        becomes(pipeline, f"u{place}")
    return pipeline


def mailed(pipeline: Pipeline) -> list[str]:
    return [activation.identifier for activation in pipeline.activations("email")]


def standing(pipeline: Pipeline) -> PressStanding:
    return total(task.standing() for task in pipeline.tasks).presses["c"]


def waiting(pipeline: Pipeline) -> list[str]:
    """Names of those who have not had their turn."""
    told = {identifier.removeprefix("email:").partition("@")[0] for identifier in mailed(pipeline)}
    names = {i.partition(":")[2] for i in pipeline.members("fans") if i.startswith("customer_id:")}
    return sorted(names - told)


@pytest.mark.parametrize("partitions", [1, 4, 16])
def test_everyone_present_is_reached_once_at_any_number_of_partitions(partitions: int) -> None:
    pipeline = fans(60, partitions, channels=BOTH_CHANNELS)
    pipeline.activate("c", per_second=4)
    pipeline.advance(by=300 * SECOND)
    assert sorted(mailed(pipeline)) == sorted(f"email:u{place}@example.org" for place in range(60))
    assert Counter(a.identifier for a in pipeline.activations("display")) == {f"cookie:k-u{p}": 1 for p in range(60)}
    found = standing(pipeline)
    assert (found.present, found.reached, found.activated, found.is_over) == (60, 60, 60, True)


@pytest.mark.parametrize(("per_second", "partitions"), [(4, 1), (4, 4), (50, 1), (1, 16)])
def test_no_second_sees_more_than_the_pace_and_one_a_task_and_the_clock_is_virtual(
    per_second: int, partitions: int,
) -> None:
    pipeline = fans(60, partitions)
    pipeline.activate("c", per_second=per_second)
    pipeline.advance(by=600 * SECOND)
    instants = [activation.at for activation in pipeline.activations("email")]
    assert len(instants) == 60
    for first in instants:
        assert sum(first <= at < first + SECOND for at in instants) <= per_second + partitions * max(1, per_second // 4)
    if partitions == 1:
        took = max(instants) - START
        assert took >= (60 - max(1, per_second // 4)) * SECOND // per_second - SECOND


def test_progress_is_known_in_the_middle_and_no_pace_means_at_once() -> None:
    pipeline = fans(60, 1)
    pipeline.activate("c", per_second=4)
    pipeline.advance(by=5 * SECOND)
    found = standing(pipeline)
    assert (found.present, found.is_over, found.is_running) == (60, False, True)
    assert 0 < found.reached == found.activated == len(mailed(pipeline)) < 60
    assert found.share == found.reached / 60
    at_once = fans(60, 1)
    at_once.activate("c")
    assert len(mailed(at_once)) == 60 and standing(at_once).is_over


def test_pressed_again_without_a_pace_it_keeps_the_one_it_has() -> None:
    pipeline = fans(60, 1)
    pipeline.activate("c", per_second=4)
    pipeline.advance(by=2 * SECOND)
    before = len(mailed(pipeline))
    pipeline.activate("c")
    pipeline.advance(by=2 * SECOND)
    assert len(mailed(pipeline)) == before + 2 * 4


def test_who_comes_in_after_the_press_does_not_wait_and_who_leaves_before_their_turn_hears_nothing() -> None:
    pipeline = fans(20)
    pipeline.activate("c", per_second=1)
    pipeline.advance(by=2 * SECOND)
    leaving = waiting(pipeline)[0]
    becomes(pipeline, leaving, fan=False)
    becomes(pipeline, "late")
    assert "email:late@example.org" in mailed(pipeline)
    pipeline.advance(by=100 * SECOND)
    assert len(mailed(pipeline)) == len(set(mailed(pipeline))) == 20
    assert f"email:{leaving}@example.org" not in mailed(pipeline)
    assert (standing(pipeline).present, standing(pipeline).reached) == (20, 19)


def test_consent_withdrawn_while_waiting_is_respected_and_what_is_touched_does_not_jump_the_queue() -> None:
    pipeline = fans(20, channels=BOTH_CHANNELS)
    pipeline.activate("c", per_second=1)
    pipeline.advance(by=2 * SECOND)
    refusing, touched = waiting(pipeline)[0], waiting(pipeline)[1:]
    becomes(pipeline, refusing, mail=False)
    so_far = len(pipeline.activations())
    for name in touched:
        becomes(pipeline, name, context={"consent": {"purposes": {"mail": True}}, "device": {"id": f"d-{name}"}})
    assert len(pipeline.activations()) == so_far
    pipeline.advance(by=100 * SECOND)
    assert f"email:{refusing}@example.org" not in mailed(pipeline)
    assert {a.identifier for a in pipeline.activations("display")} >= {f"device_id:d-{name}" for name in touched}
    assert len(mailed(pipeline)) == len(set(mailed(pipeline))) == 19
    assert reasons(pipeline) == ["consent for mail withdrawn"]
    assert (standing(pipeline).reached, standing(pipeline).activated) == (20, 19)


def test_a_pause_in_the_middle_tells_nobody_anything_and_the_next_press_reaches_the_others_once() -> None:
    pipeline = fans(30)
    pipeline.activate("c", per_second=2)
    pipeline.advance(by=4 * SECOND)
    pipeline.activate("c", "paused")
    before = mailed(pipeline)
    pipeline.advance(by=100 * SECOND)
    assert 0 < len(before) == len(mailed(pipeline)) < 30
    assert not standing(pipeline).is_running
    pipeline.activate("c", per_second=5)
    pipeline.advance(by=100 * SECOND)
    assert sorted(mailed(pipeline)) == sorted(f"email:u{place}@example.org" for place in range(30))
    assert (standing(pipeline).reached, standing(pipeline).activated) == (30, 30 - len(before))


def test_a_second_press_while_one_runs_is_the_same_press_at_the_new_pace() -> None:
    pipeline = fans(30, 1)
    pipeline.activate("c", per_second=1)
    pipeline.advance(by=4 * SECOND)
    first, before = standing(pipeline), len(mailed(pipeline))
    pipeline.activate("c")
    pipeline.activate("c", per_second=1_000)
    assert standing(pipeline).revision == first.revision
    pipeline.advance(by=3 * SECOND)
    assert before < len(mailed(pipeline)) == 30 == len(set(mailed(pipeline)))
    assert standing(pipeline).present == 30


def test_an_edit_of_the_definitions_in_the_middle_neither_hurries_nor_loses_the_press() -> None:
    pipeline = fans(30)
    pipeline.activate("c", per_second=2)
    pipeline.advance(by=4 * SECOND)
    before = len(mailed(pipeline))
    documents = {key: row.document for key, row in pipeline._standing.items()}
    pipeline.apply(documents | campaign("c", **PAUSED, description="new"))
    assert len(mailed(pipeline)) == before
    pipeline.advance(by=100 * SECOND)
    assert len(mailed(pipeline)) == len(set(mailed(pipeline))) == 30


def test_a_campaign_that_starts_later_is_pressed_then_and_one_that_ends_stops() -> None:
    pipeline = fans(30, starts="2026-01-12T12:00:00Z", ends="2026-01-12T12:00:05Z")
    pipeline.activate("c", per_second=2)
    pipeline.advance(by=3_599 * SECOND)
    becomes(pipeline, "u30")
    assert not mailed(pipeline)
    pipeline.advance(by=3_600 * SECOND)
    assert 0 < len(mailed(pipeline)) <= 5 * 2 + 4
    assert standing(pipeline).present == 31 and standing(pipeline).is_over


@pytest.mark.parametrize("portion", [1.0, 0.5, 0.0001])
def test_a_slice_is_bounded_whoever_is_in_the_segment(portion: float) -> None:
    people = ceil(presses.PEOPLE_A_SLICE * portion)
    pipeline = fans(3 * people, 1)
    before = pipeline.tasks[0].standing().presses
    assert not before
    drain, pipeline._drain = pipeline._drain, lambda: None  # type: ignore[method-assign]
    pipeline.activate("c")
    batch = list(pipeline._waiting[0])
    pipeline._waiting[0].clear()
    for reached in (0, people, 2 * people):
        pipeline.stores[0].write(pipeline.tasks[0].run(batch, pipeline.now, -1, portion).changes)
        batch = []
        assert standing(pipeline).reached == len(mailed(pipeline)) == reached
    live = b'{"type": "track", "event": "B", "anonymousId": "live"}'
    pipeline._run(0, [Inbound("events.hits", 0, 1, None, live, pipeline.now)], -1)
    assert standing(pipeline).reached == 2 * people, "an event does not wait for a slice in its own unit"
    pipeline._drain = drain  # type: ignore[method-assign]
    pipeline._drain()
    assert len(mailed(pipeline)) == 3 * people


def test_a_deleted_campaigns_audience_is_emptied_by_its_name() -> None:
    """Who runs the audience finds it by what the activation says, and no definition is left that says it."""
    pipeline = fans(2, channels=BOTH_CHANNELS)
    pipeline.activate("c")
    pipeline.apply({key: row.document for key, row in pipeline._standing.items() if not key.startswith("campaign/")})
    out = [a for a in pipeline.activations("display") if a.change == "exited"]
    assert [a.content.get("audience") for a in out] == ["x", "x"]
