"""The formats. Each writes the same fields; in CSV and Parquet `content` is its JSON text."""
from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson

from connectors.delivery import Activation
from connectors.delivery.durable import write_json_lines
from connectors.delivery.parquet import Kind, write_parquet
from connectors.delivery.spool import Write

COLUMNS = tuple(field.name for field in fields(Activation))
NUMBERS = ("segment_version", "sequence")
TIMES = ("at", "expires_at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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
    write_parquet(part, {name: _kind(name) for name in COLUMNS}, map(_flat, rows))


def _kind(name: str) -> Kind:
    if name in TIMES:
        return Kind.MOMENT
    return Kind.NUMBER if name in NUMBERS else Kind.TEXT


def _flat(row: bytes) -> dict[str, Any]:
    fields_of = orjson.loads(row)
    return {**fields_of, "content": orjson.dumps(fields_of["content"], option=orjson.OPT_SORT_KEYS).decode()}


FORMATS: Mapping[str, Write] = {"jsonl": write_json_lines, "csv": _csv, "parquet": _parquet}
