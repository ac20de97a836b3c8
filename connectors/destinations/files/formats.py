"""The formats. Each writes the same fields; in CSV and Parquet `content` is its JSON text."""
from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from connectors.delivery import Activation
from connectors.delivery.durable import write_json_lines
from connectors.delivery.spool import Write

COLUMNS = tuple(field.name for field in fields(Activation))
NUMBERS = ("segment_version", "sequence")
TIMES = ("at", "expires_at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
ROWS_A_GROUP = 50_000


def _csv(part: Path, rows: Iterator[bytes]) -> None:
    """With a header, as RFC 4180, its line ends too: a lone `\\r`, which an identifier may hold, is quoted only under them.
    What is missing is empty."""
    with part.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(map(_inert, map(_flat, rows)))


def _inert(row: dict[str, Any]) -> dict[str, Any]:
    """`because` may begin with an event's name, which anybody chooses: no spreadsheet takes it for a formula. Every other
    field begins as definitions and namespaces do."""
    because = row["because"]
    return row | {"because": f"'{because}"} if because.startswith(_FORMULA) else row


def _parquet(part: Path, rows: Iterator[bytes]) -> None:
    """Times are timestamps in UTC with milliseconds."""
    import pyarrow
    from pyarrow import parquet

    def kind(name: str) -> Any:
        if name in TIMES:
            return pyarrow.timestamp("ms", "UTC")
        return pyarrow.int64() if name in NUMBERS else pyarrow.string()

    schema: Any = pyarrow.schema([(name, kind(name)) for name in COLUMNS])
    with parquet.ParquetWriter(part, schema) as file:
        while group := [_flat(row) for row in islice(rows, ROWS_A_GROUP)]:
            file.write_table(pyarrow.Table.from_pylist(group, schema))


def _flat(row: bytes) -> dict[str, Any]:
    fields_of = orjson.loads(row)
    return {**fields_of, "content": orjson.dumps(fields_of["content"], option=orjson.OPT_SORT_KEYS).decode()}


FORMATS: Mapping[str, Write] = {"jsonl": write_json_lines, "csv": _csv, "parquet": _parquet}
