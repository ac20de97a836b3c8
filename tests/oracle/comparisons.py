"""Does a value compare so? Straight from INTERFACES section 3."""
from __future__ import annotations

import re
from decimal import Decimal

from streams.core.values import Json
from tests.oracle.messages import NUMERAL, instant

UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
OPERATORS = (
    "is", "is_not", "in", "not_in", "gt", "gte", "lt", "lte", "contains", "starts_with", "ends_with", "matches",
    "exists", "includes", "before", "after", "within_last", "within_next", "older_than",
)


def duration(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]]


def time(text: str) -> int:
    found = instant(text)
    assert found is not None
    return found


def number(value: Json) -> Decimal | None:
    """A number, also when sent as a text that is one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return Decimal(str(value))
    if isinstance(value, str) and re.fullmatch(NUMERAL, value):
        return Decimal(value)
    return None


def equal(one: Json, other: Json) -> bool:
    """A number equals a text that is that number; `true` is not the text "true"; texts case-sensitively."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    if number(one) is not None and number(other) is not None:
        return number(one) == number(other)
    return type(one) is type(other) and bool(one == other)


def same(one: Json, other: Json) -> bool:
    """For counting distinct values: equal, and lists and objects by what they hold."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return equal(one, other)


def operator(node: dict[str, Json], *, without: tuple[str, ...] = ()) -> str:
    return next(name for name in OPERATORS if name in node and name not in without)


def satisfies(value: Json, name: str, operand: Json, now: int) -> bool:
    """`value` is None where it is missing."""
    if value is None:
        return name in ("is_not", "not_in") or (name == "exists" and not operand)
    match name:
        case "is":
            return equal(value, operand)
        case "is_not":
            return not equal(value, operand)
        case "in":
            return any(equal(value, each) for each in operand)
        case "not_in":
            return not any(equal(value, each) for each in operand)
        case "exists":
            return bool(operand)
        case "includes":
            return isinstance(value, list) and any(equal(each, operand) for each in value)
        case "gt" | "gte" | "lt" | "lte":
            return _ordered(value, name, operand)
        case "contains" | "starts_with" | "ends_with" | "matches":
            return isinstance(value, str) and _text(value, name, operand)
        case _:
            at = instant(value)
            return at is not None and _timely(at, name, operand, now)


def _ordered(value: Json, name: str, operand: Json) -> bool:
    left, right = number(value), number(operand)
    if left is None or right is None:
        return False
    return {"gt": left > right, "gte": left >= right, "lt": left < right, "lte": left <= right}[name]


def _text(value: str, name: str, operand: str) -> bool:
    if name == "matches":
        return re.search(operand, value) is not None
    return {
        "contains": operand in value, "starts_with": value.startswith(operand), "ends_with": value.endswith(operand),
    }[name]


def _timely(at: int, name: str, operand: str, now: int) -> bool:
    if name in ("before", "after"):
        return at < time(operand) if name == "before" else at >= time(operand)
    length = duration(operand)
    return {
        "within_last": at <= now < at + length,
        "older_than": now >= at + length,
        "within_next": now <= at < now + length,
    }[name]
