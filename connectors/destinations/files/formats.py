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
ROWS_A_GROUP = 50_000


def _csv(part: Path, rows: Iterator[bytes]) -> None:
    """With a header, as RFC 4180 but for its line ends; what is missing is empty."""
    with part.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(map(_flat, rows))


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
