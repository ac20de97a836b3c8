"""What foreign JSON means: numbers, instants, distinct values, paths. Total: whatever comes, an answer comes."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.values import descend, instant, iso, key_of, number, same

NUMBERS: list[tuple[Any, Any]] = [
    (1, 1), (-0.5, -0.5), ("10", 10), ("60.5", 60.5), ("-3", -3), ("+3", 3), (".5", 0.5), ("5.", 5.0),
     ("1e3", 1000.0),
    (" 7 ", 7), ("0123", 123), ("12345678901234567890", 12345678901234567890), ("9" * 300, 1e300), ("1e999", None),
    (-1.7e308, -1.7e308), (10**308, 1e308), (2**64 - 1, 2**64 - 1), (2**64, 2.0**64),
     (-2**63, -2**63), (f"-{2**63 + 2**12}", -(2.0**63 + 2**12)),
    (10**400, None), (float("nan"), None), (float("inf"), None), ("nan", None), ("inf", None), ("Infinity", None),
    ("1_000", None), ("0x10", None), ("", None), (" ", None), ("1,5", None), ("١٢", None), ("1 2", None),
    (True, None), (False, None), (None, None), ([1], None), ({}, None),
]


@pytest.mark.parametrize(("value", "expected"), NUMBERS, ids=lambda value: repr(value)[:30])
def test_number(value: Any, expected: Any) -> None:
    found = number(value)
    assert found == expected
    assert type(found) is type(expected)


NOON = 1_772_366_400_000
INSTANTS: list[tuple[Any, int | None]] = [
    ("2026-03-01T12:00:00Z", NOON), ("2026-03-01T12:00:00", NOON), ("2026-03-01T13:00:00+01:00", NOON),
    ("2026-03-01T13:00:00.0019+0100", NOON + 1), ("2026-03-01 12:00:00.123456789Z", NOON + 123),
    ("2026-03-01T12:00Z", NOON), ("2026-03-01t12:00:00z", NOON), ("2026-03-01", NOON - 43_200_000),
    ("20260301", NOON - 43_200_000), (NOON, NOON), (float(NOON) + 0.9, NOON), (str(NOON), NOON), (-1, -1), (-0.5, -1),
    ("1969-12-31T23:59:59.999Z", -1), ("9999-12-31T23:59:59-14:00", 253_402_351_199_000),
    ("2026-13-01", None), ("24:00", None), ("yesterday", None), ("", None), (True, None), (None, None), ([], None),
    (1e300, None), ({"$date": 1}, None),
]


@pytest.mark.parametrize(("value", "expected"), INSTANTS, ids=lambda value: repr(value)[:30])
def test_instant(value: Any, expected: int | None) -> None:
    assert instant(value) == expected


def test_digits_that_look_like_a_basic_date_with_a_time_are_milliseconds() -> None:
    assert instant("1712010500000") == 1_712_010_500_000


@pytest.mark.parametrize("at", [0, 1, 999, -1, NOON, NOON + 7])
def test_iso_and_instant_are_inverse(at: int) -> None:
    assert instant(iso(at)) == at


@pytest.mark.parametrize(("at", "text"), [
    (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
     (-30_610_224_000_001, "0999-12-31T23:59:59.999Z"),
    (-10**15, "0001-01-01T00:00:00.000Z"), (10**15, "9999-12-31T23:59:59.999Z"),
])
def test_iso_pads_years_and_stops_at_the_ends_of_the_calendar(at: int, text: str) -> None:
    assert iso(at) == text


ONE_VALUE: list[tuple[Any, Any]] = [(1, "1"), (1, 1.0), (1.5, "1.5"), (10, "10.0"), (" 1\n", 1),
    ("1 ", "1"), (1e16, 10**16), (2**65, 2.0**65),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1})]
TWO_VALUES: list[tuple[Any, Any]] = [
    (True, "true"), (True, 1), ("01", "1"), ("x ", "x"), ("", " "), ("a", "A"), ([1, 2], [2, 1]), ("[1]", [1]),
    ("x" * 100, "x" * 101), (None, "null"), ("j1", [1]),
]


@pytest.mark.parametrize(("one", "other"), ONE_VALUE)
def test_one_value_has_one_key(one: Any, other: Any) -> None:
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(("one", "other"), TWO_VALUES)
def test_two_values_have_two_keys(one: Any, other: Any) -> None:
    assert key_of(one) != key_of(other)


def test_a_key_is_short_however_long_the_value() -> None:
    assert len(key_of("x" * 100_000)) < 50


@pytest.mark.parametrize(("one", "other", "expected"), [
    (1, True, False), (0, False, False), ("true", True, False), (True, True, True), ("1", 1, True), ("01", 1, True),
    ("1", "1.0", False), ([1, "a"], ["1", "a"], True), ([1], [1, 2], False), ({"a": 1}, {"a": True}, False),
    ({"a": 1}, {"b": 1}, False), (None, None, False), (None, 0, False),
     (12345678901234567890, "12345678901234567890", True),
])
def test_same(one: Any, other: Any, expected: bool) -> None:
    assert same(one, other) is expected
    assert same(other, one) is expected


@pytest.mark.parametrize(("tree", "path", "expected"), [
    ({"a": {"b": 1}}, ("a", "b"), 1), ({"a.b": 2, "a": {"b": 1}}, ("a", "b"), 2),
     ({"a.b": None, "a": {"b": 1}}, ("a", "b"), 1),
    ({"a": {"b.c": 3}}, ("a", "b.c"), 3), ({"a": [1]}, ("a", "0"), None), ({"a": "text"}, ("a", "b"), None),
    ({"a": None}, ("a", "b"), None), ({}, ("a",), None), ("text", ("a",), None), ({"a": {"b": None}}, ("a", "b"),
     None),
])
def test_descend(tree: Any, path: tuple[str, ...], expected: Any) -> None:
    assert descend(tree, path) == expected


@pytest.mark.parametrize("text", ["2026-02-28T24", "2026-02-28 24:00", "20260228T2400", "2026-02-28T24:00:00.000"])
@pytest.mark.parametrize(("zone", "hours"), [("", 0), ("Z", 0), ("+02:00", 2), ("-01", -1)])
def test_a_day_may_end_with_24_hours(text: str, zone: str, hours: int) -> None:
    """Python's own reads it from 3.13 on."""
    assert instant(text + zone) == NOON - 12 * 3_600_000 - hours * 3_600_000


@pytest.mark.parametrize("text", ["2026-02-28T24:00:01", "2026-02-28T24:30", "2026-02-30T24:00", "9999-12-31T24:00Z"])
def test_no_other_day_does(text: str) -> None:
    assert instant(text) is None
