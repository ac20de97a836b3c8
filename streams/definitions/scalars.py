"""The single values of a definition: texts, numbers, durations, times, paths, ids, patterns, time zones.

Durations and instants become milliseconds here, once; nothing behind this module reads `3d` again."""
from __future__ import annotations

import math
import re
import zoneinfo
from collections.abc import Callable, Iterable
from datetime import UTC
from enum import StrEnum
from typing import TypeVar

import re2

from streams.core.identifiers import DEFAULT_NAMESPACES
from streams.core.segments.rules import Path
from streams.core.segments.wording import UNITS_MS
from streams.core.values import Json, epoch_ms, read_iso
from streams.definitions.faults import dotted, nearest
from streams.definitions.foreign import word_meant
from streams.definitions.shapes import Found, Schema, Shape, many

E = TypeVar("E", bound=StrEnum)

_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
_IN_WORDS = re.compile(r"([0-9]{1,9}) *(sec(?:ond)?s?|min(?:ute)?s?|hours?|days?|weeks?)")
_DURATION_EXPECTED = "a duration such as 90s, 30m, 3h, 7d or 2w"
_TIME_EXPECTED = "an ISO 8601 time such as 2026-11-01T00:00:00Z"
_MOVING = ", or a duration in within (of events), within_last, within_next or older_than (of values)"
_RELATIVE = re.compile(r"now|(now *)?[-+]? *[0-9]+ *[a-z]+( ago)?")
_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TRAIT_ID = re.compile(r"[A-Za-z0-9_.-]+")
_NAMESPACE = re.compile(r"[a-z0-9_.-]+")
_GIVEN_BY = {"userId": "customer_id", "anonymousId": "cookie", "advertisingId": "device_ad_id"}
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def text(expected: str = "a text") -> Shape[str]:
    def read(found: Found) -> str:
        if not isinstance(found.value, str) or not found.value:
            found.unlike(expected)
        return str(found.value)

    return Shape(read, {"type": "string", "minLength": 1})


def patterned(pattern: re.Pattern[str], expected: str, meant: Callable[[str], str] = lambda _: "") -> Shape[str]:
    """`meant` tells what a text that does not fit the pattern stands for, "" if nobody knows."""
    def read(found: Found) -> str:
        if not isinstance(found.value, str) or not pattern.fullmatch(found.value):
            found.unlike(expected, meant(found.value) if isinstance(found.value, str) else "")
        return str(found.value)

    return Shape(read, {"type": "string", "pattern": f"^(?:{pattern.pattern})$"})


def _namespace_of(name: str) -> str:
    """The namespace that a message's field gives, or the nearest of those that are always there."""
    return _GIVEN_BY.get(name) or nearest(name, (row.name for row in DEFAULT_NAMESPACES))


def whole(*, least: int, most: int | None = None) -> Shape[int]:
    expected = f"a whole number, {least} or more" if most is None else f"a whole number, {least} to {most:,}"

    def read(found: Found) -> int:
        value = found.value
        if not isinstance(value, int) or isinstance(value, bool) or value < least or (most is not None and value > most):
            found.unlike(expected)
        return value

    return Shape(read, {"type": "integer", "minimum": least} | ({} if most is None else {"maximum": most}))


def milliseconds(written: str) -> int | None:
    """The length of a duration such as `3d`; None if it is none."""
    match = _DURATION.fullmatch(written)
    return int(match[1]) * UNITS_MS[match[2]] if match else None


def duration(*, least_ms: int = 1) -> Shape[int]:
    def read(found: Found) -> int:
        length = milliseconds(found.value) if isinstance(found.value, str) else None
        if length is None:
            found.unlike(_DURATION_EXPECTED, _in_units(found.value))
        if length < least_ms:
            found.unlike("a duration longer than nothing")
        return length

    return Shape(read, {"type": "string", "pattern": f"^{_DURATION.pattern}$"})


def _in_units(written: Json) -> str:
    """What a duration in words stands for; "" if that is not clear: a month has no fixed length."""
    words = _IN_WORDS.fullmatch(written.strip().lower()) if isinstance(written, str) else None
    return f"{words[1]}{words[2][0]}" if words else ""


