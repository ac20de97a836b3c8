"""Names and patterns of events."""
from __future__ import annotations

import pytest

from streams.core.segments.matching import compile_names, matches_name


@pytest.mark.parametrize(("pattern", "yes", "no"), [
    ("A", ["A"], ["a", "AA", "", " A"]),
    ("*", ["", "A", "x\ny"], []),
    ("A*", ["A", "AB", "A*"], ["BA", ""]),
    ("*A", ["A", "BA"], ["AB"]),
    ("*A*", ["A", "xAy"], ["", "a"]),
    ("A*A", ["AA", "AxA", "AAA"], ["A", "AAB"]),
    ("A*B*C", ["ABC", "AxBxC", "ABBCC"], ["ACB", "AB", "BC"]),
    ("a.b*", ["a.b", "a.bc"], ["axb"]),
    ("A**B", ["AB", "AxB"], ["A"]),
    ("[ab]*", ["[ab]x"], ["a", "b"]),
    ("*a*a*", ["aa", "xaxax"], ["a"]),
])
def test_pattern(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [name for name in yes if not matches_name(pattern, name)] == []
    assert [name for name in no if matches_name(pattern, name)] == []


def test_many_stars_do_not_explode() -> None:
    assert not matches_name("*a" * 50 + "b", "a" * 20_000)


@pytest.mark.parametrize(("names", "yes", "no"), [
    ((), ["", "A"], []), (("A", "B"), ["A", "B"], ["AB"]), (("A", "X_*"), ["A", "X_1"], ["X", "B"]), (("A", "*"),
     ["Z"], []),
])
def test_names(names: tuple[str, ...], yes: list[str], no: list[str]) -> None:
    named = compile_names(names)
    assert [name for name in yes if not named(name)] == []
    assert [name for name in no if named(name)] == []
