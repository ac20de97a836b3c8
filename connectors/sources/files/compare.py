"""Conditions of a mapping. They are the comparisons of segments, of which a mapping knows some."""
from __future__ import annotations

from typing import NoReturn

from connectors.sources.files.mapping import Comparison
from streams.core.segments import rules
from streams.core.segments.comparisons import Check, compile_comparison
from streams.core.values import Json


def check(comparison: Comparison, operand: Json) -> Check:
    """The condition, for a value as JSON has it; None stands for a missing one."""
    found = compile_comparison(rules.Comparison(operator=rules.Operator(comparison), operand=operand), _no_pattern).check
    assert found is not None, f"{comparison} depends on the clock"
    return found


def _no_pattern(pattern: str) -> NoReturn:
    raise AssertionError(f"no comparison of a mapping has a pattern: {pattern}")
