"""A mapping, parsed: which messages the rows of which file become. The README of this folder explains the language.

Parsed once into a closed set of types, like the rules of segments: what reads rows has nothing to guess at.
"""
from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

from streams.core.errors import Misconfigured
from streams.core.values import Json

Target: TypeAlias = tuple[str, ...]
"""Where a value goes: ("userId",), ("properties", "a", "b"), or ("externalIds", TYPE)."""


class As(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"


class Comparison(StrEnum):
    """As in rules: a missing value satisfies `is_not`, `not_in` and `exists: false` only."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    EXISTS = "exists"


class Unmatched(StrEnum):
    """What happens to a row for which no message's `when` holds."""

    REJECT = "reject"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A column of the row that a lookup finds."""

    lookup: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Texts and columns in turn, joined; missing as soon as one of its columns is."""

    parts: tuple[str | Column, ...]


Origin: TypeAlias = Constant | Column | Looked | Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """`kind` None keeps the type that the file has. `pattern` and `zone` say how a time is written."""

    source: Origin
    line: int
    kind: As | None = None
    pattern: str = "iso"
    zone: ZoneInfo
    default: Json = None
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    value: Value
    comparison: Comparison
    operand: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    line: int
    fields: tuple[tuple[Target, Value], ...]
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Rows of a second file, found by `key` there being equal, as text, to the column `on` here. `file` may
    be a pattern (`products.*`); it is beside the file of events, else beside the mapping."""

    name: str
    file: str
    key: str
    on: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One YAML document: the mapping of the files whose name matches `file`."""

    line: int
    file: str
    messages: tuple[Message, ...]
    lookups: tuple[Lookup, ...] = ()
    missing: frozenset[str] = frozenset({""})
    unmatched: Unmatched = Unmatched.REJECT
    delimiter: str | None = None
    encoding: str = "utf-8-sig"

    def values(self) -> tuple[Value, ...]:
        """Every value that a message or a condition asks for."""
        fields = (value for message in self.messages for _, value in message.fields)
        conditions = (condition.value for message in self.messages for condition in message.when)
        return (*fields, *conditions)

    def columns(self) -> dict[str, int]:
        """Every column of the file itself that the section names, with the line that names it first."""
        named: dict[str, int] = {}
        for value in self.values():
            for name in _columns_of(value.source):
                named.setdefault(name, value.line)
        for lookup in self.lookups:
            named.setdefault(lookup.on, lookup.line)
        return named

    def columns_of(self, lookup: Lookup) -> dict[str, int]:
        """Every column of the lookup's file that the section names, with the line that names it first."""
        named = {lookup.key: lookup.line}
        for value in self.values():
            if isinstance(value.source, Looked) and value.source.lookup == lookup.name:
                named.setdefault(value.source.name, value.line)
        return named


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    path: Path
    sections: tuple[Section, ...]

    def section(self, file: Path) -> Section | None:
        """The first section whose `file` matches the file's name."""
        return next((section for section in self.sections if fnmatchcase(file.name, section.file)), None)

    def no_section(self, file: Path) -> Misconfigured:
        patterns = ", ".join(f"'{section.file}' (line {section.line})" for section in self.sections)
        advice = "add a document with `file:` and `messages:`, or leave this file out"
        return Misconfigured((f"{self.path}: no section is for {file.name}, only for {patterns}; {advice}",))


def _columns_of(source: Origin) -> tuple[str, ...]:
    match source:
        case Column(name=name):
            return (name,)
        case Text(parts=parts):
            return tuple(part.name for part in parts if isinstance(part, Column))
        case Constant() | Looked():
            return ()
