"""A task's state on disk: what it keeps, what it refuses, when it is thrown away."""
from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest

from streams.runtime.exits import Exit, Stop
from streams.runtime.state import store as store_module
from streams.runtime.state.damage import is_damage
from streams.runtime.state.memory import Memory
from streams.runtime.state.store import STATE_VERSION, USABLE_FOR, VERSION, TaskStore, refuse_other
from streams.unit import TABLES, Change
from tests.damage import damage_largest_file

NOW = 1_800_000_000_000
USABLE_MS = USABLE_FOR // timedelta(milliseconds=1)
Open = Callable[..., TaskStore]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens the one store of the test; closes what is still open."""
    stores: list[TaskStore] = []
    memory = Memory(32)

    def open_store(wall: int = NOW) -> TaskStore:
        stores.append(TaskStore(tmp_path / "state" / "audience-0", memory, wall=wall))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


def test_keeps_changes_with_their_position_over_a_restart(opened: Open) -> None:
    store = opened()
    store.write([Change("profiles", b"a", b"1"), Change("timers", b"t", b""), VERSION], 17, NOW)
    store.write([Change("profiles", b"a", None), Change("profiles", b"b", b"2")], 21, NOW + 5)
    store.close()
    store = opened()
    assert (store.position, store.current_at, store.version) == (21, NOW + 5, STATE_VERSION)
    assert store.get("profiles", [b"b", b"a"]) == [b"2", None]
    assert store.get("timers", [b"t"]) == [b""]


def test_scans_in_key_order_from_start_to_before_stop(opened: Open) -> None:
    store = opened()
    store.write([Change("timers", key, key) for key in (b"c", b"a", b"d", b"b")], 1, NOW)
    assert [key for key, _ in store.scan("timers", b"a", b"d", 10)] == [b"a", b"b", b"c"]
    assert [key for key, _ in store.scan("timers", b"b", b"\xff", 2)] == [b"b", b"c"]
    assert store.scan("timers", b"d", b"a", 10) == []


def test_does_not_show_what_the_runtime_keeps_in_meta(opened: Open) -> None:
    store = opened()
    store.write([VERSION, Change("meta", b"mine", b"1")], 9, NOW)
    assert store.scan("meta", b"", b"\xff", 10) == [(b"mine", b"1")]


def test_is_usable_up_to_half_the_retention_of_tombstones(opened: Open) -> None:
    store = opened()
    store.write([Change("profiles", b"a", b"1")], 3, NOW)
    store.close()
    store = opened(wall=NOW + USABLE_MS)
    assert store.position == 3
    store.close()


def test_is_discarded_a_moment_later(opened: Open) -> None:
    store = opened()
    store.write([Change("profiles", b"a", b"1")], 3, NOW)
    store.close()
    store = opened(wall=NOW + USABLE_MS + 1)
    assert (store.position, store.get("profiles", [b"a"])) == (0, [None])


def test_two_workers_on_one_folder_are_refused(opened: Open) -> None:
    opened()
    with pytest.raises(Stop, match="AUDIENCE_DATA of its own") as end:
        opened()
    assert end.value.code is Exit.STATE


@pytest.mark.parametrize(("fault", "code", "advice"), [
    (errno.ENOSPC, Exit.DISK, "Is the disk full"), (errno.EMFILE, Exit.DISK, "ulimit -n"),
    (errno.EACCES, Exit.STATE, "allowed to write AUDIENCE_DATA"), (errno.EROFS, Exit.STATE, "mounted to be read only"),
    (errno.EIO, Exit.STATE, "may be deleted; it is rebuilt")])
def test_what_cannot_be_opened_says_why_and_what_to_do(
    opened: Open, monkeypatch: pytest.MonkeyPatch, fault: int, code: Exit, advice: str,
) -> None:
    """Whatever it was, somebody was told that another worker uses the folder; or it was a bug (70)."""
    for place, name in ((store_module, "Rdict"), (Path, "mkdir")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, Mock(side_effect=OSError(fault, os.strerror(fault))))
            with pytest.raises(Stop, match=advice) as end:
                opened()
        assert end.value.code is code


def test_a_folder_that_cannot_be_thrown_away_ends_the_worker_with_what_to_do(
    opened: Open, monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = opened()
    monkeypatch.setattr(shutil, "rmtree", Mock(side_effect=PermissionError(errno.EACCES, "Permission denied")))
    with pytest.raises(Stop, match="allowed to write AUDIENCE_DATA") as end:
        store.discard()
    assert end.value.code is Exit.STATE


def test_a_damaged_store_is_discarded_and_rebuilt(opened: Open, tmp_path: Path) -> None:
    store = opened()
    store.write([Change("profiles", b"a", b"1")], 3, NOW)
    store.close()
    (tmp_path / "state" / "audience-0" / "CURRENT").write_text("nonsense\n")
    assert opened().position == 0


def test_a_store_without_its_manifest_is_discarded_and_rebuilt(opened: Open, tmp_path: Path) -> None:
    store = opened()
    store.write([Change("profiles", b"a", b"1")], 3, NOW)
    store.close()
    for manifest in (tmp_path / "state" / "audience-0").glob("MANIFEST-*"):
        manifest.unlink()
    assert opened().position == 0


@pytest.mark.parametrize("read", [
    lambda store: store.get("profiles", [b"%05d" % number for number in range(2_000)]),
    lambda store: store.scan("profiles", b"", b"\xff", 10_000),
])
def test_a_block_that_cannot_be_read_ends_the_worker_once_and_the_next_start_rebuilds(
    opened: Open, tmp_path: Path, read: Callable[[TaskStore], object],
) -> None:
    """Opening does not find it: every start met it again, with code 70."""
    store = opened()
    store.write([Change("profiles", b"%05d" % number, os.urandom(500)) for number in range(2_000)], 3, NOW)
    store.close()
    opened().close()  # which writes the rows into a file
    damage_largest_file(tmp_path / "state" / "audience-0")
    store = opened()
    assert store.position == 3
    with pytest.raises(Stop, match=r"could not be read: Corruption: .* the next start discards it") as end:
        read(store)
    assert end.value.code is Exit.DISK
    del end  # which refers to the cursor, and with it to the files
    store.close()
    store = opened()
    assert (store.position, store.get("profiles", [b"00000"])) == (0, [None])
    store.write([Change("profiles", b"a", b"1")], 4, NOW)
    store.close()
    assert opened().position == 4


def test_what_an_older_version_wrote_is_refused_with_what_to_do_and_an_empty_state_is_not() -> None:
    refuse_other(0)
    with pytest.raises(Stop, match=rf"version 1, this worker reads {STATE_VERSION}: an older one .* Choose another") as end:
        refuse_other(1)
    assert end.value.code is Exit.STATE


def test_a_version_as_new_as_ours_is_read_and_a_newer_one_refused() -> None:
    refuse_other(VERSION.value[0] if VERSION.value else 0)
    with pytest.raises(Stop, match="choose another AUDIENCE_APP") as end:
        refuse_other(STATE_VERSION + 1)
    assert end.value.code is Exit.STATE


FILLS_THE_DISK = """
import os, resource, sys
from pathlib import Path
from streams.runtime.exits import Exit, Stop
from streams.runtime.state.memory import Memory
from streams.runtime.state.store import TaskStore
from streams.unit import Change
store = TaskStore(Path(sys.argv[1]), Memory(4), wall=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    for number in range(1, 1_000):
        store.write([Change("profiles", os.urandom(12), os.urandom(2_000))], number, int(sys.argv[2]))
except Stop as end:
    store.close()
    sys.exit(end.code)
"""


def test_on_a_full_disk_it_is_closed_all_the_same(opened: Open, tmp_path: Path) -> None:
    """The end of a worker that could not write while it restored was told as a bug (70)."""
    words = [str(tmp_path / "state" / "audience-0"), str(NOW)]
    assert subprocess.run([sys.executable, "-c", FILLS_THE_DISK, *words], check=False).returncode == Exit.DISK
    assert opened().position > 0


def test_too_few_open_files_are_no_damage() -> None:
    assert not is_damage(OSError("Corruption: IO error: While open a file for random read: 000009.sst: Too many open files"))


WRITES_AND_IS_KILLED = """
import os, signal, sys
from pathlib import Path
from streams.runtime.state.memory import Memory
from streams.runtime.state.store import TaskStore
from streams.unit import TABLES, Change
store = TaskStore(Path(sys.argv[1]), Memory(4), wall=0)
for number in range(1, 101):
    ballast = [Change(table, os.urandom(12), os.urandom(2_000)) for table in TABLES[:5]]
    store.write([*ballast, *(Change(table, b"newest", b"%d" % number) for table in TABLES)], number, int(sys.argv[2]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_it_has_every_table_as_of_the_position(opened: Open, tmp_path: Path) -> None:
    words = [str(tmp_path / "state" / "audience-0"), str(NOW)]
    run = subprocess.run([sys.executable, "-c", WRITES_AND_IS_KILLED, *words], check=False)
    assert run.returncode == -signal.SIGKILL
    store = opened()
    assert store.position == 100
    assert {table: store.get(table, [b"newest"]) for table in TABLES} == {table: [b"100"] for table in TABLES}


HAS_LOGS_AND_IS_KILLED = """
import os, signal, sys
from pathlib import Path
from streams.runtime.state.memory import Memory
from streams.runtime.state.store import TaskStore
from streams.unit import TABLES, Change
store = TaskStore(Path(sys.argv[1]), Memory(32), wall=0)
for number in range(1, 5):
    store.write([Change(table, b"%d" % number, os.urandom(10_000)) for table in TABLES], number, int(sys.argv[2]))
    if number < 4:
        store._tables["timers"].flush()  # begins a log; what stands in the former is not in a file yet for other tables
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("damage", ["none", "the first", "the second", "the end of the second", "all"])
def test_a_log_of_rocksdbs_that_somebody_deleted_or_cut_is_noticed(opened: Open, tmp_path: Path, damage: str) -> None:
    """The rows in it were missing, and the position was behind them: nobody read them again."""
    folder = tmp_path / "state" / "audience-0"
    subprocess.run([sys.executable, "-c", HAS_LOGS_AND_IS_KILLED, str(folder), str(NOW)], check=False)
    logs = sorted(folder.glob("*.log"))
    assert len(logs) == 4
    if damage == "the end of the second":
        os.truncate(logs[1], logs[1].stat().st_size // 2)
    for log in {"the first": logs[:1], "the second": logs[1:2], "all": logs}.get(damage, []):
        log.unlink()
    assert opened().position == (4 if damage == "none" else 0)
