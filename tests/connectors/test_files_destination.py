"""Files in a folder: whole, each row once, whatever is killed, cut off or full."""
from __future__ import annotations

import asyncio
import csv
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import orjson
import pytest
from pyarrow import parquet

from connectors.delivery import Activation, Deferred, Delivered, Engine, Limits, durable
from connectors.delivery.activation import as_json
from connectors.delivery.durable import write_json_lines
from connectors.delivery.filing import FilingConnector
from connectors.delivery.reading import SettingsReader
from connectors.delivery.spool import Rolling, Row, Spool
from connectors.destinations.files import make
from connectors.destinations.files.connector import row_of
from streams.core.errors import Misconfigured
from streams.runtime.clock import wall_ms
from tests.connectors.recording import Crash, Log, Reading, activation, eventually

ROOT = Path(__file__).parents[2]
LATER = 10_000_000_000_000
"""An instant at which nothing is too old."""
FEW = tuple(activation(number, at=LATER + number) for number in range(23))


async def deliver(log: Log, folder: Path, **given: Any) -> None:
    """Until all of the log is settled; then the destination is closed."""
    connector = make(SettingsReader("lake", {"folder": str(folder), **given}, {}))
    engine = Engine("lake", connector, Reading(log), Limits(shortest=2, longest=10, burst=5), clock=wall_ms)
    task = asyncio.create_task(engine.run())
    async with asyncio.timeout(10):
        await eventually(lambda: len(log.final(Delivered)) == len(log.activations) or task.done())
    engine.stop()
    await task


def ids(folder: Path) -> list[str]:
    """Of all files, in order."""
    return [orjson.loads(line)["activation_id"]
            for file in sorted(folder.glob("lake-*.jsonl")) for line in file.read_bytes().splitlines()]


