"""Compiles a comparison: does a value satisfy it, and on which interval of the clock?

Closures, because a condition is tried on every matching event. A comparison that does not depend on the clock has `check`;
the three that do (`within_last`, `within_next`, `older_than`) have only `interval`. A missing value (None) satisfies only
`is_not`, `not_in` and `exists: false`."""
from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TypeAlias, assert_never

from streams.core.intervals import ALWAYS, FOREVER, NEVER, Interval
from streams.core.segments.rules import Comparison, Operator
from streams.core.values import Json, Number, instant, number, same

Check: TypeAlias = Callable[[Json], bool]
Regex: TypeAlias = Callable[[str], Callable[[str], bool]]
"""Compiles a pattern to a search anywhere in a text; RE2 in production, so that no pattern can hang a worker."""


class Test:
    """A compiled comparison. `check` is None where the answer depends on the clock, `equal` the text that a value must
    simply equal where no more is asked."""

    __slots__ = ("check", "equal", "interval")

    def __init__(self, check: Check | None, interval: Callable[[Json], Interval], equal: str | None = None) -> None:
        self.check, self.interval, self.equal = check, interval, equal


def compile_comparison(comparison: Comparison, regex: Regex) -> Test:
    check = _check(comparison, regex)
    if check is None:
        return Test(None, _moving(comparison.operator, comparison.operand))
    operand = comparison.operand
    equal = operand if comparison.operator is Operator.IS and _is_plain(operand) else None
    return Test(check, lambda value: ALWAYS if check(value) else NEVER, equal)


def _check(comparison: Comparison, regex: Regex) -> Check | None:
    operand = comparison.operand
    match comparison.operator:
        case Operator.IS:
            return _equal(operand)
        case Operator.IS_NOT:
            return _negation(_equal(operand))
        case Operator.IN:
            return _any_of(operand)
        case Operator.NOT_IN:
            return _negation(_any_of(operand))
        case Operator.GT | Operator.GTE | Operator.LT | Operator.LTE:
            return _ordered(_ORDER[comparison.operator], number(operand))
        case Operator.CONTAINS | Operator.STARTS_WITH | Operator.ENDS_WITH | Operator.MATCHES:
            return _textual(comparison.operator, operand, regex)
        case Operator.EXISTS:
            return (lambda value: value is not None) if operand else (lambda value: value is None)
        case Operator.INCLUDES:
            return lambda value: isinstance(value, list) and any(same(item, operand) for item in value)
        case Operator.BEFORE:
            return lambda value: (at := instant(value)) is not None and at < operand
        case Operator.AFTER:
            return lambda value: (at := instant(value)) is not None and at >= operand
        case Operator.WITHIN_LAST | Operator.WITHIN_NEXT | Operator.OLDER_THAN:
            return None
        case _ as unknown:
            assert_never(unknown)


_ORDER: dict[Operator, Callable[[Number, Number], bool]] = {
    Operator.GT: operator.gt, Operator.GTE: operator.ge, Operator.LT: operator.lt, Operator.LTE: operator.le}


def _negation(check: Check) -> Check:
    return lambda value: not check(value)


def _is_plain(operand: Json) -> bool:
    """A text that no number equals."""
    return isinstance(operand, str) and number(operand) is None


def _equal(operand: Json) -> Check:
    if _is_plain(operand):
        return lambda value: value == operand
    return lambda value: same(value, operand)


def _any_of(operands: tuple[Json, ...]) -> Check:
    if all(map(_is_plain, operands)):
        texts = frozenset(operands)
        return lambda value: isinstance(value, str) and value in texts
    return lambda value: any(same(value, operand) for operand in operands)


def _ordered(compare: Callable[[Number, Number], bool], operand: Number | None) -> Check:
    if operand is None:
        return lambda value: False
    limit = operand
    return lambda value: (found := number(value)) is not None and compare(found, limit)


def _textual(kind: Operator, operand: Json, regex: Regex) -> Check:
    text = str(operand)
    if kind is Operator.MATCHES:
        search = regex(text)
        return lambda value: isinstance(value, str) and bool(search(value))
    if kind is Operator.CONTAINS:
        return lambda value: isinstance(value, str) and text in value
    if kind is Operator.STARTS_WITH:
        return lambda value: isinstance(value, str) and value.startswith(text)
    return lambda value: isinstance(value, str) and value.endswith(text)


def _moving(kind: Operator, width: int) -> Callable[[Json], Interval]:
    def interval(value: Json) -> Interval:
        at = instant(value)
        if at is None or width < 0:
            return NEVER
        if kind is Operator.OLDER_THAN:
            return at + width, FOREVER
        if width == 0:
            return NEVER
        return (at, at + width) if kind is Operator.WITHIN_LAST else (at - width + 1, at + 1)

    return interval
