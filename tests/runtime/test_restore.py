"""A store is brought to the end of its changelog, as the changelog's own reader tells it: without Kafka."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from streams.runtime.exits import Exit, Stop
from streams.runtime.state.changelog import CODES
from streams.runtime.state.marks import keep_to
from streams.runtime.state.memory import Memory
from streams.runtime.state.restore import RestoreProgress, Superseded, restore
from streams.runtime.state.store import TaskStore
from streams.unit import Change
from tests.consumed import Message

NOW = 1_800_000_000_000
CHANGELOG = TopicPartition("audience-state-changelog", 0)


class Reader:
    """Of a changelog whose records begin at `first`, in portions of two."""

    def __init__(self, first: int, values: list[tuple[bytes, bytes | None]]) -> None:
        self._first, self._values, self.begun = first, values, -1

    def get_watermark_offsets(self, _: TopicPartition, timeout: float) -> tuple[int, int]:
        return self._first, self._first + len(self._values)

    def assign(self, places: list[TopicPartition]) -> None:
        self._next = self.begun = places[0].offset

    def unassign(self) -> None:
        self._next = -1

    def consume(self, _count: int, _wait: float) -> list[Message]:
        start = self._next - self._first
        portion = self._values[start:start + 2]
        found = [Message(self._next + n, CODES["profiles"] + key, value) for n, (key, value) in enumerate(portion)]
        self._next += len(found)
        return found or [Message(self._next)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TaskStore]:
    store = TaskStore(tmp_path / "audience-0", Memory(32), wall=NOW)
    yield store
    store.close()


def restored(store: TaskStore, reader: Reader, **how: Any) -> int:
    return restore(store, reader, CHANGELOG, **{  # type: ignore[arg-type]
        "wall": lambda: NOW, "is_called_off": lambda: False, "report": lambda progress: None} | how)


def test_reads_on_from_its_position_to_the_end(store: TaskStore) -> None:
    store.write([Change("profiles", b"a", b"old"), Change("profiles", b"b", b"old")], 11, NOW - 5)
    reader, told = Reader(10, [(b"x", b"seen"), (b"a", b"new"), (b"b", None), (b"c", b"new")]), list[RestoreProgress]()
    assert restored(store, reader, report=told.append) == 3
    assert (reader.begun, store.position, store.current_at) == (11, 14, NOW)
    assert store.get("profiles", [b"x", b"a", b"b", b"c"]) == [None, b"new", None, b"new"]
    assert [(each.position, each.end) for each in told] == [(13, 14), (14, 14), (14, 14)]


def test_until_the_end_it_is_as_old_as_it_was(store: TaskStore) -> None:
    """What it has not seen yet may be tombstones."""
    store.write([Change("profiles", b"a", b"1")], 10, NOW - 5)
    answers = iter((False, True))
    with pytest.raises(Superseded):
        restored(store, Reader(10, [(b"a", b"2")] * 4), is_called_off=lambda: next(answers))
    assert (store.position, store.current_at) == (12, NOW - 5)


def test_of_what_is_no_longer_in_the_changelog_nothing_stays_but_whose_it_is(store: TaskStore) -> None:
    """Until the next start a folder that was put in its place was taken for its own."""
    keep_to(store, "id/0")
    store.write([Change("profiles", b"a", b"1")], 7, NOW - 5)
    assert restored(store, Reader(10, [(b"b", b"1")])) == 1
    assert (store.position, store.get("profiles", [b"a", b"b"])) == (11, [None, b"1"])
    with pytest.raises(Stop, match="of another changelog") as end:
        keep_to(store, "later/0")
    assert end.value.code is Exit.STATE


def test_a_changelog_that_ends_before_the_state_is_another(store: TaskStore) -> None:
    store.write([Change("profiles", b"a", b"1")], 12, NOW)
    with pytest.raises(Stop, match=r"is at position 12 of audience-state-changelog\[0\], which ends at 11") as end:
        restored(store, Reader(10, [(b"a", b"1")]))
    assert end.value.code is Exit.STATE
    assert store.position == 12
