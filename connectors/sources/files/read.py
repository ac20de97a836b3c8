"""Reading a file of events: the one call that `replay` and `backtest` make."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connectors.sources.files import json_table
from connectors.sources.files.apply import Mapper
from connectors.sources.files.formats import Format, format_of
from connectors.sources.files.lookups import Lookups
from connectors.sources.files.mapping import Mapping
from connectors.sources.files.row import Row
from connectors.sources.files.tables import missing_columns, open_table
from streams.core.errors import Misconfigured
from streams.core.intake import KINDS


def read(path: Path, mapping: Mapping | None = None) -> Iterator[Row]:
    """The messages of a file, in its order, in constant memory (lookups aside).

    JSON Lines without a section in the mapping are passed on as they are, if the first line is a message: rows of a table
    would all be dead letters. CSV and Parquet need a section. All that is wrong with the file or its fit to the mapping
    raises Misconfigured at the first `next`; a file that breaks off raises it there, after all rows before.
    """
    section = mapping.section(path) if mapping else None
    if mapping is None or section is None:
        yield from _untouched(path, mapping)
        return
    wanted = section.columns()
    table = open_table(path, section, frozenset(wanted))
    faults = missing_columns(mapping, path, table, wanted)
    if faults:
        raise Misconfigured(tuple(faults))
    mapper = Mapper(section, Lookups(mapping, section, path.parent))
    for record in table:
        yield from mapper.rows(record)


def _untouched(path: Path, mapping: Mapping | None) -> Iterator[Row]:
    found = format_of(path)
    if found is not Format.JSON_LINES:
        if mapping:
            raise mapping.no_section(path)
        advice = "give --mapping FILE (its language is told in connectors/sources/files/README.md)"
        raise Misconfigured((f"{path}: {found} needs a mapping of its columns to messages; {advice}",))
    for place, row in enumerate(json_table.messages(path)):
        if mapping and place == 0 and (row.message or {}).get("type") not in KINDS:
            raise mapping.no_section(path)
        yield row
