"""One value of a file as the type that a mapping asks for.

Nothing is guessed: what is not clearly a number, a truth or a time is refused, because a revenue of 0 or an event in 1970
would go unnoticed for months. Reasons say what was expected and never the value.
"""
from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.sources.files.mapping import As
from connectors.sources.files.row import Beyond, Narrow
from streams.core import values
from streams.core.errors import Rejected
from streams.core.values import Json, read_iso

UTC_ZONE = ZoneInfo("UTC")
ISO, SECONDS, MILLISECONDS = "iso", "epoch-seconds", "epoch-milliseconds"
FORMATS = (ISO, SECONDS, MILLISECONDS)
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})
_DIRECTIVES = re.compile(r"([^%]|%[aAbBcdfGHIjmMpSuUVwWxXyYzZ%])+")
_SOME_TIME = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
_MIDNIGHT = datetime.min.time()
_EXACT = 1 << 53
"""From here on a float stands for several whole numbers."""


def convert(value: Json, kind: As | None, pattern: str, zone: ZoneInfo) -> Json:
    """A present `value` as `kind`; None keeps its type and only makes it fit for JSON. Raises Rejected."""
    match kind:
        case None:
            return _fit(value, zone)
        case As.TEXT:
            return text(value, zone)
        case As.NUMBER:
            return number(value)
        case As.BOOLEAN:
            return boolean(value)
        case As.TIME:
            return iso(time(value, pattern, zone))


def text(value: Json, zone: ZoneInfo) -> str:
    """A whole number stays one (900.0, as columns with gaps hold it, is "900"), with all its digits. A float that may have
    lost digits is refused: two people's numbers would become one."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            digits = format(value, "f")
            return digits.rstrip("0").removesuffix(".") if "." in digits else digits
        case Narrow():
            raise Rejected("is a float of 32 bits or fewer, too large to keep its last digits; expected it as text or as a "
                           "whole number, written anew from where the values come from")
        case float() if not abs(value) < _EXACT:
            raise Rejected(f"is a number of {_EXACT:,} or more, whose last digits a float has lost; expected it as text")
        case float():
            return str(int(value)) if value.is_integer() else str(value)
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case datetime():
            return iso(time(value, ISO, zone))
        case dict() | list() | tuple():
            raise Rejected("is a list or an object; expected a single value")
        case _:
            raise _unlike_json(value)


def number(value: Json) -> int | float:
    """What rules would read as a number. A whole number beyond 64 bits becomes the nearest float, as in events."""
    if isinstance(value, Narrow):
        value = float(value)
    if isinstance(value, Decimal):
        value = int(value) if value.as_tuple().exponent == 0 else float(value)
    found = values.number(value)
    if found is None:
        raise Rejected("is no number; expected digits with at most one decimal point, as 1234.5, and less than 10^200")
    return found if -1 << 63 <= found < 1 << 64 else float(found)


def boolean(value: Json) -> bool:
    word = text(value, UTC_ZONE).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise Rejected("is neither true nor false; expected true/false, yes/no, y/n, t/f or 1/0")


def time(value: Json, pattern: str, zone: ZoneInfo) -> datetime:
    """A time without zone is in `zone`; of two equal ones in autumn it is the first. Refused are years outside 1-9999, and
    times that the zone's clock skips in spring, except midnight, which is the first instant of its day."""
    try:
        return _time(value, pattern, zone).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as failure:
        raise Rejected(f"is no time; expected {_expected(pattern)}") from failure


def is_format(pattern: str) -> bool:
    """Whether times can be read in this format. `strptime` reports a wrong one in three ways, and only when it reads a
    time."""
    if not _DIRECTIVES.fullmatch(pattern):
        return False
    try:
        datetime.strptime(_SOME_TIME.strftime(pattern).strip(), pattern)  # noqa: DTZ007 - only whether it is one
    except (ValueError, re.error):
        return False
    return True


def iso(moment: datetime) -> str:
    """ISO 8601 with milliseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(value: Json, pattern: str, zone: ZoneInfo) -> datetime:
    match value:
        case datetime():
            found = value
        case date():
            found = datetime(value.year, value.month, value.day, tzinfo=zone)
        case _ if pattern in (SECONDS, MILLISECONDS):
            found = datetime.fromtimestamp(_epoch(value) / (1000 if pattern == MILLISECONDS else 1), tz=UTC)
        case str() if pattern == ISO:
            found = read_iso(value.strip())
        case str():
            found = datetime.strptime(value.strip(), pattern)  # noqa: DTZ007 - the zone is set below where it lacks
        case int() | float() if pattern != ISO:
            found = datetime.strptime(text(value, zone), pattern)  # noqa: DTZ007 - likewise (20261123)
        case Beyond():
            raise _unlike_json(value)
        case _:
            raise ValueError
    return found if found.tzinfo else _local(found, zone)


def _local(found: datetime, zone: ZoneInfo) -> datetime:
    moment = found.replace(tzinfo=zone)
    if found.time() != _MIDNIGHT and moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != found:
        raise Rejected(f"is a time that the clocks of {zone.key} skip in spring; is `zone:` right?")
    return moment


def _epoch(value: Json) -> int | float:
    try:
        return number(value)
    except Rejected as failure:
        raise ValueError from failure


def _expected(pattern: str) -> str:
    if pattern == ISO:
        return "ISO 8601, as 2026-11-23T09:30:00; another way of writing is named by `format:`"
    return f"{pattern.removeprefix('epoch-')} since 1970" if pattern in FORMATS else f"the format '{pattern}'"


def _fit(value: Json, zone: ZoneInfo) -> Json:
    match value:
        case str() | bool() | int():
            return value
        case float() | Decimal():
            return number(value)
        case datetime() | date():
            return iso(time(value, ISO, zone))
        case dict():
            return {name: _fit(inner, zone) for name, inner in value.items() if inner is not None}
        case list() | tuple():
            return [None if inner is None else _fit(inner, zone) for inner in value]
        case _:
            raise _unlike_json(value)


def _unlike_json(value: object) -> Rejected:
    if isinstance(value, Beyond):
        return Rejected("holds what cannot be read, such as a time outside the years 1 to 9999; convert the column first")
    return Rejected(f"is of the type {type(value).__name__}, which JSON lacks; convert the column first")
