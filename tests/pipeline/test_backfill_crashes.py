"""Law L8 for a live edit: a backfill that is killed between any two calls goes on as if nothing had been.

The real task in the real unit of work. Every unit's records, slice and timers are committed together, so the
successor's units are those the dead worker would have run: topics are compared record for record, in their order.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from schemas.codec import Codec
from streams.task import Task, TaskSettings, sweep
from streams.task.publishing import records, revise
from streams.unit import Inbound, Outbound, Store
from tests.kafka.counting import HITS
from tests.pipeline.crashing import Crashed, Scissors, World, content, killed_anywhere, live

HOUR = 3_600_000
START = 1_767_225_600_000
EDIT = START + 2 * HOUR
SEEN = {"performed": {"event": "A", "within": "3h"}}
PEOPLE = 7
Document = dict[str, Any]
CODEC = Codec()


def segments(**rules: Document) -> Document:
    return {f"segment/{name}": {"kind": "segment", "id": name, "rule": rule} for name, rule in rules.items()}


BEFORE = segments(kept=SEEN, changed=SEEN, deleted=SEEN)
AFTER = segments(kept=SEEN, changed={"performed": {"event": "A", "within": "90m"}}, added=SEEN)


def definitions(old: Document, new: Document, revision: int, at: int) -> Iterator[tuple[str, bytes, bytes, int]]:
    for key, record in records(revise(revise({}, old), new), revision, at):
        yield "definitions", key.encode(), CODEC.encode("definition", record), at


def event(number: int, who: int, name: str, at: int) -> tuple[str, bytes, bytes, int]:
    message = {"type": "track", "event": name, "anonymousId": f"c{who}", "messageId": f"m{number}", "timestamp": at,
               "receivedAt": at}
    return HITS, b"cookie:c%d" % who, orjson.dumps(message), at


def world(*, is_quiet: bool = False) -> World:
    """Seven visitors, an edit two hours later, three hits while it is built unless quiet, and five hours of nothing."""
    rows = [*definitions({}, BEFORE, 1, START)]
    rows += [event(who, who, "A", START + who * HOUR // 4) for who in range(PEOPLE)]
    rows += definitions(BEFORE, AFTER, 2, EDIT)
    rows += [event(10 + who, who, "AB"[who % 2], EDIT + who) for who in (1, 4, 6) if not is_quiet]
    inbound = [Inbound(topic, 0, offset, key, value, at) for offset, (topic, key, value, at) in enumerate(rows)]
    return World(inbound, new_processor=_task, wall=EDIT + 5 * HOUR)


def _task(store: Store) -> Task:
    return Task(0, 1, store, TaskSettings(view_after=None))


def changes(world: World) -> list[tuple[str, str, str, int]]:
    return [_change(sent) for sent in world.topics if sent.topic == "audiences.changes"]


def _change(sent: Outbound) -> tuple[str, str, str, int]:
    assert sent.value is not None
    row = CODEC.decode("audience_change", sent.value)
    return row["identifiers"][0], row["segment_id"], row["change"], row["at"] - EDIT


@pytest.fixture(autouse=True)
def slices_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "PROFILES_A_SLICE", 2)


def test_the_edit_tells_the_difference_and_time_goes_on() -> None:
    found = world()
    live(found, Scissors())
    told = changes(found)
    for who in range(PEOPLE):
        mine = [(segment, change) for name, segment, change, _ in told if name == f"cookie:c{who}"]
        for segment in ("kept", "changed", "deleted", "added"):
            lines = [change for name, change in mine if name == segment]
            assert lines == ["entered", "exited"] * (len(lines) // 2) and lines, (who, segment, lines)
    entered = {at for _, segment, change, at in told if (segment, change) == ("added", "entered")}
    assert entered == {1, 4, 6}, "in force from the revision on, at the clock that the hits meanwhile have moved"


@pytest.mark.parametrize("is_quiet", [False, True])
@pytest.mark.parametrize("loses_disk", [False, True])
def test_l8_a_backfill_killed_between_any_two_calls_says_the_same_once(*, loses_disk: bool, is_quiet: bool) -> None:
    killed_anywhere(lambda: world(is_quiet=is_quiet), loses_disk=loses_disk)


def test_l8_a_backfill_killed_again_and_again_says_the_same_once() -> None:
    whole = world()
    live(whole, Scissors())
    for lifetime in range(16, 40):
        found = world()
        for _ in range(60):
            try:
                live(found, Scissors(lifetime))
            except Crashed:
                continue
            break
        assert found.topics == whole.topics
        assert content(found) == content(whole)
