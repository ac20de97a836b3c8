"""Whether a row satisfies a condition, by the same rules as comparisons in segments."""

from __future__ import annotations

from connectors.sources.files.convert import number
from connectors.sources.files.mapping import Comparison
from streams.core.errors import Rejected
from streams.core.values import Json


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
            return _ordered(value, comparison, operand)


def _equal(value: Json, operand: Json) -> bool:
    if isinstance(value, bool) or isinstance(operand, bool):
        return value is operand
    left, right = _number(value), _number(operand)
    return value == operand if left is None or right is None else left == right


def _ordered(value: Json, comparison: Comparison, operand: Json) -> bool:
    left, right = _number(value), _number(operand)
    if left is None or right is None:
        return False
    if comparison in (Comparison.GT, Comparison.GTE):
        return left > right or (comparison is Comparison.GTE and left == right)
    return left < right or (comparison is Comparison.LTE and left == right)


def _number(value: Json) -> int | float | None:
    try:
        return number(value)
    except Rejected:
        return None
