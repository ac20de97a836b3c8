"""Whether a row satisfies a condition, by the same rules as comparisons in segments."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from connectors.sources.files.convert import number
from connectors.sources.files.mapping import Comparison
from streams.core.errors import Rejected
from streams.core.values import Json

_ORDERED: Mapping[Comparison, Callable[[float, float], bool]] = {
    Comparison.GT: operator.gt, Comparison.GTE: operator.ge, Comparison.LT: operator.lt, Comparison.LTE: operator.le}


def satisfies(value: Json, comparison: Comparison, operand: Json) -> bool:
    """`value` None is missing. Numbers compare as numbers, also when written as texts."""
    match comparison:
        case Comparison.EXISTS:
            return (value is not None) is operand
        case Comparison.IS:
            return value is not None and _equal(value, operand)
        case Comparison.IS_NOT:
            return value is None or not _equal(value, operand)
        case Comparison.IN:
            return value is not None and any(_equal(value, one) for one in operand)
        case Comparison.NOT_IN:
            return value is None or not any(_equal(value, one) for one in operand)
        case Comparison.GT | Comparison.GTE | Comparison.LT | Comparison.LTE:
            left, right = _number(value), _number(operand)
            return left is not None and right is not None and _ORDERED[comparison](left, right)


def _equal(value: Json, operand: Json) -> bool:
    if isinstance(value, bool) or isinstance(operand, bool):
        return value is operand
    left, right = _number(value), _number(operand)
    return value == operand if left is None or right is None else left == right


def _number(value: Json) -> int | float | None:
    try:
        return number(value)
    except Rejected:
        return None
