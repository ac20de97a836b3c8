"""The rows of a CSV file.

By the standard library: pyarrow guesses types from the first block (an order number 007 becomes 7), gives no line numbers,
and stops at the first row with a comma too many. Here every value is text until the mapping says otherwise, and one bad row
is one rejected row.
"""
from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from connectors.sources.files.formats import lines
from connectors.sources.files.mapping import Section
from connectors.sources.files.row import Record, refuse_twice
from streams.core.errors import Misconfigured


class CsvTable:
    """`names` are the columns of the header; iterating gives the rows, once."""

    def __init__(self, path: Path, section: Section) -> None:
        default = "\t" if ".tsv" in path.suffixes else ","
        self._reader = csv.reader(_text(path, section.encoding), delimiter=section.delimiter or default, strict=True)
        self._missing = section.missing
        self.names = self._header(path)

    def __iter__(self) -> Iterator[Record]:
        while True:
            line = self._reader.line_num + 1
            try:
                fields = next(self._reader)
            except StopIteration:
                return
            except csv.Error as failure:
                yield Record(line, {}, f"the row is no CSV: {failure}; is a quote left open?")
                continue
            if fields:
                yield self._record(line, fields)

    def _record(self, line: int, fields: list[str]) -> Record:
        columns = {name: field for name, field in zip(self.names, fields, strict=False) if field not in self._missing}
        if len(fields) == len(self.names):
            return Record(line, columns)
        counts = f"the row has {len(fields)} fields, the header has {len(self.names)}"
        return Record(line, columns, f"{counts}; is a delimiter inside a value not quoted?")

    def _header(self, path: Path) -> tuple[str, ...]:
        try:
            names = next(self._reader, None)
        except csv.Error as failure:
            raise Misconfigured((f"{path}:1: the header is no CSV: {failure}",)) from failure
        if not names:
            raise Misconfigured((f"{path}:1: no header; expected the names of the columns in the first line",))
        refuse_twice(f"{path}:1", names)
        return tuple(names)


def _text(path: Path, encoding: str) -> Iterator[str]:
    """A byte that does not belong to the encoding becomes a lone surrogate, so that it costs its own row and not the
    file."""
    for line in lines(path):
        yield line.decode(encoding, "surrogateescape")
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding  # the mark stands in the first line only
