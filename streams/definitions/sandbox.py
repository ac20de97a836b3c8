"""The sandbox in which every template runs: Jinja2's own, with bounds on time and size.

A template is a marketer's, but what fills it is anybody's: `{{ '*' * event.properties.stars }}` must not take the worker's
memory, nor end it with a message of 10 MB, which Kafka refuses. Steps are counted instead of time, so that a message fails
on every machine or on none."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextvars import ContextVar
from typing import Any

from jinja2 import ChainableUndefined, Template, TemplateError, Undefined, nodes
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 500_000
"""Characters of a rendered field."""
MOST_STEPS = 10_000
"""The most steps of a `range`."""
LARGEST_POWER = 64
MOST_BITS = 14_000
"""The most bits of a whole number that an operation makes: about the 4,300 digits that Python writes at most."""
WIDEST = 1_000
"""The longest text, or the largest number, that a text is padded, indented, cut or joined with."""
SIZING = frozenset(("batch", "center", "indent", "join", "replace", "slice", "tojson", "wordwrap"))
"""Filters whose arguments say how long the answer gets."""
_WIDE = re.compile(r"%[^%a-zA-Z]*(?:[0-9]{4}|\*)|\{[^{}]*(?:[0-9]{4}|\{)")
"""A field of `%` or `format` that is 1,000 characters or wider, or as wide as an argument says."""
MOST_STEPS_IN_ALL = 100_000
"""The most steps of all loops and calls of one rendering together; a filter that goes through a list takes one per item."""
COUNTED, PAID, SHORT, NARROW, PLAIN = WRAPPERS = (" counted", " paid", " short", " narrow", " plain")
"""Filters that no template can name."""
FAULTS = (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, AttributeError, RecursionError, MemoryError)
"""What a template may fail with. Anything else is a bug of ours."""


class TooLong(TemplateError):
    """The template would say more than a message holds, or do more than a message is worth."""


_LEFT: ContextVar[list[int]] = ContextVar("steps that a rendering has left")


class Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("*", "**", "+", "%"))

    def __init__(
        self, *, is_html: bool = False, undefined: type[Undefined] = ChainableUndefined, longest: int = LONGEST,
    ) -> None:
        """`longest`: characters of a rendered text, and of any on the way to it."""
        super().__init__(undefined=undefined, autoescape=is_html)
        self._longest = longest
        self.globals["range"] = _range
        del self.globals["lipsum"]
        self.filters |= {COUNTED: _counted, PAID: _paid, SHORT: self._short, NARROW: _narrow, PLAIN: _plain}

    def said(self, template: Template, values: Mapping[str, Any]) -> str:
        """The rendered text. Raises one of FAULTS."""
        parts: list[str] = []
        length = 0
        left = _LEFT.set([MOST_STEPS_IN_ALL])
        try:
            for part in template.generate(values):
                length += len(part)
                if length > self._longest:
                    raise TooLong
                parts.append(part)
        finally:
            _LEFT.reset(left)
        return "".join(parts)

    def _generate(self, source: nodes.Template, *args: Any, **named: Any) -> str:
        """Whatever could take time or room without end is wrapped where it stands."""
        for loop in list(source.find_all(nodes.For)):
            loop.iter = _wrapped(loop.iter, COUNTED)
        for filtered in list(source.find_all(nodes.Filter)):
            if filtered.name in SIZING:
                filtered.args = [_wrapped(given, NARROW) for given in filtered.args]
                for each in filtered.kwargs:
                    each.value = _wrapped(each.value, NARROW)
            if filtered.node is not None and filtered.name not in WRAPPERS:
                filtered.node = _wrapped(filtered.node, PLAIN if filtered.name == "format" else PAID)
        for joined in list(source.find_all(nodes.Concat)):
            joined.nodes = [_wrapped(nodes.Concat(joined.nodes, lineno=joined.lineno), SHORT)]
        source.set_environment(self)
        return super()._generate(source, *args, **named)

    def call(self, context: Context, function: Any, *args: Any, **named: Any) -> Any:
        """Calls a macro, a method, or a loop from within itself."""
        _spend(1)
        if isinstance(function, LoopContext):
            args = (_counted(args[0]), *args[1:])
        method = getattr(function, "__wrapped__", function)
        if isinstance(text := getattr(method, "__self__", None), str):
            _check_method(method.__name__, text, (*args, *named.values()))
        return super().call(context, function, *args, **named)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`*`, `**`, `+` and `%`. Raises TooLong if the result would be large."""
        if operator == "%":
            _plain(left)
        if (operator == "**" and not _is_small(right)) or _bits(operator, left, right) > MOST_BITS:
            raise TooLong
        if operator == "*" and max(_repeated(left, right), _repeated(right, left)) > self._longest:
            raise TooLong
        found = super().call_binop(context, operator, left, right)
        return self._short(found) if operator == "+" else found

    def _short(self, value: Any) -> Any:
        if isinstance(value, str | list | tuple) and len(value) > self._longest:
            raise TooLong
        return value


def _spend(steps: int) -> None:
    left = _LEFT.get()
    left[0] -= steps
    if left[0] < 0:
        raise TooLong


def _counted(items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        _spend(1)
        yield item


def _paid(value: Any) -> Any:
    if isinstance(value, Sized) and not isinstance(value, str | Undefined):
        _spend(len(value))
    return value


def _check_method(name: str, text: str, given: Iterable[Any]) -> None:
    """For a text's own methods: TooLong if the arguments say that the result is long."""
    if name in ("format", "format_map"):
        _plain(text)
        return
    for each in (text, *given) if name == "join" else given:
        _narrow(each)


def _narrow(value: Any) -> Any:
    is_wide = abs(value) > WIDEST if isinstance(value, int | float) else isinstance(value, str) and len(value) > WIDEST
    if is_wide:
        raise TooLong
    for each in value.values() if isinstance(value, Mapping) else ():
        _narrow(each)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, str) and _WIDE.search(value):
        raise TooLong
    return value


def _bits(operator: str, left: Any, right: Any) -> int:
    """The most bits of the whole number that the operation makes."""
    if not isinstance(left, int) or not isinstance(right, int):
        return 0
    return left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()


def _wrapped(expression: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(expression, name, [], [], None, None, lineno=expression.lineno)


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