def read_jsonl(file: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def read_csv(file: Path) -> list[dict[str, Any]]:
    with file.open(newline="", encoding="utf-8") as text:
        return [{**row, "content": orjson.loads(row["content"]), "at": int(row["at"]),
                 "sequence": int(row["sequence"]), "segment_version": int(row["segment_version"]),
                 "expires_at": row["expires_at"] or None} for row in csv.DictReader(text)]


def read_parquet(file: Path) -> list[dict[str, Any]]:
    return [{**row, "content": orjson.loads(row["content"]), "at": int(row["at"].timestamp() * 1000)}
            for row in parquet.read_table(file).to_pylist()]


@pytest.mark.parametrize(("name", "read"), [("jsonl", read_jsonl), ("csv", read_csv), ("parquet", read_parquet)])
def test_each_format_holds_every_field(name: str, read: Callable[[Path], list[dict[str, Any]]], tmp_path: Path) -> None:
    odd = activation(70, content={"subject": 'a "b", c\nd é'}, because="x,y")
    asyncio.run(deliver(Log([*FEW, odd]), tmp_path, format=name))
    (file,) = tmp_path.glob("lake-*")
    assert read(file) == [as_json(each) for each in (*FEW, odd)]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_what_others_choose_is_no_formula_and_no_row_of_a_csv(sign: str, tmp_path: Path) -> None:
    odd = activation(70, identifier=f"cookie:a\r{sign}1+1\rb", because=f"{sign}1+1 [message m]")
    asyncio.run(deliver(Log([odd]), tmp_path, format="csv"))
    (file,) = tmp_path.glob("lake-*")
    assert read_csv(file) == [{**as_json(odd), "because": f"'{sign}1+1 [message m]"}]


def test_a_file_ends_with_the_call_that_fills_it_and_the_manifest_names_each(tmp_path: Path) -> None:
    asyncio.run(deliver(Log(FEW), tmp_path, rows=10))
    told = read_jsonl(tmp_path / "lake.manifest.jsonl")
    assert [(each["file"], each["rows"]) for each in told] == [
        ("lake-0000000001.jsonl", 10), ("lake-0000000002.jsonl", 10), ("lake-0000000003.jsonl", 3)]
    assert [(each["first_at"], each["last_at"]) for each in told] == [
        (LATER, LATER + 9), (LATER + 10, LATER + 19), (LATER + 20, LATER + 22)]
    for each in told:
        content = (tmp_path / each["file"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (each["bytes"], each["sha256"])


def test_rolls_by_size(tmp_path: Path) -> None:
    asyncio.run(deliver(Log(FEW), tmp_path, megabytes=0.001))
    assert len(list(tmp_path.glob("lake-*.jsonl"))) == 5 and ids(tmp_path) == [each.activation_id for each in FEW]


def test_what_came_last_appears_on_time_though_nothing_follows(tmp_path: Path) -> None:
    async def run() -> None:
        connector = make(SettingsReader("lake", {"folder": str(tmp_path), "every": 0.05}, {}))
        assert await connector.deliver(FEW, 0) == [Delivered(reference="lake-0000000001.jsonl")] * len(FEW)
        assert not ids(tmp_path)
        async with asyncio.timeout(10):
            await eventually(lambda: len(ids(tmp_path)) == len(FEW))
        await connector.close()

    asyncio.run(run())


def test_what_comes_after_a_repetition_of_what_is_in_a_file_appears_on_time_too(tmp_path: Path) -> None:
    async def run() -> None:
        connector = make(SettingsReader("lake", {"folder": str(tmp_path), "every": 0.05}, {}))
        async with asyncio.timeout(10):
            await connector.deliver(FEW[:1], 0)
            await eventually(lambda: len(ids(tmp_path)) == 1)
            await connector.deliver(FEW[:1], 0)
            await connector.deliver(FEW[1:], 0)
            await eventually(lambda: len(ids(tmp_path)) == len(FEW))
        await connector.close()

    asyncio.run(run())


def test_closed_while_a_file_is_being_written_it_is_written_once(tmp_path: Path) -> None:
    begun, may_end, written = Event(), Event(), list[Path]()

    def slowly(part: Path, rows: Iterator[bytes]) -> None:
        written.append(part)
        begun.set()
        assert may_end.wait(10)
        part.write_bytes(b"".join(row + b"\n" for row in rows))

    async def run() -> None:
        spool = Spool(tmp_path, "lake", "jsonl", slowly, Rolling(rows=len(FEW)))
        connector = FilingConnector(spool, row_of)
        await connector.deliver(FEW, 0)
        async with asyncio.timeout(10):
            await eventually(begun.is_set)
            closing = asyncio.create_task(connector.close())
            asyncio.get_running_loop().call_later(0.05, may_end.set)
            await closing

    asyncio.run(run())
    assert len(written) == 1 and ids(tmp_path) == [each.activation_id for each in FEW]


class Killed(BaseException):
    """Nothing after this instant happens."""


def test_killed_after_any_write_nothing_is_lost_or_doubled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync, survived = os.fsync, 0

    def kill_at(moment: int) -> Callable[[int], None]:
        left = moment

        def counted(descriptor: int) -> None:
            nonlocal left
            sync(descriptor)
            left -= 1
            if left <= 0:
                raise Killed

        return counted

    for moment in range(1, 60):
        folder, log = tmp_path / str(moment), Log(FEW)
        monkeypatch.setattr(durable.os, "fsync", kill_at(moment))
        with suppress(Killed):
            asyncio.run(deliver(log, folder, rows=10))
            survived += 1
        monkeypatch.setattr(durable.os, "fsync", sync)
        asyncio.run(deliver(log, folder, rows=10))
        assert ids(folder) == [each.activation_id for each in FEW], moment
        assert [each["number"] for each in read_jsonl(folder / "lake.manifest.jsonl")] == [1, 2, 3]
    assert 0 < survived < 45


def test_killed_between_delivery_and_outcome_nothing_is_doubled(tmp_path: Path) -> None:
    log = Log(FEW, crashes_before_settling=4)
    for _ in range(4):
        with pytest.raises(Crash):
            asyncio.run(deliver(log, tmp_path, rows=10))
    asyncio.run(deliver(log, tmp_path, rows=10))
    assert ids(tmp_path) == [each.activation_id for each in FEW]


def test_a_line_that_a_kill_tore_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / ".lake.open").write_bytes(b'{"id":"a0","at":1000,"kept_at":0,"row":{"activation_id":"a0"}}\n{"id":"a1","a')
    asyncio.run(deliver(Log(FEW[:3]), tmp_path))
    assert ids(tmp_path) == ["a0", "a1", "a2"]


def test_a_removed_manifest_lets_no_file_be_overwritten(tmp_path: Path) -> None:
    asyncio.run(deliver(Log(FEW[:5]), tmp_path))
    (tmp_path / "lake.manifest.jsonl").unlink()
    asyncio.run(deliver(Log(FEW[5:]), tmp_path))
    assert ids(tmp_path) == [each.activation_id for each in FEW]


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs a mount of its own")
def test_a_full_disk_defers_with_a_reason_and_loses_and_doubles_nothing(tmp_path: Path) -> None:
    run = subprocess.run(
        ["unshare", "--map-root-user", "--mount", sys.executable, "-m", "tests.connectors.full_disk", str(tmp_path)],
        capture_output=True, text=True, cwd=ROOT, timeout=90)
    if "unshare" in run.stderr or "permission denied" in run.stderr:
        pytest.skip("may not mount here")
    assert run.returncode == 0, run.stderr
    found = orjson.loads(run.stdout)
    assert 0 < found["while_full"] < 3_000
    assert (found["rows"], found["times"]) == (3_000, 1)
    assert found["why"] == [
        "the disk of the folder is full (or its quota): nothing is lost, it goes on when there is room"]


def test_a_line_that_did_not_get_to_the_disk_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "journal"
    durable.append_whole(file, b"one\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        durable.append_whole(file, b"two\n")
    assert file.read_bytes() == b"one\n"


def test_one_process_at_a_time(tmp_path: Path) -> None:
    async def run() -> list[Any]:
        mine, other = (make(SettingsReader("lake", {"folder": str(tmp_path)}, {})) for _ in range(2))
        batch: list[Activation] = [*FEW[:2]]
        await mine.deliver(batch[:1], 0)
        refused = await other.deliver(batch[1:], 0)
        await mine.close()
        taken_over = await other.deliver(batch[1:], 0)
        await other.close()
        return [*refused, *taken_over]

    refused, taken_over = asyncio.run(run())
    assert isinstance(refused, Deferred) and "another process" in refused.why
    assert taken_over == Delivered(reference="lake-0000000002.jsonl") and ids(tmp_path) == ["a0", "a1"]


def test_one_whose_name_begins_as_anothers_touches_none_of_its_files(tmp_path: Path) -> None:
    """A journal that was already answered for was deleted by the other."""
    other = Spool(tmp_path, "crm-eu", "jsonl", write_json_lines, Rolling(rows=1))
    other.keep([Row(id="a", at=1, value=b"{}")], 1)
    other.publish()
    [sealed] = tmp_path.glob(".crm-eu-*.sealed")
    mine = Spool(tmp_path, "crm", "jsonl", write_json_lines, Rolling(rows=1))
    for number in range(3):
        mine.keep([Row(id=f"b{number}", at=1, value=b"{}")], 1)
        mine.publish()
    mine.release()
    other.release()
    assert sealed.exists() and [path.name for path in tmp_path.glob(".crm-0*.sealed")] == [".crm-0000000003.sealed"]


def test_a_folder_that_is_none_defers(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    connector = make(SettingsReader("lake", {"folder": str(tmp_path / "file")}, {}))
    (outcome,) = asyncio.run(connector.deliver(FEW[:1], 0))
    assert outcome == Deferred(why="the folder cannot be written to: File exists")


def test_all_faults_of_the_settings_are_told() -> None:
    with pytest.raises(Misconfigured) as caught:
        make(SettingsReader("lake", {"folder": "s3://bucket", "format": "xml", "rows": 0, "every": True, "pth": "x"}, {}))
    assert len(caught.value.faults) == 5
