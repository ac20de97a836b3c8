"""Feed files: every format says the same, and a file is whole or not there."""
from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from streams.core.errors import Misconfigured
from streams.serve.feed import FORMATS, Note, write

ROWS = [{"identifier": "cookie:a,\"b", "segments": ["loyal", "new"], "at": 1_700_000_000_000},
        {"identifier": "cookie:gone", "segments": [], "at": None}]


def given() -> Iterator[bytes]:
    return map(orjson.dumps, ROWS)


def test_json_lines(tmp_path: Path) -> None:
    assert write(tmp_path / "f.jsonl", given()) == 2
    assert [orjson.loads(line) for line in (tmp_path / "f.jsonl").read_bytes().splitlines()] == ROWS


def test_csv(tmp_path: Path) -> None:
    assert write(tmp_path / "f.csv", given()) == 2
    with (tmp_path / "f.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["identifier", "segments", "at"], ["cookie:a,\"b", "loyal new", "1700000000000"],
                                          ["cookie:gone", "", ""]]


def test_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert write(tmp_path / "f.parquet", given()) == 2
    at = datetime.fromtimestamp(1_700_000_000, UTC)
    assert parquet.read_table(tmp_path / "f.parquet").to_pylist() == [ROWS[0] | {"at": at}, ROWS[1]]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_that_was_not_finished_is_not_there_and_the_one_before_stays(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"f.{kind}"
    write(path, given())
    before = path.read_bytes()

    def ended() -> Iterator[bytes]:
        yield from given()
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write(path, ended())
    assert path.read_bytes() == before and [each.name for each in tmp_path.iterdir()] == [path.name]


def test_the_note_comes_back(tmp_path: Path) -> None:
    note = Note(number=3, topic="acme.audiences.memberships", topic_id="x", at=7, positions={0: 12, 11: 0})
    assert Note.read(tmp_path) == Note(positions={})
    note.write(tmp_path)
    assert Note.read(tmp_path) == note


def test_a_note_from_before_the_topic_s_id_was_noted_is_read(tmp_path: Path) -> None:
    (tmp_path / "position.json").write_bytes(b'{"number":3,"topic":"t","at":7,"positions":{"0":12}}')
    assert Note.read(tmp_path) == Note(number=3, topic="t", topic_id="", at=7, positions={0: 12})


@pytest.mark.parametrize("damaged", [b"", b"[]", b"{}", b'{"number":1,"topic":"t","at":1,"positions":[]}'])
def test_a_damaged_note_is_refused_with_what_to_do(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "position.json").write_bytes(damaged)
    with pytest.raises(Misconfigured, match="remove it"):
        Note.read(tmp_path)
