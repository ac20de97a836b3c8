"""Reading files: lines as they are, rows under a mapping, and what is said of those that cannot be."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.sources.files import Row, load, read
from streams.core.errors import Misconfigured

Write = Callable[[str, str], Path]
HEAD = "messages:\n- type: track\n  event: Bought\n  userId: {column: id}\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def writing(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return writing


def mapped(write: Write, mapping: str, rows: str, name: str = "rows.csv") -> list[Row]:
    return list(read(write(name, rows), load(write("mapping.yaml", mapping))))


def refusal(path: Path, mapping: Path | None = None) -> str:
    with pytest.raises(Misconfigured) as refused:
        list(read(path, None if mapping is None else load(mapping)))
    return str(refused.value)


def test_json_lines_pass_untouched_also_when_broken(write: Write) -> None:
    path = write("events.jsonl", '\ufeff{"type": "track"}\n\n{"type": \r\n[1]\n{"userId":"é"}')
    assert list(read(path)) == [
        Row(1, {"type": "track"}, None, b'{"type": "track"}'),
        Row(3, None, None, b'{"type": '),
        Row(4, None, None, b"[1]"),
        Row(5, {"userId": "é"}, None, '{"userId":"é"}'.encode()),
    ]


def test_gzip_is_unpacked_by_its_name(tmp_path: Path, write: Write) -> None:
    lines, table = tmp_path / "events.jsonl.gz", tmp_path / "rows.csv.gz"
    lines.write_bytes(gzip.compress(b'{"a": 1}\n{"a": 2}\n'))
    table.write_bytes(gzip.compress(b"id\n7\n"))
    assert [row.message for row in read(lines)] == [{"a": 1}, {"a": 2}]
    assert [row.line for row in read(table, load(write("mapping.yaml", HEAD)))] == [2]


def test_a_pipe_holds_json_lines_whatever_it_is_called() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as sink:
        sink.write(b'{"a": 1}\n{"a": 2}\n')
    with os.fdopen(reading, "rb"):
        assert [row.message for row in read(Path(f"/dev/fd/{reading}"))] == [{"a": 1}, {"a": 2}]


def test_what_the_shell_redirects_to_stdin_is_json_lines(tmp_path: Path) -> None:
    (tmp_path / "events.log").write_text('{"a": 1}\n')
    code = "from connectors.sources.files import read; print([row.message for row in read(Path('/dev/stdin'))])"
    with (tmp_path / "events.log").open() as events:
        ran = subprocess.run([sys.executable, "-c", "from pathlib import Path; " + code], stdin=events, capture_output=True,
                             text=True, check=True)
    assert ran.stdout == "[{'a': 1}]\n"


def test_a_cut_gzip_says_where_it_broke_off_after_giving_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n' * 9)[:-6])
    given: list[Row] = []
    with pytest.raises(Misconfigured, match="after line 9: the gzip data is cut off"):
        given.extend(read(path))
    reading = read(path)
    assert next(reading).line == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("none.jsonl", "there is no such file"),
        ("rows.xlsx", "no known format"),
        ("rows.parquet.gz", "unpack the .gz first"),
        ("rows.csv", "CSV needs a mapping"),
        ("rows.parquet", "Parquet needs a mapping"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, name: str, sentence: str) -> None:
    assert sentence in refusal(tmp_path / name)


def test_a_row_becomes_a_message_with_every_kind_of_value(write: Write) -> None:
    mapping = """
zone: Europe/Amsterdam
messages:
  - type: track
    event: Order Completed
    userId: {column: id}
    messageId: {text: "shop-{order}-{line}"}
    timestamp: {column: at, format: "%d-%m-%Y %H:%M"}
    properties.revenue: {column: amount, as: number}
    properties.gift: {column: gift, as: boolean, default: false}
    properties.shipped: {column: shipped, as: time, format: epoch-seconds}
    properties.tags: {value: [a, 1]}
    context.source.type: pos
    externalIds.card: {column: card}
    properties.note: {column: note}
