"""A preview says what `apply` then does: of any change, over several tasks, without touching anything."""
from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.profile import Profile
from streams.definitions.lists import as_bytes
from streams.task import previews
from streams.task.wire import Ask
from streams.testing import Pipeline
from streams.unit import TABLES
from tests.pipeline.test_standing import EVERYBODY, WITHIN, apply_in_slices, one, populated
from tests.properties.test_engine_oracle import NIGHTLY
from tests.strategies import LIMITS_TIGHT, SEGMENTS, histories

Message = dict[str, Any]
RULES: tuple[Message, ...] = (
    {"performed": {"event": "Product Added", "within": "5h"}},
    {"performed": {"event": "*", "at_least": 2}},
    {"not": {"performed": {"event": "Order Completed"}}},
    {"last_performed": {"event": "Product Added", "where_last": [{"property": "value", "gte": 1}]}},
    {"sequence": {"steps": [{"event": "Product Added"}, {"event": "Order Completed"}]}},
    {"all": [{"in_segment": {"id": "carts"}}, {"trait": {"name": "spending", "gt": 0}}]},
    {"any": [{"trait": {"name": "plan", "is": "paid", "for": "1h"}}, {"identifier": {"namespace": "email"}}]},
    {"random": {"percent": 50, "salt": "s"}},
)
SPENDING = {"computed-trait/spending": {
    "kind": "computed-trait", "id": "spending", "function": "sum", "event": "Order Completed", "property": "value"}}
BASE = SEGMENTS | LIMITS_TIGHT | SPENDING
CHANGEABLE = sorted(SEGMENTS.keys() - {"segment/carts"})


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Message | None]:
    """Segments changed and added, some deleted, and the computed trait changed or not."""
    rules = draw(st.dictionaries(st.sampled_from([*CHANGEABLE, "segment/fresh", "segment/carts"]), st.sampled_from(RULES),
                                 max_size=4))
    found: dict[str, Message | None] = {
        key: {"kind": "segment", "id": key.partition("/")[2], "rule": rule} for key, rule in rules.items()
        if key != "segment/carts" or "in_segment" not in str(rule)}
    for key in draw(st.sets(st.sampled_from(CHANGEABLE), max_size=2)):
        found.setdefault(key, None)
    if draw(st.booleans()):
        found |= {"computed-trait/spending": SPENDING["computed-trait/spending"] | {"event": "Product Added"}}
    return found


def preview(pipeline: Pipeline, documents: dict[str, Message | None], **how: int) -> dict[str, Counter[str]]:
    added: dict[str, Counter[str]] = {}
    for answer in pipeline.ask(documents, **how):
        for name, row in answer.body["preview"]["segments"].items():
            added.setdefault(name, Counter()).update(
                {what: row[what] for what in ("present", "after", "entering", "leaving")} | row["both"])
    return added


def people(pipeline: Pipeline) -> list[Profile]:
    return [profile for profile in pipeline.profiles() if profile.fragments]


def stored(pipeline: Pipeline) -> list[Any]:
    """All state but the clock, which any record moves."""
    return [(table, key, store.get(table, [key])) for store in pipeline.stores for table in TABLES
            for key in store.keys(table) if key != b"nnow"]


@settings(max_examples=3_000 if NIGHTLY else 120, deadline=None)
@given(histories(), changes(), st.sampled_from((1, 3)), st.integers(0, 30 * 3_600_000))
def test_it_is_what_apply_then_does_and_it_leaves_no_trace(
    history: list[Message], changed: dict[str, Message | None], partitions: int, later: int,
) -> None:
    pipeline = Pipeline(BASE, partitions)
    for message in history:
        pipeline.send(message, message["receivedAt"])
    pipeline.advance(by=later)
    before, told, bytes_before = people(pipeline), len(pipeline.memberships), stored(pipeline)
    were = {profile.profile_id: frozenset(profile.members) for profile in before}
    said = preview(pipeline, changed, shown=3)
    assert stored(pipeline) == bytes_before and len(pipeline.memberships) == told
    pipeline.apply({key: document for key, document in (BASE | changed).items() if document is not None})
    are = {profile.profile_id: frozenset(profile.members) for profile in people(pipeline)}
    for name, row in said.items():
        inside = [members for members in are.values() if name in members]
        assert row["present"] == sum(name in members for members in were.values()), name
        assert row["after"] == len(inside), name
        assert row["entering"] == sum(name in are[who] and name not in were[who] for who in are), name
        assert row["leaving"] == sum(name in were[who] and name not in are[who] for who in are), name
        for other in set().union(*inside) - {name}:
            assert row[other] == sum(other in members for members in inside), (name, other)
    for who, members in are.items():
        assert members ^ were[who] <= said.keys(), "a segment changed that the preview did not speak of"


