"""The comparisons, and what each may be compared with, as one table."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.core.segments.rules import Comparison, Condition, Operator
from streams.definitions.scalars import (
    BOOLEAN,
    NUMBER,
    PATH,
    PATTERN,
    SCALAR,
    SCALAR_OR_LIST,
    SCALARS,
    TEXT,
    TIME,
    duration,
)
from streams.definitions.shapes import Choice, Given, Shape, record

OPERANDS: Mapping[Operator, Shape[Any]] = {
    Operator.IS: SCALAR_OR_LIST,
    Operator.IS_NOT: SCALAR_OR_LIST,
    Operator.IN: SCALARS,
    Operator.NOT_IN: SCALARS,
    Operator.GT: NUMBER,
    Operator.GTE: NUMBER,
    Operator.LT: NUMBER,
    Operator.LTE: NUMBER,
    Operator.CONTAINS: TEXT,
    Operator.STARTS_WITH: TEXT,
    Operator.ENDS_WITH: TEXT,
    Operator.MATCHES: PATTERN,
    Operator.EXISTS: BOOLEAN,
    Operator.INCLUDES: SCALAR,
    Operator.BEFORE: TIME,
    Operator.AFTER: TIME,
    Operator.WITHIN_LAST: duration(),
    Operator.WITHIN_NEXT: duration(),
    Operator.OLDER_THAN: duration(least_ms=0),
}

COMPARISON_FIELDS: Mapping[str, Shape[Any]] = {operator.value: shape for operator, shape in OPERANDS.items()}
IN_A_NODE = "them; the other goes into a node of its own, under all"
ONE_COMPARISON = Choice.of(*COMPARISON_FIELDS, is_required=True, instead=IN_A_NODE)

# In an aggregate `before` and `after` are the window's.
VALUE_FIELDS: Mapping[str, Shape[Any]] = {
    name: shape for name, shape in COMPARISON_FIELDS.items() if name not in (Operator.BEFORE, Operator.AFTER)
}
ONE_VALUE = Choice.of(*VALUE_FIELDS, is_required=True, instead=IN_A_NODE)


def comparison(given: Given, fields: Mapping[str, Shape[Any]] = COMPARISON_FIELDS) -> Comparison:
    """The one comparison among the fields given."""
    name = next(name for name in fields if name in given)
    return Comparison(operator=Operator(name), operand=given[name])


CONDITION = record(
    {"property": PATH, **COMPARISON_FIELDS},
    required=("property",),
    choices=(Choice.of(*COMPARISON_FIELDS, is_required=True,
                       instead="them; the other goes into a condition of its own, all must hold"),),
    make=lambda given: Condition(property=given["property"], comparison=comparison(given)),
)