"""
    rows = (
        "id,order,line,at,amount,gift,shipped,card,note\n007,1,2,01-07-2026 12:00, 12.50,Y,1782900000,C1,\n"
        "8,1,,,,,,,hi\n"
    )
    first, second = (row.message for row in mapped(write, mapping, rows))
    assert first == {
        "type": "track",
        "event": "Order Completed",
        "userId": "007",
        "messageId": "shop-1-2",
        "timestamp": "2026-07-01T10:00:00.000Z",
        "properties": {
            "revenue": 12.5,
            "gift": True,
            "shipped": "2026-07-01T10:00:00.000Z",
            "tags": ["a", 1],
        },
        "context": {"source": {"type": "pos"}, "externalIds": [{"id": "C1", "type": "card"}]},
    }
    assert second is not None
    assert second["properties"] == {"gift": False, "tags": ["a", 1], "note": "hi"}
    assert "messageId" not in second
    assert "timestamp" not in second


def test_raw_is_the_message_as_json(write: Write) -> None:
    (row,) = mapped(write, HEAD, "id\n7\n")
    assert json.loads(row.raw) == row.message == {"type": "track", "event": "Bought", "userId": "7"}


def test_several_messages_a_row_each_under_its_condition(write: Write) -> None:
    mapping = """
messages:
  - {type: identify, userId: {column: id}, traits.email: {column: mail}, when: {column: mail, exists: true}}
  - type: track
    event: Bought
    userId: {column: id}
    when:
      - {column: amount, gt: 0}
      - {column: status, in: [paid, "1"]}
