"""The rows of a Parquet file, in batches, of the columns that are asked for only."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.sources.files.formats import unreadable
from connectors.sources.files.row import Beyond, Narrow, Record, refuse_twice
from streams.core.errors import Misconfigured

ROWS_A_BATCH = 8192
UNHELD = (OverflowError, ValueError, LookupError)
"""What pyarrow raises over times outside the calendar, texts that are none, and zones that nobody knows."""
_SINGLE, _HALF = 1 << 24, 1 << 11
"""From here on a float of 32 bits, and of 16, stands for several whole numbers."""
ABSENT = "reading Parquet needs pyarrow, which is not installed; pip install 'audience-streams[files]'"


class ParquetTable:
    """`names` are the columns of the file; iterating gives the rows with the columns of `wanted`, once."""

    def __init__(self, path: Path, wanted: frozenset[str] | None = None) -> None:
        self._arrow, parquet = _pyarrow(path)
        self._path = path
        try:
            self._file = parquet.ParquetFile(path, memory_map=True)
        except (OSError, ValueError, self._arrow.ArrowException) as failure:
            raise unreadable(path, failure) from failure
        self.names: tuple[str, ...] = tuple(self._file.schema_arrow.names)
        self._wanted = [name for name in self.names if wanted is None or name in wanted]
        refuse_twice(str(path), self._wanted)

    def __iter__(self) -> Iterator[Record]:
        line = 0
        try:
            for batch in self._file.iter_batches(ROWS_A_BATCH, columns=self._wanted):
                columns = [self._values(column) for column in batch.columns]
                rows = zip(*columns, strict=True) if columns else iter([()] * batch.num_rows)
                for row in rows:
                    line += 1
                    cells = zip(self._wanted, row, strict=True)
                    yield Record(line, {name: value for name, value in cells if value is not None and value == value})
        except (OSError, ValueError, self._arrow.ArrowException) as failure:
            raise unreadable(self._path, failure, f" after row {line}") from failure

    def _values(self, column: Any) -> list[Any]:
        """Python has no nanoseconds: such times are cut to microseconds, not refused. What it cannot hold costs its own
        row."""
        types = self._arrow.types
        if types.is_timestamp(column.type) and column.type.unit == "ns":
            column = column.cast(self._arrow.timestamp("us", tz=column.type.tz), safe=False)
        try:
            values: list[Any] = column.to_pylist()
        except UNHELD:
            values = [_value(scalar) for scalar in column]
        return [self._marked(value, column.type) for value in values] if self._is_narrow(column.type) else values

    def _is_narrow(self, kind: Any) -> bool:
        """Whether floats of 32 bits or fewer are in it."""
        types = self._arrow.types
        if types.is_nested(kind):
            return any(self._is_narrow(kind.field(place).type) for place in range(kind.num_fields))
        return bool(types.is_float32(kind) or types.is_float16(kind))

    def _marked(self, value: Any, kind: Any) -> Any:
        """The value with such floats in it marked, at any depth of objects. Lists are left as they are: no list is an id."""
        types = self._arrow.types
        if types.is_struct(kind) and isinstance(value, dict):
            return {field.name: self._marked(value[field.name], field.type) for field in kind}
        is_lossy = isinstance(value, float) and not abs(value) < (_HALF if types.is_float16(kind) else _SINGLE)
        return Narrow(value) if is_lossy and self._is_narrow(kind) else value


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except UNHELD:
        return Beyond()


def _pyarrow(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as failure:
        raise Misconfigured((f"{path}: {ABSENT}",)) from failure
    return pyarrow, parquet
