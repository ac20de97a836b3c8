"""Single values of files: what each type reads and refuses, by which rules conditions compare, and that a bad one costs its
row only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.sources.files import Row, load, read

Mapped = Callable[..., list[Row]]
HEAD = "messages:\n- type: track\n  event: Bought\n  userId: {column: id}\n"


@pytest.fixture
def mapped(tmp_path: Path) -> Mapped:
    def reading(mapping: str, rows: str, name: str = "rows.csv") -> list[Row]:
        (tmp_path / name).write_text(rows, encoding="utf-8")
        (tmp_path / "mapping.yaml").write_text(mapping, encoding="utf-8")
        return list(read(tmp_path / name, load(tmp_path / "mapping.yaml")))

    return reading


@pytest.mark.parametrize(
    ("condition", "satisfied"),
    [
        ('is: "1"', ["1"]),
        ("is: 1", ["1", "01", "1e0", " 1 "]),
        ('not_in: ["1", x]', ["01", "1e0", " 1 ", "true", "9" * 310]),
        ("in: [1, true]", ["1", "01", "1e0", " 1 "]),
        ("gte: 1", ["1", "01", "1e0", " 1 "]),
    ],
)
def test_conditions_compare_as_segments_do(mapped: Mapped, condition: str, satisfied: list[str]) -> None:
    mapping = "unmatched: skip\n" + HEAD + f"  when: {{column: id, {condition}}}\n"
    ids = ["1", "01", "1e0", " 1 ", "x", "true", "9" * 310]
    rows = mapped(mapping, "id\n" + "".join(f'"{each}"\n' for each in ids))
    assert [row.message and row.message["userId"] for row in rows] == satisfied


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("number", ["1", "-1.5", "1e3", ".5"], ["", "1,5", "1_000", "nan", "inf", "0x1", "true", "\u0661"]),
        ("boolean", ["TRUE", "f", "Yes", "n", "0", "1"], ["2", "ja", "on"]),
        (
            "time",
            ["2026-07-01", "2026-07-01T10:00:00+02:00", "20260701T100000"],
            ["1782900000", "today", "2026-13-01"],
        ),
    ],
)
def test_what_is_not_clearly_of_a_type_is_refused(
    mapped: Mapped, kind: str, good: list[str], bad: list[str]
) -> None:
    mapping = "missing: []\n" + HEAD + f"  properties.x: {{column: x, as: {kind}}}\n"
    rows = mapped(mapping, "id,x\n" + "".join(f'1,"{value}"\n' for value in good + bad))
    assert [row.reason is None for row in rows] == [True] * len(good) + [False] * len(bad)


def test_a_number_of_json_beyond_64_bits_identifies_nobody(mapped: Mapped) -> None:
    whole, beyond = 2**64 - 1, 2**64
    rows = mapped(HEAD, f'{{"id": {whole}}}\n{{"id": {beyond}}}\n{{"id": "{beyond}"}}\n', "rows.jsonl")
    assert [row.message and row.message["userId"] for row in rows] == [str(whole), None, str(beyond)]
    assert "whose last digits a float has lost" in str(rows[1].reason)


def test_a_phone_of_digits_is_a_text_as_every_identifier_is(mapped: Mapped) -> None:
    mapping = "messages:\n- {type: identify, traits.phone: {column: phone}, traits.age: {column: phone}}\n"
    (row,) = mapped(mapping, '{"phone": 31612345678.0}\n', "rows.jsonl")
    assert row.message is not None
    assert row.message["traits"] == {"phone": "31612345678", "age": 31612345678.0}


@pytest.mark.parametrize("digits", ["9" * 310, "-" + "9" * 5_000, "1e400"])
def test_a_number_beyond_what_rules_read_rejects_its_row_alone(mapped: Mapped, digits: str) -> None:
    mapping = HEAD + "  properties.x: {column: x, as: number}\n"
    first, second, third = mapped(mapping, f"id,x\n1,{'9' * 23}\n2,{digits}\n3,{2**63}\n")
    assert "column 'x' is no number" in str(second.reason)
    assert [row.message and row.message["properties"]["x"] for row in (first, third)] == [1e23, 2**63]


@pytest.mark.parametrize("depth", [300, 600, 1_000, 2_000])
def test_a_row_that_is_nested_too_deeply_is_rejected_alone(mapped: Mapped, depth: int) -> None:
    mapping = HEAD + "  properties.x: {column: x}\n"
    lines = f'{{"id": 1, "x": {"[" * depth}{"]" * depth}}}\n{{"id": 2}}\n'
    assert [row.reason is None for row in mapped(mapping, lines, "rows.jsonl")] == [False, True]


@pytest.mark.parametrize(
    ("zone", "written", "is_read"),
    [
        ("Europe/Amsterdam", "2026-03-29T01:59:59", "2026-03-29T00:59:59.000Z"),
        ("Europe/Amsterdam", "2026-03-29T02:00:00", None),
        ("Europe/Amsterdam", "2026-03-29T02:59:59", None),
        ("Europe/Amsterdam", "2026-03-29T03:00:00", "2026-03-29T01:00:00.000Z"),
        ("Europe/Amsterdam", "2026-03-29T02:30:00+01:00", "2026-03-29T01:30:00.000Z"),
        ("Europe/Amsterdam", "2026-10-25T02:30:00", "2026-10-25T00:30:00.000Z"),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00.000Z"),
        ("Africa/Cairo", "2026-04-24T00:30:00", None),
    ],
)
def test_a_local_time_that_spring_skips_is_refused(mapped: Mapped, zone: str, written: str, is_read: str | None) -> None:
    (row,) = mapped(f"zone: {zone}\n{HEAD}  timestamp: {{column: at}}\n", f"id,at\n1,{written}\n")
    assert (row.message and row.message["timestamp"]) == is_read
    assert is_read or f"a time that the clocks of {zone} skip in spring" in str(row.reason)
