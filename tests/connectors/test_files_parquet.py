"""Parquet: types as the file has them, columns that are asked for only, and the word to say without
pyarrow."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pytest
from pyarrow import parquet

from connectors.sources.files import load, read
from streams.core.errors import Misconfigured

MAPPING = """
zone: Europe/Amsterdam
messages:
  - type: track
    event: Bought
    userId: {column: id}
    timestamp: {column: at}
    properties.price: {column: price}
    properties.zoned: {column: zoned}
    properties.day: {column: day}
    properties.all: {column: all}
    properties.inner: {column: inner.a}
"""


def write(tmp_path: Path, columns: dict[str, Any]) -> tuple[Path, Path]:
    path, mapping = tmp_path / "rows.parquet", tmp_path / "mapping.yaml"
    parquet.write_table(arrow.table(columns), path, row_group_size=2)
    mapping.write_text(MAPPING)
    return path, mapping


def columns(rows: int) -> dict[str, Any]:
    at = arrow.array([datetime(2026, 7, 1, 12)] * rows, arrow.timestamp("ns"))  # noqa: DTZ001 - the file has none
    return {
        "id": arrow.array([7.0, float("nan"), 9.0][:rows]),
        "at": at,
        "price": [Decimal("1.50"), None, Decimal("2")][:rows],
        "zoned": [datetime(2026, 7, 1, 12, tzinfo=UTC)] * rows,
        "day": [date(2026, 7, 1)] * rows,
        "all": [[1, 2]] * rows,
        "inner": [{"a": "x", "b": 1}] * rows,
        "unused": [b"\x00"] * rows,
    }


def test_types_of_the_file_become_those_of_json(tmp_path: Path) -> None:
    path, mapping = write(tmp_path, columns(3))
    rows = list(read(path, load(mapping)))
    assert [row.line for row in rows] == [1, 2, 3]
    assert rows[0].message == {
        "type": "track",
        "event": "Bought",
        "userId": "7",
        "timestamp": "2026-07-01T10:00:00.000Z",
        "properties": {
            "price": 1.5,
            "zoned": "2026-07-01T12:00:00.000Z",
            "day": "2026-06-30T22:00:00.000Z",
            "all": [1, 2],
            "inner": "x",
        },
    }
    assert rows[1].message is not None
    assert "userId" not in rows[1].message
    assert "price" not in rows[1].message["properties"]


def test_what_json_lacks_rejects_its_row(tmp_path: Path) -> None:
    path, mapping = write(tmp_path, columns(1) | {"price": [b"\xff"]})
    (row,) = read(path, load(mapping))
    assert row.reason == "column 'price' is of the type bytes, which JSON lacks; convert the column first"


def test_a_file_that_is_no_parquet_says_so(tmp_path: Path) -> None:
    path, mapping = write(tmp_path, columns(1))
    path.write_bytes(b"id,at\n")
    with pytest.raises(Misconfigured, match=r"rows\.parquet: cannot be read"):
        list(read(path, load(mapping)))


def test_two_columns_of_one_name_are_refused_as_in_csv(tmp_path: Path) -> None:
    path, mapping = tmp_path / "rows.parquet", tmp_path / "mapping.yaml"
    parquet.write_table(arrow.table([["u"], ["v"], [1], [2]], names=["id", "id", "unused", "unused"]), path)
    mapping.write_text("messages:\n- {type: page, userId: {column: id}}\n")
    with pytest.raises(Misconfigured) as refused:
        list(read(path, load(mapping)))
    assert refused.value.faults == (f"{path}: two columns are called 'id'; rename one",)


def test_without_pyarrow_the_command_to_type_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, mapping = write(tmp_path, columns(1))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Misconfigured, match=r"pip install 'audience-streams\[files\]'"):
        list(read(path, load(mapping)))


def ids(tmp_path: Path, column: Any) -> list[str]:
    path, mapping = tmp_path / "rows.parquet", tmp_path / "mapping.yaml"
    parquet.write_table(arrow.table({"id": column}), path)
    mapping.write_text("messages:\n- {type: page, userId: {column: id}}\n")
    return [row.reason or row.message["userId"] for row in read(path, load(mapping)) if row.reason or row.message]


def test_decimals_as_identifiers_keep_all_their_digits(tmp_path: Path) -> None:
    digits = ["9007199254740992", "9007199254740993", "12345678901234567891", "9" * 38, "100", "-7"]
    assert ids(tmp_path, arrow.array([Decimal(each) for each in digits], arrow.decimal128(38, 0))) == digits
    assert ids(tmp_path, arrow.array([Decimal("7.00"), Decimal("7.50")], arrow.decimal128(38, 2))) == ["7", "7.5"]


def test_a_float_that_has_lost_digits_identifies_nobody(tmp_path: Path) -> None:
    below, at = ids(tmp_path, arrow.array([2.0**53 - 1, 2.0**53]))
    assert below == "9007199254740991"
    assert at.startswith("column 'id' is a number of 9,007,199,254,740,992 or more")


OUTSIDE = {
    "timestamp": arrow.array([0, 2**62, 1], arrow.timestamp("us", "UTC")),
    "date": arrow.array([0, 2**30, 1], arrow.date32()),
    "text": arrow.array([b"a", b"\xff", b"b"]).view(arrow.string()),
    "list": arrow.array([[0], [0, 2**62], []], arrow.list_(arrow.timestamp("us"))),
}


@pytest.mark.parametrize("column", OUTSIDE.values(), ids=OUTSIDE)
@pytest.mark.parametrize("field", ["timestamp", "properties.a"])
def test_what_python_cannot_hold_rejects_its_row_alone(tmp_path: Path, field: str, column: Any) -> None:
    path, mapping = tmp_path / "rows.parquet", tmp_path / "mapping.yaml"
    parquet.write_table(arrow.table({"id": ["u", "v", "w"], "x": column}), path)
    mapping.write_text(f"messages:\n- {{type: page, userId: {{column: id}}, {field}: {{column: x}}}}\n")
    rows = list(read(path, load(mapping)))
    assert [row.line for row in rows] == [1, 2, 3]
    assert str(rows[1].reason).startswith("column 'x' holds what cannot be read, such as a time outside the years 1 to 9999")
    assert b'"id": "v"' in rows[1].raw


@pytest.mark.parametrize(("kind", "largest"), [(arrow.float32(), 16_777_215.0), (arrow.float16(), 2_047.0)])
def test_a_narrow_float_that_has_lost_digits_identifies_nobody_and_is_a_number_all_the_same(
    tmp_path: Path, kind: Any, largest: float,
) -> None:
    """16777217 as a float of 32 bits is 16777216: two people's ids were one."""
    ids = arrow.array([largest, largest + 1, largest + 2, None], arrow.float64()).cast(kind, safe=False)
    path, mapping = write(tmp_path, columns(1) | {name: [*column] * 4 for name, column in columns(1).items()} | {
        "id": ids, "price": ids, "inner": [{"a": each, "b": 1} for each in ids]})
    first, *lost, last = read(path, load(mapping))
    assert first.message and first.message["userId"] == str(int(largest))
    assert last.message and "userId" not in last.message
    assert [row.message for row in lost] == [None, None]
    assert all(str(row.reason).startswith("column 'id' is a float of 32 bits or fewer") for row in lost)


def test_a_narrow_float_may_be_a_large_number_but_no_id_wherever_it_stands(tmp_path: Path) -> None:
    inner = arrow.struct([("a", arrow.float32()), ("b", arrow.list_(arrow.float32()))])
    path, mapping = write(tmp_path, columns(1) | {
        "id": ["x"], "price": arrow.array([1e9], arrow.float32()), "inner": arrow.array([{"a": 1e9, "b": [1e9]}], inner),
        "all": arrow.array([[1e9, 2.0]], arrow.list_(arrow.float32()))})
    (row,) = read(path, load(mapping))
    assert row.message and row.message["properties"] | {"zoned": 0, "day": 0} == {
        "price": 1e9, "all": [1e9, 2.0], "inner": 1e9, "zoned": 0, "day": 0}
    mapping.write_text(MAPPING.replace("userId: {column: id}", "userId: {column: inner.a}"))
    (row,) = read(path, load(mapping))
    assert row.message is None and "too large to keep its last digits" in str(row.reason)