def choice(words: Iterable[E]) -> Shape[E]:
    by_value = {word.value: word for word in words}
    valid = list(by_value)

    def read(found: Found) -> E:
        if found.value not in valid:
            found.unlike(f"one of {', '.join(valid)}", word_meant(found.value, valid))
        return by_value[found.value]

    return Shape(read, {"enum": valid})


def _time(found: Found) -> int:
    try:
        instant = read_iso(found.value)
    except (TypeError, ValueError):
        is_relative = isinstance(found.value, str) and _RELATIVE.fullmatch(found.value) is not None
        found.unlike(_TIME_EXPECTED + _MOVING * is_relative)
    zoned = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return epoch_ms(zoned)


def _number(found: Found) -> int | float:
    value = found.value
    if isinstance(value, str):
        try:
            value = int(value) if value.strip().lstrip("+-").isdecimal() else float(value)
        except ValueError:
            found.unlike("a number")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
        found.unlike("a number")
    return value


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _boolean(found: Found) -> bool:
    if not isinstance(found.value, bool):
        found.unlike("true or false")
    return bool(found.value)


def _scalar(found: Found) -> Json:
    if found.value is None:
        found.unlike("a text, a number, true or false; a missing value is `exists: false`")
    if isinstance(found.value, dict):
        found.unlike("a text, a number, true or false; what an object holds is compared by its path, such as address.city")
    if isinstance(found.value, list):
        found.unlike("a text, a number, true or false")
    return found.value


def _scalar_or_list(found: Found) -> Json:
    return SCALAR_LIST.read(found) if isinstance(found.value, list) else _scalar(found)


def _path(found: Found) -> Path:
    parts = found.value.split(".") if isinstance(found.value, str) else found.value
    if not isinstance(parts, list) or not any(parts) or not all(isinstance(part, str) for part in parts):
        found.unlike("a dotted path such as level1.level2, or the list of its keys")
    return tuple(parts)


def _pattern(found: Found) -> str:
    value = text("a regular expression").read(found)
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(value, options)
    except re2.error as error:
        why = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        found.refuse(f"{dotted(found.steps)} is no regular expression ({why})", "RE2's syntax")
    return value


def _time_zone(found: Found) -> str:
    try:
        return zoneinfo.ZoneInfo(found.value).key
    except (TypeError, ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        found.unlike("a time zone such as Europe/Amsterdam",
                     nearest(found.value, zoneinfo.available_timezones()))


_SCALAR_SCHEMA: Schema = {"type": ["string", "number", "boolean"]}

TEXT = text()
ANY_TEXT = Shape(lambda found: found.value if isinstance(found.value, str) else found.unlike("a text"),
                 {"type": "string"})
TIME = Shape(_time, {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}"})
NUMBER = Shape(_number, {"anyOf": [{"type": "number"}, {"type": "string", "pattern": "[0-9]"}]})
BOOLEAN = Shape(_boolean, {"type": "boolean"})
SCALAR = Shape(_scalar, _SCALAR_SCHEMA)
SCALARS = many(SCALAR, least=1, expected="a list of at least one value")
SCALAR_LIST = many(SCALAR, least=0, expected="a list")
SCALAR_OR_LIST = Shape(_scalar_or_list, {"anyOf": [_SCALAR_SCHEMA, SCALAR_LIST.schema]})
PATH = Shape(_path, {"anyOf": [
    {"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string"}, "minItems": 1},
]})
PATTERN = Shape(_pattern, {"type": "string", "format": "regex", "minLength": 1})
TIME_ZONE = Shape(_time_zone, {"type": "string", "minLength": 1})
CLOCK = patterned(_CLOCK, 'a time of day such as "21:00"')
KEBAB_ID = patterned(_KEBAB, "lower-case letters, digits and single hyphens, such as cart-abandoners")
TRAIT_ID = patterned(_TRAIT_ID, "letters, digits, `_`, `-` and `.`, such as orders-7d")
NAMESPACE = patterned(_NAMESPACE, "lower-case letters, digits, `_`, `-` and `.`, such as email", _namespace_of)