def test_what_does_not_change_is_not_spoken_of() -> None:
    pipeline = populated(one(WITHIN) | EVERYBODY, 3)
    assert preview(pipeline, one(WITHIN, name="another name")) == {}
    assert preview(pipeline, one({"not": WITHIN})).keys() == {"s"}


def test_between_its_slices_events_are_handled() -> None:
    number = previews.PROFILES_A_SLICE * 3 - 1
    pipeline = populated(one(WITHIN), number)
    sent = len(pipeline.memberships)
    units = []
    run = pipeline._run

    def counted(index: int, batch: list[Any], timers_until: int) -> None:
        units.append(len(batch))
        run(index, batch, timers_until)
        if len(units) == 1:
            message = {"type": "track", "event": "A", "anonymousId": "new"}
            pipeline.send(message, pipeline.now)

    pipeline._run = counted  # type: ignore[method-assign]
    assert preview(pipeline, one({"not": WITHIN}))["s"]["leaving"] == number + 1
    assert len(units) >= 3 and len(pipeline.memberships) == sent + 1


def test_no_record_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that came while somebody previewed waited for 250 profiles a unit."""
    pipeline, records, beside = populated(one(WITHIN), 600), [0], list[int]()
    run, look = pipeline._run, previews.Walk.slice

    def noted(index: int, batch: list[Any], timers_until: int) -> None:
        records[0] = len(batch)
        run(index, batch, timers_until)

    def slice_noted(walk: previews.Walk, *how: Any) -> bool:
        beside.append(records[0])
        return look(walk, *how)

    monkeypatch.setattr(pipeline, "_run", noted)
    monkeypatch.setattr(previews.Walk, "slice", slice_noted)
    assert preview(pipeline, one({"everyone": {}}))["s"]["after"] == 600
    assert set(beside) == {0} and len(beside) >= 3


def test_a_sample_is_shown_of_those_who_would_be_in() -> None:
    pipeline = populated(one(WITHIN), 60)
    rows = [answer.body["preview"]["segments"]["s"]["sample"] for answer in pipeline.ask(one({"everyone": {}}), 0, 5)]
    assert [len(sample) for sample in rows] == [5]
    assert rows[0] == sorted(rows[0]) and all(who.startswith("cookie:c") for _, who in rows[0])


def test_with_many_profiles_it_looks_at_a_sample() -> None:
    pipeline = populated(one(WITHIN), 4_000)
    body = pipeline.ask(one({"random": {"percent": 30, "salt": "x"}}), people=1_000)[0].body["preview"]
    assert not body["is_exact"] and 850 < body["looked_at"] < 1_150
    assert pipeline.ask(one({"not": WITHIN}), people=0)[0].body["preview"]["looked_at"] == 4_000


def test_a_preview_during_a_backfill_and_of_what_does_not_fit() -> None:
    pipeline = populated(one(WITHIN) | EVERYBODY, 1_200)
    task = apply_in_slices(pipeline, one({"not": WITHIN}) | EVERYBODY, 2)
    assert task.busy()
    assert preview(pipeline, one({"everyone": {}}))["s"]["after"] == 1_200
    [answer] = pipeline.ask(one({"in_segment": {"id": "gone"}}))
    assert 'no segment "gone"' in answer.body["fault"] and "preview" not in answer.body


def test_a_question_that_nobody_waits_for_is_passed_over() -> None:
    pipeline = populated(one(WITHIN), 10)
    pipeline.tasks[0]._answers.ask(Ask("late", pipeline.now, one({"everyone": {}})))
    pipeline._drain()
    assert not pipeline.tasks[0].busy() and len(pipeline.ask()) == 1


def test_how_a_task_stands_is_said_while_a_preview_waits() -> None:
    """Consoles said that no task answers, for as long as somebody's preview waited for records to pause."""
    pipeline = populated(one(WITHIN), 10)
    (task,) = pipeline.tasks
    task._answers.ask(Ask("preview", pipeline.now + 1, as_bytes(one({"everyone": {}}))))
    task._answers.ask(Ask("standing", pipeline.now + 1))
    [answer] = task._answers.give(task.context, pipeline.now, task.standing, has_records=True)
    assert answer.request_id == "standing" and answer.body["standing"]["profiles"] == 10
    assert task.busy()
