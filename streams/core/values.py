"""What a JSON value means to a rule: as a number, as an instant, as a text to count by, and where a path leads.

Foreign JSON holds numbers in strings, times in three notations and dots in keys. These functions are total: they answer None
for what is not such a value and never raise, because the values come from outside on every event."""
from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from math import isfinite
from typing import Any, TypeAlias

Json: TypeAlias = Any
Number: TypeAlias = int | float

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?")
_NUMBER_BEGINS = tuple("-0123456789")
_DAY = re.compile(r"[0-9]{8}")
_LEAP_SECOND = re.compile(r"(?<=[T ][0-9]{2}:[0-9]{2}):60(?![0-9:])")
_END_OF_DAY = re.compile(r"(?<=[T ])24(?=(?::?00){0,2}(?:(?<=00)[.,]0+)?(?:Z|[+-]|$))")
_EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_799_999
"""The first and the last millisecond of the calendar."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LONGEST_KEY = 40
_SIGNED, _UNSIGNED = 1 << 63, 1 << 64


def number(value: Json) -> Number | None:
    """The number that `value` is, or is the text of; None for booleans, NaN and infinities."""
    kind = type(value)
    if kind is str:
        return _number_of_text(value)
    if kind is int:
        return value if -_SIGNED <= value < _UNSIGNED else _nearest(value)
    return value if kind is float and isfinite(value) else None


def _nearest(whole: int) -> float | None:
    """What readers of JSON and YAML make of a number beyond 64 bits, so that it equals what they read."""
    try:
        return float(whole)
    except OverflowError:
        return None


def _number_of_text(text: str) -> Number | None:
    text = text.strip()
    if _WHOLE.fullmatch(text):
        return number(int(text))
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        return None
    found = float(text)
    return found if isfinite(found) else None


def instant(value: Json) -> int | None:
    """Epoch milliseconds of an ISO 8601 text (without a zone: UTC) or of a number of milliseconds.

    A text of digits is a number of milliseconds, except eight of them: ISO's basic date."""
    if isinstance(value, str):
        text = value.strip()
        found = None if _NUMBER.fullmatch(text) and not _DAY.fullmatch(text) else _parse(text)
        if found is not None:
            return found
    milliseconds = number(value)
    if milliseconds is None or not -LATEST <= milliseconds <= LATEST:
        return None
    return int(milliseconds // 1)


def _parse(text: str) -> int | None:
    try:
        moment = read_iso(text.upper())
    except ValueError:
        return None
    return epoch_ms(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def read_iso(text: str) -> datetime:
    """The moment that an ISO 8601 text states. ValueError if it states none.

    Second 60 of a minute is the first of the next minute, and 24:00 is 00:00 of the next day. ISO 8601 has both; `datetime`
    reads the one never, and the other from Python 3.13 on only."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        plain, leaps = _LEAP_SECOND.subn(":59", text)
        plain, days = _END_OF_DAY.subn("00", plain)
        if not leaps + days:
            raise
    try:
        return datetime.fromisoformat(plain) + timedelta(days=days, seconds=leaps)
    except OverflowError as failure:
        raise ValueError(text) from failure


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970, of a moment with a zone. Whatever is finer than a millisecond is cut off."""
    return (moment - EPOCH) // _MILLISECOND


def iso(milliseconds: int) -> str:
    """ISO 8601 in UTC with milliseconds, as everywhere in the outputs; the nearest instant that the calendar has."""
    moment = EPOCH + max(_EARLIEST, min(milliseconds, LATEST)) * _MILLISECOND
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def iso_or_none(milliseconds: int | None) -> str | None:
    """The same for an instant that there may not be."""
    return None if milliseconds is None else iso(milliseconds)


def text_of(value: Json) -> str:
    """The text by which values are ordered."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < _SIGNED:
        return str(int(value))
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def key_of(value: Json) -> str:
    """A text that tells distinct values apart, short enough to keep: a digest stands for a long one.

    1, 1.0, "1", "1.0" and " 1 " are one value. true and "true" are two, and so are "01" and "1": with a leading zero it is a
    code, and no number as JSON writes it."""
    if isinstance(value, str):
        bare = value.strip()
        is_number = bare[:1] in _NUMBER_BEGINS and _JSON_NUMBER.fullmatch(bare)
        text = "s" + (text_of(number(bare)) if is_number else value)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        text = "j" + text_of(value)
    else:
        text = "s" + text_of(number(value) or value)
    if len(text) > _LONGEST_KEY:
        return "#" + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return text


def same(one: Json, other: Json) -> bool:
    """Whether whole values are equal. A number equals a text that is that number; a boolean equals only itself."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    left, right = number(one), number(other)
    return left is not None and left == right


def descend(value: Json, path: tuple[str, ...]) -> Json:
    """What the path leads to: the key with all its dots first, then object by object; None if it ends early."""
    if not isinstance(value, dict | Mapping):
        return None
    if len(path) > 1:
        whole = value.get(".".join(path))
        if whole is not None:
            return whole
    for part in path:
        if not isinstance(value, dict | Mapping):
            return None
        value = value.get(part)
    return value
