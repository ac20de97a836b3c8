"""Where templates of campaigns run: Jinja2's sandbox, with bounds, because they meet whatever people send.

A template is a marketer's, but what it is filled with is anybody's: `{{ '*' * event.properties.stars }}` must not take the
worker's memory, nor a message of 10 MB end it, which Kafka does not take.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import ChainableUndefined, Template, TemplateError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 500_000
"""Characters of a rendered field; three of them, four bytes each, fit into a record."""
MOST_STEPS = 10_000
"""Of a `range`."""
LARGEST_POWER = 64
FAULTS = (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, AttributeError, RecursionError, MemoryError)
"""What a template may fail with. Anything else is a bug of ours."""


class TooLong(TemplateError):
    """More would be said than a message holds."""


class Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("*", "**"))

    def __init__(self, *, is_html: bool) -> None:
        super().__init__(undefined=ChainableUndefined, autoescape=is_html)
        self.globals["range"] = _range

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`*` and `**`. TooLong where the answer would be no small thing."""
        if operator == "**" and not _is_small(right):
            raise TooLong
        if operator == "*" and max(_repeated(left, right), _repeated(right, left)) > LONGEST:
            raise TooLong
        return super().call_binop(context, operator, left, right)


def said(template: Template, values: Mapping[str, Any]) -> str:
    """The rendered text. Raises one of FAULTS."""
    parts: list[str] = []
    length = 0
    for part in template.generate(values):
        length += len(part)
        if length > LONGEST:
            raise TooLong
        parts.append(part)
    return "".join(parts)


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > MOST_STEPS:
        raise TooLong
    return found


def _is_small(power: Any) -> bool:
    return isinstance(power, int | float) and abs(power) <= LARGEST_POWER


def _repeated(many: Any, times: Any) -> int:
    """The length of a text or list that is repeated."""
    return len(many) * times if isinstance(many, str | bytes | list | tuple) and isinstance(times, int) else 0
