"""Which events a rule looks at: names or patterns, and the conditions on their properties.

Compiled once a plan, whose index has looked at the name already. Conditions that depend on the clock do not reject an event;
they give the interval on which it counts."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from streams.core.events import Event
from streams.core.intervals import ALWAYS, Interval, intersection
from streams.core.segments.comparisons import Regex, Test, compile_comparison
from streams.core.segments.rules import EventMatch, Path
from streams.core.values import Json, descend

Read: TypeAlias = Callable[[Event], Json]
Admit: TypeAlias = Callable[[Event], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """names: exact names and patterns, none for any event. check: the conditions that the clock leaves alone,
    None if there are none. span: the interval on which the others hold, None if there are none."""

    names: tuple[str, ...]
    check: Admit | None
    span: Callable[[Event], Interval] | None

    def admits(self, event: Event) -> Interval | None:
        """The interval of the clock on which the event fulfils all conditions; None if it never will."""
        if self.check is not None and not self.check(event):
            return None
        if self.span is None:
            return ALWAYS
        start, end = interval = self.span(event)
        return interval if start < end else None


def compile_match(match: EventMatch, regex: Regex) -> Matcher:
    still: list[Admit] = []
    moving: list[tuple[Read, Test]] = []
    for condition in match.where:
        read, test = reader(condition.property), compile_comparison(condition.comparison, regex)
        if test.check is not None:
            still.append(_condition(read, test))
        else:
            moving.append((read, test))
    return Matcher(names=match.names, check=_conjunction(still), span=_overlap(moving))


def _condition(read: Read, test: Test) -> Admit:
    """Tried on every event of the name: a plain equality needs no call of its own."""
    check, equal = test.check, test.equal
    if equal is not None:
        return lambda event: read(event) == equal
    return lambda event: check is not None and check(read(event))


def _conjunction(conditions: list[Admit]) -> Admit | None:
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    first, second = conditions[0], conditions[1]
    if len(conditions) == 2:
        return lambda event: first(event) and second(event)
    return lambda event: all(condition(event) for condition in conditions)


def _overlap(conditions: list[tuple[Read, Test]]) -> Callable[[Event], Interval] | None:
    if not conditions:
        return None

    def span(event: Event) -> Interval:
        interval = ALWAYS
        for read, test in conditions:
            interval = intersection(interval, test.interval(read(event)))
        return interval

    return span


def reader(path: Path) -> Read:
    """Reads a property; below `context.`, from the context."""
    is_context = path[0] == "context" and len(path) > 1
    below = path[1:] if is_context else path
    if len(below) == 2:
        return _read_second(below, is_context=is_context)
    if len(below) > 2:
        return lambda event: descend(event.context if is_context else event.properties, below)
    name = below[0]
    if is_context:
        return lambda event: event.context.get(name)
    return lambda event: event.properties.get(name)


def _read_second(path: Path, *, is_context: bool) -> Read:
    """`descend`, with the usual length unrolled: conditions are read on every event."""
    dotted, first, second = ".".join(path), *path

    def read(event: Event) -> Json:
        whole = event.context if is_context else event.properties
        if dotted in whole and (value := whole[dotted]) is not None:
            return value
        if first in whole and isinstance(inner := whole[first], dict):
            return inner.get(second)
        return None

    return read


def compile_names(names: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether an event's name is one of these names or patterns; none means any."""
    if not names or "*" in names:
        return lambda name: True
    exact = frozenset(name for name in names if "*" not in name)
    patterns = tuple(name for name in names if "*" in name)
    if not patterns:
        return exact.__contains__
    return lambda name: name in exact or any(matches_name(pattern, name) for pattern in patterns)


def matches_any(patterns: tuple[str, ...], name: str) -> bool:
    return any(matches_name(pattern, name) for pattern in patterns)


def matches_name(pattern: str, name: str) -> bool:
    """`*` stands for any text, also none. Linear however many stars: no pattern can stall a worker."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == name
    last = rest.pop()
    if len(name) < len(first) + len(last) or not name.startswith(first) or not name.endswith(last):
        return False
    position, end = len(first), len(name) - len(last)
    for part in rest:
        position = name.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True
