"""Rows into a Parquet file, a group at a time: what is in memory does not grow with the file."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, auto
from itertools import islice
from pathlib import Path
from typing import Any

from streams.core.errors import Misconfigured

ROWS_A_GROUP = 50_000


class Kind(Enum):
    """What a column holds. MOMENT: a time in UTC, with milliseconds."""

    TEXT = auto()
    TEXTS = auto()
    NUMBER = auto()
    MOMENT = auto()


def write_parquet(part: Path, columns: Mapping[str, Kind], rows: Iterable[dict[str, Any]]) -> None:
    """Each row has these columns, as plain values; times are epoch ms. Misconfigured where pyarrow is not installed."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as missing:
        raise Misconfigured(("writing Parquet needs pyarrow; pip install 'audience-streams[files]'",)) from missing
    types = {Kind.TEXT: pyarrow.string(), Kind.TEXTS: pyarrow.list_(pyarrow.string()), Kind.NUMBER: pyarrow.int64(),
             Kind.MOMENT: pyarrow.timestamp("ms", "UTC")}
    schema: Any = pyarrow.schema([(name, types[kind]) for name, kind in columns.items()])
    each = iter(rows)
    with parquet.ParquetWriter(part, schema) as file:
        while group := list(islice(each, ROWS_A_GROUP)):
            file.write_table(pyarrow.Table.from_pylist(group, schema))
