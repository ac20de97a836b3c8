"""Every comparison, at its boundaries. A missing value satisfies only `is_not`, `not_in` and `exists: false`."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.segments.comparisons import compile_comparison
from streams.core.segments.rules import Operator
from tests.core.story import compare, regex

HELD: list[tuple[str, Any, list[Any], list[Any]]] = [
    # operator, operand, values that satisfy it, values that do not
    ("is", "x", ["x"], ["X", "x ", "", 1, None, ["x"], True]),
    ("is", "", [""], [" ", None, 0, False]),
    ("is", 10, [10, 10.0, "10", "10.0", "1e1"], ["ten", 11, True, None, [10]]),
    ("is", "10", ["10", 10, 10.0], ["10.0", 11, None]),
    ("is", 1, [1, "1"], [True, "true"]),
    ("is", True, [True], ["true", 1, "True", None, False]),
    ("is", [1, 2], [[1, 2], ["1", 2]], [[2, 1], [1], 1]),
    ("is", {"a": 1}, [{"a": 1}, {"a": "1"}], [{"a": 1, "b": 2}, {}]),
    ("is_not", "x", ["y", None, 1, ["x"]], ["x"]),
    ("is_not", 10, [11, None, "ten", True], [10, "10"]),
    ("in", ("NL", "BE"), ["NL", "BE"], ["nl", "", None, ["NL"]]),
    ("in", (1, "x", True), [1, "1", "x", True], ["true", 2, None]),
    ("in", (), [], ["x", None]),
    ("not_in", ("NL", 1), ["BE", None, True], ["NL", 1, "1"]),
    ("gt", 2, [3, "2.5", 2.000001], [2, "2", True, "x", None, [3]]),
    ("gte", 2, [2, "2", "2.0"], [1.999999, "1", None]),
    ("lt", 2, [1, "-1", 1.999], [2, "2", "", None, False]),
    ("lte", "2", [2, "2.0"], [2.1, "x", None]),
    ("gt", -1e308, [-9e307, 0, "5", 1e300], [-1e308, "-1.5e308", None]),
    ("lt", 1e250, [1e249, "1e249", 10**249], [1e250, "1e251", 10**400]),
    ("is", 2**60 + 1, [2**60 + 1, str(2**60 + 1)], [2**60, float(2**60)]),
    ("gt", "x", [], [1, "y", None]),
    ("contains", "b", ["abc", "b"], ["B", "", 1, None, ["b"]]),
    ("contains", "", ["", "x"], [1, None]),
    ("starts_with", "ab", ["ab", "abc"], ["a", "Ab", "cab", None, 1]),
    ("ends_with", "bc", ["bc", "abc"], ["c", "bcd", None, 1]),
    ("matches", "^a.*z$", ["az", "abcz"], ["zaz", "a\nz ", None, 1]),
    ("matches", "b", ["abc"], ["", "ac"]),
    ("exists", True, [0, "", False, [], {}], [None]),
    ("exists", False, [None], [0, "", False, []]),
    ("includes", "x", [["x"], ["y", "x"]], ["x", [], ["X"], {"x": 1}, None, [["x"]]]),
    ("includes", 1, [[1], ["1"]], [[True], 1, [2]]),
    ("before", 100, [99, "99", "1970-01-01T00:00:00.099Z"], [100, 101, "x", None, True]),
    ("after", 100, [100, 101, "1970-01-01T00:00:00.100Z"], [99, "x", None, [100]]),
]


@pytest.mark.parametrize(("operator", "operand", "yes", "no"), HELD, ids=lambda part: repr(part)[:20])
def test_comparison(operator: str, operand: Any, yes: list[Any], no: list[Any]) -> None:
    check = compile_comparison(compare(operator, operand), regex).check
    assert check is not None
    assert [value for value in yes if not check(value)] == []
    assert [value for value in no if check(value)] == []


MOVING: list[tuple[str, int, int | None, int | None]] = [
    # operator, width, first instant at which 1000 satisfies it, first instant at which it no longer does
    ("within_last", 10, 1000, 1010),
    ("older_than", 10, 1010, None),
    ("older_than", 0, 1000, None),
    ("within_next", 10, 991, 1001),
    ("within_next", 1, 1000, 1001),
    ("within_last", 0, None, None),
    ("within_next", 0, None, None),
]


@pytest.mark.parametrize(("operator", "width", "first", "end"), MOVING)
@pytest.mark.parametrize("value", [1000, "1000", "1970-01-01T00:00:01Z"])
def test_interval_of_the_clock(operator: str, width: int, first: int | None, end: int | None, value: Any) -> None:
    test = compile_comparison(compare(operator, width), regex)
    start, stop = test.interval(value)
    held = {now for now in range(900, 1100) if start <= now < stop}
    assert test.check is None
    assert held == (set() if first is None else set(range(first, end or 1100)))


@pytest.mark.parametrize("operator", ["within_last", "within_next", "older_than"])
@pytest.mark.parametrize("value", [None, "soon", True, [], {}])
def test_what_is_no_time_never_satisfies_a_time(operator: str, value: Any) -> None:
    start, stop = compile_comparison(compare(operator, 10), regex).interval(value)
    assert not start < stop


def test_every_operator_is_in_a_table() -> None:
    assert {row[0] for row in HELD} | {row[0] for row in MOVING} == set(Operator)
