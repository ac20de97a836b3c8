"""A value of a mapping as a function from a row to the field's value.

Made once per file and not decided anew in every row: with seventeen fields a row that took half of all time."""
from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, assert_never

from connectors.sources.files.convert import convert, text
from connectors.sources.files.lookups import Columns, Lookups, cell
from connectors.sources.files.mapping import As, Column, Constant, Looked, Origin, Text, Value
from streams.core.errors import Rejected
from streams.core.values import Json

Reader: TypeAlias = Callable[[Columns], Json]
"""Gives None where the field is missing; raises Rejected, naming the column, where the value does not fit."""


def reader(value: Value, lookups: Lookups) -> Reader:
    source = value.source
    if isinstance(source, Constant):
        constant = source.value
        return lambda _columns: constant
    find = _finder(source, value, lookups)
    kind, pattern, zone, called = value.kind, value.pattern, value.zone, _called(source)
    keeps: tuple[type, ...] = {As.TEXT: (str,), As.NUMBER: (int,), None: (str, int)}.get(kind, ())

    def read(columns: Columns) -> Json:
        found = find(columns)
        if found is None:
            return _absent(value, called)
        if type(found) in keeps:
            return found
        try:
            return convert(found, kind, pattern, zone)
        except Rejected as failure:
            raise Rejected(f"{called} {failure.reason}") from failure

    return read


def _finder(source: Column | Looked | Text, value: Value, lookups: Lookups) -> Reader:
    match source:
        case Column(name=name):
            return _cell(name)
        case Looked(lookup=lookup, name=name):
            found = _cell(name)
            return lambda columns: None if (row := lookups.find(lookup, columns)) is None else found(row)
        case Text(parts=parts):
            pieces = tuple(part if isinstance(part, str) else _piece(part, value) for part in parts)
            return lambda columns: _joined(pieces, columns)
    assert_never(source)


def _cell(name: str) -> Reader:
    return (lambda columns: cell(columns, name)) if "." in name else (lambda columns: columns.get(name))


def _piece(part: Column, value: Value) -> Reader:
    find, zone, called = _cell(part.name), value.zone, _called(part)

    def read(columns: Columns) -> str | None:
        found = find(columns)
        try:
            return None if found is None else text(found, zone)
        except Rejected as failure:
            raise Rejected(f"{called} {failure.reason}") from failure

    return read


def _joined(pieces: tuple[str | Reader, ...], columns: Columns) -> str | None:
    found = [piece if isinstance(piece, str) else piece(columns) for piece in pieces]
    return None if None in found else "".join(found)


def _absent(value: Value, called: str) -> Json:
    if value.required:
        raise Rejected(f"{called} is missing; the mapping (line {value.line}) requires it")
    return value.default


def _called(source: Origin) -> str:
    match source:
        case Column(name=name):
            return f"column '{name}'"
        case Looked(lookup=lookup, name=name):
            return f"column '{name}' of '{lookup}'"
        case Text(parts=parts):
            return "the text of " + ", ".join(f"'{part.name}'" for part in parts if isinstance(part, Column))
        case Constant():
            return "the constant"
