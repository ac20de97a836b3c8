"""Rows of a second file by key: what a join needs.

Held in memory, the columns that the mapping names only: a lookup is for products and campaigns, not for events.
"""
from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from connectors.sources.files.convert import UTC_ZONE, text
from connectors.sources.files.mapping import Lookup, Mapping, Section
from connectors.sources.files.tables import missing_columns, open_table
from streams.core.errors import Misconfigured, Rejected
from streams.core.values import Json, descend

Columns: TypeAlias = dict[str, Json]


class Lookups:
    """The lookups of one section, loaded. Keys compare as texts: 7 in Parquet finds "7" in CSV. The first row
    of a key counts."""

    def __init__(self, mapping: Mapping, section: Section, beside: Path) -> None:
        faults: list[str] = []
        self._on = {lookup.name: lookup.on for lookup in section.lookups}
        self._rows = {lookup.name: _load(mapping, section, lookup, beside, faults) for lookup in section.lookups}
        if faults:
            raise Misconfigured(tuple(faults))

    def find(self, lookup: str, columns: Columns) -> Columns | None:
        """None if there is no such row, or nothing to look up. Raises Rejected, naming the column, if its value cannot be a
        key."""
        on = self._on[lookup]
        try:
            key = _key(cell(columns, on))
        except Rejected as failure:
            raise Rejected(f"column '{on}' {failure.reason}") from failure
        return None if key is None else self._rows[lookup].get(key)


def cell(columns: Columns, name: str) -> Json:
    """A column by its whole name, else by its dotted path into objects; None where it is missing."""
    return descend(columns, tuple(name.split(".")))


def _load(mapping: Mapping, section: Section, lookup: Lookup, beside: Path, faults: list[str]) -> dict[str, Columns]:
    """By key, the columns that the mapping names; empty where there are faults."""
    path = _file(mapping, lookup, beside, faults)
    if path is None:
        return {}
    wanted = section.columns_of(lookup)
    table = open_table(path, section, frozenset(wanted))
    wrong = missing_columns(mapping, path, table, wanted)
    faults.extend(wrong)
    rows: dict[str, Columns] = {}
    for record in () if wrong else table:
        key = None
        with suppress(Rejected):
            key = _key(cell(record.columns, lookup.key)) if record.problem is None else None
        if key is not None:
            cells = {name: cell(record.columns, name) for name in wanted}
            rows.setdefault(key, {name: value for name, value in cells.items() if value is not None})
    return rows


def _file(mapping: Mapping, lookup: Lookup, beside: Path, faults: list[str]) -> Path | None:
    """The one file that is meant, beside the events or beside the mapping; None after a fault."""
    try:
        found = _files(lookup, beside) or _files(lookup, mapping.path.parent)
    except ValueError:
        needs = f"the lookup '{lookup.name}' needs the name of a file or a pattern, as products*.csv"
        faults.append(f"{mapping.path}:{lookup.line}: {needs}; '{lookup.file}' is neither")
        return None
    if len(found) == 1:
        return found[0]
    which = f"{' and '.join(file.name for file in found)} are both it" if found else "there is none"
    places = f"in {beside} or {mapping.path.parent}"
    needs = f"the lookup '{lookup.name}' needs one file {lookup.file} {places}; {which}"
    faults.append(f"{mapping.path}:{lookup.line}: {needs}")
    return None


def _files(lookup: Lookup, place: Path) -> list[Path]:
    """Raises ValueError where `file` is neither a name nor a pattern."""
    if "\0" in lookup.file:
        raise ValueError(lookup.file)
    if Path(lookup.file).is_absolute():
        return [Path(lookup.file)]
    return sorted(place.glob(lookup.file))


def _key(value: Json) -> str | None:
    return None if value is None else text(value, UTC_ZONE).strip()
