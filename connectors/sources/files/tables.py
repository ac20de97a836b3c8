"""Opens a file as a table: one shape for CSV, Parquet and JSON Lines under a mapping."""
from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol, assert_never

from connectors.sources.files.csv_table import CsvTable
from connectors.sources.files.formats import Format, format_of
from connectors.sources.files.json_table import JsonTable
from connectors.sources.files.mapping import Mapping, Section
from connectors.sources.files.parquet_table import ParquetTable
from connectors.sources.files.row import Record


class Table(Protocol):
    """`names` None: every row has columns of its own. To be iterated once."""

    @property
    def names(self) -> tuple[str, ...] | None: ...

    def __iter__(self) -> Iterator[Record]: ...


def open_table(path: Path, section: Section, wanted: frozenset[str]) -> Table:
    """Raises Misconfigured where the file cannot be read or has no header."""
    found = format_of(path)
    match found:
        case Format.JSON_LINES:
            return JsonTable(path)
        case Format.CSV:
            return CsvTable(path, section)
        case Format.PARQUET:
            return ParquetTable(path, wanted | {name.partition(".")[0] for name in wanted})
    assert_never(found)


def missing_columns(mapping: Mapping, path: Path, table: Table, wanted: dict[str, int]) -> list[str]:
    """A fault for each column that the mapping names, by the line that names it, and the file has not."""
    names, faults = table.names, list[str]()
    if names is None:
        return faults
    for name, line in wanted.items():
        if name not in names and name.partition(".")[0] not in names:
            near = get_close_matches(name, names, n=1, cutoff=0.6)
            advice = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(names)}"
            faults.append(f"{mapping.path}:{line}: {path.name} has no column '{name}'; {advice}")
    return faults
