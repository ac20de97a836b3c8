"""From YAML to the values and conditions of a mapping; every fault is noted, and parsing goes on."""
from __future__ import annotations

import re
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.sources.files.convert import FORMATS, convert, is_format
from connectors.sources.files.document import Faults, Fields, Items, Located, Scalar, plain
from connectors.sources.files.mapping import As, Column, Comparison, Condition, Constant, Looked, Origin, Text, Value
from streams.core.errors import Rejected
from streams.core.values import Json, number

SOURCES = ("column", "text", "value")
VALUE_KEYS = (*SOURCES, "from", "as", "format", "zone", "default", "required")
_ORDERED = (Comparison.GT, Comparison.GTE, Comparison.LT, Comparison.LTE)
_LISTED = (Comparison.IN, Comparison.NOT_IN)
_HOLE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the values of a section are parsed with."""

    faults: Faults
    zone: ZoneInfo
    lookups: tuple[str, ...]


def value(found: Located, kind: As | None, scope: Scope) -> Value | None:
    """A constant written plainly, or a table with one of `column`, `text`, `value`."""
    match found:
        case Fields():
            return _fields(found, kind, scope, extra=())
        case Scalar(value=constant) if constant is not None:
            source = Constant(value=constant)
            return _constant(Value(source=source, line=found.line, kind=kind, zone=scope.zone), scope)
        case _:
            scope.faults.add(found.line, "expected a constant, or a table as {column: NAME}")
            return None


def condition(found: Located, scope: Scope) -> Condition | None:
    """`{column: status, is: paid}`: a value and exactly one comparison."""
    if not isinstance(found, Fields):
        scope.faults.add(found.line, "a condition is a table, as {column: status, is: paid}")
        return None
    read = _fields(found, None, scope, extra=tuple(Comparison))
    named = scope.faults.one(found, "a condition", tuple(Comparison))
    if named is None:
        return None
    operand = _operand(Comparison(named), found.entries[named], scope)
    return None if read is None else Condition(value=read, comparison=Comparison(named), operand=operand)


def zone(found: Located, faults: Faults) -> ZoneInfo | None:
    name = plain(found)
    try:
        if isinstance(name, str):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    faults.add(found.line, f"'{name}' is no time zone; expected a name as Europe/Amsterdam or UTC")
    return None


def flag(found: Located | None, what: str, faults: Faults) -> bool:
    if found is None:
        return False
    if not isinstance(found, Scalar) or not isinstance(found.value, bool):
        faults.add(found.line, f"'{what}' is true or false")
        return False
    return found.value


def word(found: Located | None, what: str, faults: Faults) -> str | None:
    """A text that is not empty (a number is read as one: columns may be called 2026)."""
    if found is None:
        return None
    content = found.value if isinstance(found, Scalar) else None
    if isinstance(content, str | int) and not isinstance(content, bool) and content != "":
        return str(content)
    faults.add(found.line, f"'{what}' is one word or text")
    return None


def _fields(found: Fields, kind: As | None, scope: Scope, extra: tuple[str, ...]) -> Value | None:
    scope.faults.only(found, (*VALUE_KEYS, *extra))
    source = _source(found, scope)
    if source is None:
        return None
    return _constant(Value(
        source=source, line=found.line, kind=_kind(found, kind, scope.faults), pattern=_format(found, scope.faults),
        zone=(zone(found.entries["zone"], scope.faults) if "zone" in found.entries else None) or scope.zone,
        default=plain(found.entries["default"]) if "default" in found.entries else None,
        required=flag(found.entries.get("required"), "required", scope.faults)), scope)


def _source(found: Fields, scope: Scope) -> Origin | None:
    named = scope.faults.one(found, "a value", SOURCES)
    if named is None:
        return None
    content = found.entries[named]
    if named == "value":
        return Constant(value=plain(content))
    written = word(content, named, scope.faults)
    if "from" in found.entries and named != "column":
        scope.faults.add(found.lines["from"], "'from' names a lookup and goes with 'column' only")
    if written is None:
        return None
    return _text(written) if named == "text" else _column(written, found, scope)


def _column(name: str, found: Fields, scope: Scope) -> Origin:
    lookup = word(found.entries.get("from"), "from", scope.faults)
    if lookup is None:
        return Column(name=name)
    if lookup not in scope.lookups:
        known = scope.lookups or ("(none is declared)",)
        scope.faults.unknown(found.lines["from"], "the lookup", lookup, known)
    return Looked(lookup=lookup, name=name)


def _text(written: str) -> Text:
    pieces = _HOLE.split(written)
    parts = (Column(name=piece) if place % 2 else piece for place, piece in enumerate(pieces))
    return Text(parts=tuple(part for part in parts if part != ""))


def _kind(found: Fields, kind: As | None, faults: Faults) -> As | None:
    name = word(found.entries.get("as"), "as", faults)
    if name is None:
        return kind if kind or "format" not in found.entries else As.TIME
    if name not in tuple(As):
        faults.unknown(found.entries["as"].line, "the type", name, tuple(As))
    elif kind not in (None, As(name)):
        faults.add(found.entries["as"].line, f"this field is always {kind}; leave `as: {name}` out")
    else:
        return As(name)
    return kind


def _format(found: Fields, faults: Faults) -> str:
    name = word(found.entries.get("format"), "format", faults)
    if name is None or name in FORMATS:
        return name or FORMATS[0]
    line = found.entries["format"].line
    if "%" not in name:
        faults.unknown(line, "the time format", name, (*FORMATS, "%d-%m-%Y %H:%M"))
    elif not is_format(name):
        expected = "directives of Python's strptime, each at most once, as %d-%m-%Y %H:%M"
        faults.add(line, f"the time format '{name}' can read no time; expected {expected}")
    else:
        return name
    return FORMATS[0]


def _constant(read: Value, scope: Scope) -> Value | None:
    """Constants are converted now, so that a wrong one is a fault of the mapping and not of every row."""
    try:
        source = read.source
        if isinstance(source, Constant):
            source = Constant(value=convert(source.value, read.kind, read.pattern, read.zone))
        default = None if read.default is None else convert(read.default, read.kind, read.pattern, read.zone)
    except Rejected as failure:
        scope.faults.add(read.line, f"the constant {failure.reason}")
        return None
    return replace(read, source=source, default=default)


def _operand(comparison: Comparison, found: Located, scope: Scope) -> Json:
    if comparison in _LISTED:
        if not isinstance(found, Items):
            scope.faults.add(found.line, f"'{comparison}' compares with a list, as [a, b]")
            return ()
        return tuple(plain(found))
    if comparison is Comparison.EXISTS:
        return flag(found, comparison, scope.faults)
    if not isinstance(found, Scalar) or found.value is None:
        scope.faults.add(found.line, f"'{comparison}' compares with one value")
        return ""
    if comparison in _ORDERED and number(found.value) is None:
        scope.faults.add(found.line, f"'{comparison}' compares with a number")
    return found.value
