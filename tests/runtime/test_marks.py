"""Whose a state is: the profile key it began with, and the changelog that it is a copy of."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.runtime.exits import Exit, Stop
from streams.runtime.state.marks import has_mark, keep_to, mark_of
from streams.runtime.state.memory import Memory
from streams.runtime.state.store import TaskStore
from streams.unit import Change

NOW = 1_800_000_000_000
ROW = Change("profiles", b"a", b"1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TaskStore]:
    store = TaskStore(tmp_path / "audience-0", Memory(32), wall=NOW)
    yield store
    store.close()


def test_a_key_is_known_again_and_another_is_refused(store: TaskStore) -> None:
    assert not has_mark(store, mark_of("one"))
    store.write([mark_of("one")], 1, NOW)
    assert has_mark(store, mark_of("one"))
    with pytest.raises(Stop, match="AUDIENCE_PROFILE_KEY is not the one") as end:
        has_mark(store, mark_of("two"))
    assert end.value.code is Exit.MISCONFIGURED


def test_a_state_of_the_same_changelog_stays(store: TaskStore) -> None:
    keep_to(store, "id/0")
    assert (store.position, store.current_at) == (0, 0)
    store.write([ROW], 7, NOW)
    keep_to(store, "id/0")
    assert (store.position, store.get("profiles", [b"a"])) == (7, [b"1"])


def test_a_state_of_another_partition_is_discarded_once(store: TaskStore) -> None:
    keep_to(store, "id/0")
    store.write([ROW], 7, NOW)
    keep_to(store, "id/1")
    assert (store.position, store.get("profiles", [b"a"])) == (0, [None])
    store.write([ROW], 3, NOW)
    keep_to(store, "id/1")
    assert store.position == 3


def test_a_state_of_another_topic_is_refused_unless_nothing_is_in_it(store: TaskStore) -> None:
    keep_to(store, "former/0")
    keep_to(store, "id/0")
    store.write([ROW], 7, NOW)
    with pytest.raises(Stop, match="of another changelog than the cluster's") as end:
        keep_to(store, "later/0")
    assert end.value.code is Exit.STATE
    assert store.position == 7


def test_of_a_state_that_does_not_say_the_changelog_it_is_used_with_is_believed(store: TaskStore) -> None:
    store.write([ROW], 7, NOW)
    keep_to(store, "id/0")
    assert (store.position, store.current_at) == (7, NOW)
    with pytest.raises(Stop):
        keep_to(store, "later/0")