"""
    rows = mapped(write, mapping, "id,mail,amount,status\n1,a@b.c,5,paid\n2,,5.0,1\n3,,0,paid\n4,,5,open\n")
    assert [(row.line, row.message and row.message["type"]) for row in rows] == [
        (2, "identify"),
        (2, "track"),
        (3, "track"),
        (4, None),
        (5, None),
    ]
    assert "unmatched: skip" in str(rows[3].reason)


def test_unmatched_rows_are_skipped_where_the_mapping_says_so(write: Write) -> None:
    mapping = "unmatched: skip\n" + HEAD + "  when: {column: id, is_not: 7}\n"
    assert [row.line for row in mapped(write, mapping, "id\n7\n7.0\n8\n")] == [4]


def test_a_bad_row_is_told_with_line_and_reason_and_the_rest_goes_on(write: Write) -> None:
    mapping = HEAD + "  properties.revenue: {column: amount, as: number, required: true}\n"
    rows = mapped(write, mapping, 'id,amount\n1,5\n2,secret\n3,"4\n5",6\n4,,\n\n5,\n"6"x,1\n7,8\n')
    reasons = {row.line: row.reason for row in rows}
    assert list(reasons) == [2, 3, 4, 6, 8, 9, 10]
    assert [line for line, reason in reasons.items() if reason is None] == [2, 10]
    assert "column 'amount' is no number" in str(reasons[3])
    assert "3 fields" in str(reasons[4])
    assert "3 fields" in str(reasons[6])
    assert "column 'amount' is missing" in str(reasons[8])
    assert "no CSV" in str(reasons[9])
    assert not any("secret" in str(reason) for reason in reasons.values())
    assert json.loads(rows[1].raw) == {"id": "2", "amount": "secret"}


def test_a_row_of_another_encoding_is_rejected_alone(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"id\n\xe9\n\xc3\xa9\n")
    latin = write("latin.yaml", "encoding: latin-1\n" + HEAD)
    rows = list(read(path, load(write("mapping.yaml", HEAD))))
    assert [row.reason is None for row in rows] == [False, True]
    assert "encoding" in str(rows[0].reason)
    assert [row.message and row.message["userId"] for row in read(path, load(latin))] == ["é", "Ã©"]


def test_names_of_utf8_are_one_encoding(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\xef\xbb\xbfid\n\xc3\xa9\n")
    for name in ("UTF-8", "utf8", "utf-8-sig"):
        (row,) = read(path, load(write("mapping.yaml", f"encoding: {name}\n{HEAD}")))
        assert row.message and row.message["userId"] == "é"


def test_missing_texts_and_another_delimiter(write: Write) -> None:
    mapping = 'delimiter: ";"\nmissing: ["", NA]\n' + HEAD + "  properties.a: {column: a}\n"
    rows = mapped(write, mapping, "id;a\n1;NA\n2;x,y\n")
    assert [row.message and row.message.get("properties") for row in rows] == [None, {"a": "x,y"}]


def test_a_lookup_joins_a_second_file_by_key_as_text(write: Write) -> None:
    write("products.csv", "sku,brand\n7,Acme\n7,Other\n")
    mapping = "lookups:\n  goods: {file: products.*, key: sku, on: product}\n" + HEAD
    mapping += "  properties.brand: {column: brand, from: goods, default: none}\n"
    rows = mapped(
        write, mapping, '{"id": 1, "product": 7}\n{"id": 2, "product": "8"}\n{"id": 3}\n', "rows.jsonl"
    )
    brands = [row.message and row.message["properties"]["brand"] for row in rows]
    assert brands == ["Acme", "none", "none"]


def test_a_lookup_reaches_into_objects_too(write: Write) -> None:
    write("products.jsonl", '{"sku": {"id": 7}, "brand": {"name": "Acme"}, "a.b": "whole"}\n')
    mapping = "lookups:\n  goods: {file: products.jsonl, key: sku.id, on: product}\n" + HEAD
    mapping += "  properties.brand: {column: brand.name, from: goods}\n  properties.a: {column: a.b, from: goods}\n"
    (row,) = mapped(write, mapping, "id,product\n1,7\n")
    assert row.message and row.message["properties"] == {"brand": "Acme", "a": "whole"}


def test_what_is_no_key_of_a_lookup_rejects_its_row(write: Write) -> None:
    write("goods.jsonl", '{"sku": 1e17, "brand": "Acme"}\n{"sku": [7]}\n{"brand": "none"}\n')
    mapping = "lookups:\n  goods: {file: goods.jsonl, key: sku}\n" + HEAD
    mapping += "  properties.brand: {column: brand, from: goods}\n"
    rows = mapped(write, mapping, '{"id": 1, "sku": 1e17}\n{"id": 2, "sku": [7]}\n{"id": 3}\n', "rows.jsonl")
    assert [row.reason and row.reason[:35] for row in rows] == [
        "column 'sku' is a number of 9,007,1", "column 'sku' is a list or an object", None]


def test_json_lines_under_a_mapping_reach_into_objects(write: Write) -> None:
    mapping = "messages:\n- type: track\n  event: {column: what}\n  userId: {column: user.id}\n"
    mapping += "  properties: {column: data}\n  timestamp: {column: at, format: epoch-milliseconds}\n"
    lines = '{"what": "A", "user": {"id": 5}, "data": {"x": [1, null]}, "at": 1782900000000}\n{"what"\n7\n'
    rows = mapped(write, mapping, lines, "rows.jsonl")
    assert rows[0].message == {
        "type": "track",
        "event": "A",
        "userId": "5",
        "properties": {"x": [1, None]},
        "timestamp": "2026-07-01T10:00:00.000Z",
    }
    assert [row.reason for row in rows[1:]] == [
        "the line is no JSON; was it cut?",
        "the line is JSON, but no object; expected {…}",
    ]


def test_the_document_is_chosen_by_the_name_of_the_file(write: Write) -> None:
    two = "file: a*.csv\n" + HEAD + "---\nfile: b*\n" + HEAD.replace("Bought", "Sold")
    mapping = load(write("mapping.yaml", two))
    assert [row.message and row.message["event"] for row in read(write("b1.csv", "id\n1\n"), mapping)] == [
        "Sold"
    ]
    assert "no section is for c.csv, only for 'a*.csv' (line 1), 'b*' (line 7)" in refusal(
        write("c.csv", "id\n"), write("mapping.yaml", two)
    )


def test_json_lines_that_no_document_is_for_are_messages_as_they_are(write: Write) -> None:
    mapping = load(write("mapping.yaml", "file: '*.csv'\n" + HEAD))
    rows = read(write("events.jsonl", '{"type": "track"}\n'), mapping)
    assert [row.message for row in rows] == [{"type": "track"}]


@pytest.mark.parametrize("row", ['{"order": 1}', '{"type": "sale"}', "rubbish"])
def test_rows_that_are_no_messages_are_for_a_document_whose_pattern_was_mistyped(write: Write, row: str) -> None:
    """As messages each would be a dead letter, and a thousand of them end the workers."""
    mapping = load(write("mapping.yaml", "file: order.jsonl\n" + HEAD))
    with pytest.raises(Misconfigured, match=r"no section is for orders.jsonl, only for 'order.jsonl'"):
        next(read(write("orders.jsonl", f"{row}\n"), mapping))


def test_memory_does_not_grow_with_the_file(tmp_path: Path, write: Write) -> None:
    import tracemalloc

    path = tmp_path / "rows.csv"
    with path.open("w") as stream:
        stream.write("id\n")
        stream.writelines(f"{number}\n" for number in range(50_000))
    mapping = load(write("mapping.yaml", HEAD))
    tracemalloc.start()
    assert sum(1 for _ in read(path, mapping)) == 50_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
