"""The copy on disk: rows and positions together, tombstones, and what is too old is not believed."""
from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from unittest.mock import Mock

import pytest

from streams.runtime.exits import Exit, Stop
from streams.runtime.memberships import store as store_module
from streams.runtime.memberships.store import USABLE_FOR_MS, MembershipsStore
from streams.runtime.state.memory import Memory
from tests.damage import damage_largest_file


def opened(folder: Path, wall: int = 1_000) -> MembershipsStore:
    return MembershipsStore(folder / "copy", Memory(32), wall=wall)


def test_rows_and_positions_come_back_together(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.write({b"cookie:a": b"{}", b"cookie:b": b"[]"}, {0: 7, 300: 9}, 1_000)
    store.close()
    again = opened(tmp_path)
    assert again.get(["cookie:b", "cookie:x", "cookie:a"]) == [b"[]", None, b"{}"]
    assert again.positions() == {0: 7, 300: 9}


def test_a_tombstone_deletes(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.write({b"cookie:a": b"{}"}, {0: 1}, 1_000)
    store.write({b"cookie:a": None}, {0: 2}, 1_000)
    assert store.get(["cookie:a"]) == [None] and store.positions() == {0: 2}


def test_which_topic_it_is_of_is_known_until_it_is_discarded(tmp_path: Path) -> None:
    store = opened(tmp_path)
    assert store.topic_id() == ""
    store.note_topic("an-id")
    store.close()
    again = opened(tmp_path)
    assert again.topic_id() == "an-id" and again.positions() == {} and not list(again.rows())
    again.discard()
    assert again.topic_id() == ""


def test_a_copy_is_believed_to_the_end_of_half_the_tombstones_retention_and_no_longer(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.write({b"cookie:a": b"{}"}, {0: 1}, 1_000)
    store.close()
    usable = opened(tmp_path, wall=1_000 + USABLE_FOR_MS)
    assert usable.get(["cookie:a"]) == [b"{}"]
    usable.close()
    late = opened(tmp_path, wall=1_001 + USABLE_FOR_MS)
    assert late.get(["cookie:a"]) == [None] and late.positions() == {}


def test_what_was_discarded_is_not_on_the_disk(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.write({b"cookie:nobody-may-find-me": b"{}"}, {0: 1}, 1_000)
    store.close()
    store = opened(tmp_path)
    assert _is_on_disk(tmp_path, b"nobody-may-find-me")
    store.discard()
    store.close()
    assert not _is_on_disk(tmp_path, b"nobody-may-find-me")


def _is_on_disk(folder: Path, name: bytes) -> bool:
    return any(name in file.read_bytes() for file in (folder / "copy").iterdir())


def test_a_folder_that_cannot_be_made_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Stop, match=f"The folder {tmp_path}/file/copy .* could not be made: .*AUDIENCE_DATA") as refused:
        opened(tmp_path / "file")
    assert refused.value.code == Exit.DISK


def test_a_row_that_cannot_be_read_ends_the_process_and_the_next_start_reads_anew(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.write({b"cookie:%05d" % number: os.urandom(500) for number in range(2_000)}, {0: 2_000}, 1_000)
    store.close()
    opened(tmp_path).close()  # which writes the rows into a file
    damage_largest_file(tmp_path / "copy")
    told: list[BaseException] = []
    store = MembershipsStore(tmp_path / "copy", Memory(32), wall=1_000, fail=told.append)
    with pytest.raises(Stop, match=r"could not be read: Corruption: .* the next start reads the topic anew"):
        store.get([f"cookie:{number:05}" for number in range(2_000)])
    assert [each.code for each in told if isinstance(each, Stop)] == [Exit.DISK]
    store.close()
    assert opened(tmp_path).positions() == {}


@pytest.mark.parametrize("place", [b"an-id", b"cookie:00000"])
def test_where_it_stood_may_be_what_cannot_be_read(tmp_path: Path, place: bytes) -> None:
    """Positions and the topic's id lie at the end of the file, the instant at which it was complete at its beginning."""
    store = opened(tmp_path)
    store.note_topic("an-id")
    store.write({b"cookie:%05d" % number: os.urandom(500) for number in range(2_000)}, {0: 2_000}, 1_000)
    store.close()
    opened(tmp_path).close()
    damage_largest_file(tmp_path / "copy", place)
    with pytest.raises(Stop, match=r"could not be read: Corruption: .* the next start reads the topic anew") as end:
        opened(tmp_path).topic_id()
    assert end.value.code == Exit.DISK
    shutil.copytree(tmp_path / "copy", tmp_path / "later" / "copy")  # as another process finds it: without our lock
    assert opened(tmp_path / "later").positions() == {}


@pytest.mark.parametrize(("fault", "code", "advice"), [
    (errno.ENOSPC, Exit.DISK, "Is the disk full"), (errno.EMFILE, Exit.DISK, "ulimit -n"),
    (errno.EROFS, Exit.STATE, "mounted to be read only")])
def test_what_cannot_be_opened_says_why_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int, code: Exit, advice: str,
) -> None:
    """Whatever it was, another `audience serve` was said to use it."""
    monkeypatch.setattr(store_module, "Rdict", Mock(side_effect=OSError(fault, os.strerror(fault))))
    with pytest.raises(Stop, match=f"copy of the memberships in .* could not be opened: .*{advice}") as end:
        opened(tmp_path)
    assert end.value.code is code


def test_a_copy_that_cannot_be_discarded_ends_the_process_as_one_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = opened(tmp_path)
    full = Mock(side_effect=Exception("IO error: No space left on device"))
    monkeypatch.setattr(store, "_database", Mock(delete_range=full))
    with pytest.raises(Stop, match="Is the disk full") as end:
        store.discard()
    assert end.value.code is Exit.DISK
