"""Law L10, one bound at a time: what a row keeps at most, and that the oldest goes."""
from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from streams.core.copies import FULL, KEPT_CHUNKS, remember_message
from streams.core.identifiers import MOST_NAMESPACES, Namespaces
from streams.core.resolution import MOST_SPLITS, rejoined
from streams.core.segments.leaves import folded, totals
from streams.core.tables import Pointer
from streams.task import timelines
from streams.testing import Pipeline


@dataclass
class Chunks:
    """Rows by name."""

    rows: dict[str, bytes] = field(default_factory=dict)

    def get(self, key: str) -> bytes | None:
        return self.rows.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.rows[key] = value

    def delete(self, key: str) -> None:
        self.rows.pop(key, None)


def test_l10_of_messages_that_came_before_the_last_thousand_are_remembered() -> None:
    row, chunks, sent = Pointer(), Chunks(), 2 * KEPT_CHUNKS * FULL
    assert all(remember_message(row, "cookie:c", f"m{number}", chunks) for number in range(sent))
    assert len(chunks.rows) == KEPT_CHUNKS
    assert not remember_message(row, "cookie:c", f"m{sent - KEPT_CHUNKS * FULL}", chunks)
    assert remember_message(row, "cookie:c", "m0", chunks)


def test_l10_of_splits_that_part_a_person_from_others_the_newest_are_remembered() -> None:
    one = {number: [0, number] for number in range(MOST_SPLITS)}
    kept = rejoined(one, {MOST_SPLITS: [1, MOST_SPLITS]})
    assert sorted(kept) == list(range(1, MOST_SPLITS + 1))


def test_l10_beyond_so_many_different_values_new_ones_are_not_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "MOST_ENTRIES", 3)
    pipeline = Pipeline({"segment/s": {"kind": "segment", "id": "s", "rule": {"aggregate": {
        "event": "A", "function": "most_frequent", "property": "p", "is": "v4"}}}})
    for number in (0, 1, 2, 3, 4, 4, 4, 2):
        send(pipeline, f"v{number}")
    [profile] = pipeline.profiles()
    [[counted]] = [entries for fragment in profile.fragments.values() for entries in fragment.leaves.values()]
    assert len(counted) == 3 and not pipeline.members("s")


def test_l10_of_what_is_looked_back_on_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folded, "MOST_LOOKED_BACK", 10)
    pipeline = Pipeline({
        "computed-trait/n": {"kind": "computed-trait", "id": "n", "function": "count", "event": "A", "within": "7d"},
        "segment/s": {"kind": "segment", "id": "s", "rule": {"trait": {"name": "n", "gte": 1, "for": "3d"}}}})
    for _ in range(30):
        send(pipeline, "v")
    [profile] = pipeline.profiles()
    looked_back = [len(entries[0]) for fragment in profile.fragments.values() for entries in fragment.leaves.values()]
    assert sorted(looked_back) == [10, 30]


def test_l10_of_namespaces_that_messages_make_up_no_more_are_kept_than_a_thousand() -> None:
    namespaces = Namespaces()
    ranks = [namespaces.strength(f"n{number}:1") for number in range(3 * MOST_NAMESPACES)]
    assert ranks == [namespaces.strength(f"n{number}:1") for number in range(3 * MOST_NAMESPACES)]
    tables = [len(table) for table in vars(namespaces).values() if isinstance(table, dict)]
    assert max(tables) == MOST_NAMESPACES


def test_l10_the_timeline_of_a_fragment_that_goes_on_and_on_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timelines, "MOST", 100)
    pipeline = Pipeline(partitions=1)
    for _ in range(2_000):
        send(pipeline, "v")
    kept = pipeline.tasks[0].state.timeline.entries("cookie:c")
    assert 100 <= len(kept) < 100 + 600


def send(pipeline: Pipeline, value: str) -> None:
    number = pipeline.now + 1
    pipeline.send({"type": "track", "event": "A", "anonymousId": "c", "messageId": f"m{number}", "timestamp": number,
                   "properties": {"p": value}})
