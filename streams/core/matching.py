"""Which events a rule looks at: names or patterns, and the conditions on their properties.

Compiled once a plan. The name decides through the plan's index and is not looked at again here; conditions
that depend on the clock do not reject an event, they give the interval on which it counts.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from streams.core.comparisons import Check, Regex, Test, compile_comparison
from streams.core.events import Event
from streams.core.intervals import ALWAYS, NEVER, Interval, intersection
from streams.core.rules import EventMatch, Path
from streams.core.values import Json, descend

Read: TypeAlias = Callable[[Event], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """names: exact names and patterns, none for any event. check: the conditions that the clock leaves alone,
    None if there are none. span: the interval on which the others hold, None if there are none."""

    names: tuple[str, ...]
    check: Callable[[Event], bool] | None
    span: Callable[[Event], Interval] | None

    def admits(self, event: Event) -> Interval | None:
        """The interval of the clock on which the event fulfils all conditions; None if it never will."""
        if self.check is not None and not self.check(event):
            return None
        if self.span is None:
            return ALWAYS
        interval = self.span(event)
        return interval if interval[0] < interval[1] else None


def compile_match(match: EventMatch, regex: Regex) -> Matcher:
    still: list[tuple[Read, Check]] = []
    moving: list[tuple[Read, Test]] = []
    for condition in match.where:
        read, test = reader(condition.property), compile_comparison(condition.comparison, regex)
        if test.check is not None:
            still.append((read, test.check))
        else:
            moving.append((read, test))
    return Matcher(names=match.names, check=_conjunction(still), span=_overlap(moving))


def _conjunction(conditions: list[tuple[Read, Check]]) -> Callable[[Event], bool] | None:
    if not conditions:
        return None
    if len(conditions) == 1:
        read, check = conditions[0]
        return lambda event: check(read(event))
    return lambda event: all(check(read(event)) for read, check in conditions)


def _overlap(conditions: list[tuple[Read, Test]]) -> Callable[[Event], Interval] | None:
    if not conditions:
        return None

    def span(event: Event) -> Interval:
        interval = ALWAYS
        for read, test in conditions:
            interval = intersection(interval, test.interval(read(event)))
        return interval

    return span


def compile_verdict(match: EventMatch, regex: Regex) -> Callable[[Event], Interval]:
    """The interval on which all conditions hold, empty where they never do."""
    matcher = compile_match(match, regex)

    def verdict(event: Event) -> Interval:
        return matcher.admits(event) or NEVER

    return verdict


def reader(path: Path) -> Read:
    """Reads a property: below `context.` from the context, of an identify from the message's traits."""
    if path[0] == "context" and len(path) > 1:
        rest = path[1:]
        return lambda event: descend(event.context, rest)
    if len(path) == 1:
        name = path[0]
        return lambda event: (event.traits if event.kind == "identify" else event.properties).get(name)
    return lambda event: descend(bag(event), path)


def bag(event: Event) -> Mapping[str, Json]:
    """What a rule sees as the event's properties."""
    return event.traits if event.kind == "identify" else event.properties


def compile_names(names: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether an event's name is one of these names or patterns; none means any."""
    if not names or "*" in names:
        return lambda name: True
    exact = frozenset(name for name in names if "*" not in name)
    patterns = tuple(name for name in names if "*" in name)
    if not patterns:
        return exact.__contains__
    return lambda name: name in exact or any(matches_name(pattern, name) for pattern in patterns)


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
