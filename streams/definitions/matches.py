"""Which events, and when: the fields that `performed`, `aggregate`, sequences and computed traits share."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.core.segments.rules import EventMatch, Window
from streams.definitions.comparisons import CONDITION
from streams.definitions.faults import dotted
from streams.definitions.scalars import TIME, duration
from streams.definitions.shapes import Choice, Found, Given, Shape, many, record

_EVENT_EXPECTED = "an event's name, a pattern with *, or a list of them"


def _names(found: Found) -> tuple[str, ...]:
    names = [found.value] if isinstance(found.value, str) else found.value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        found.unlike(_EVENT_EXPECTED)
    return tuple(dict.fromkeys(names))


def _events(found: Found) -> tuple[str, ...]:
    """The names; () for any event, which `*` alone means too."""
    names = _names(found)
    return () if "*" in names else names


def _between(found: Found) -> tuple[int, int]:
    start, end = many(TIME, least=2, expected="a list of two times, [from, to]").read(found)[:2]
    if len(found.value) != 2:
        found.unlike("a list of two times, [from, to]")
    if start >= end:
        found.refuse(f"{dotted(found.steps)} ends before it begins", "[from, to] with from earlier than to")
    return start, end


EVENT_NAMES = Shape(_names, {"anyOf": [
    {"type": "string", "minLength": 1},
    {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
]})
EVENT = Shape(_events, EVENT_NAMES.schema)
WHERE = many(CONDITION, least=0, expected="a list of conditions, each a property and a comparison")
BETWEEN = Shape(_between, {"type": "array", "items": TIME.schema, "minItems": 2, "maxItems": 2})

MATCH_FIELDS: Mapping[str, Shape[Any]] = {"event": EVENT, "where": WHERE}
WINDOW_FIELDS: Mapping[str, Shape[Any]] = {
    "within": duration(), "between": BETWEEN, "after": TIME, "before": TIME,
}
ONE_WINDOW = Choice((("within",), ("between",), ("after", "before")))


def match(given: Given) -> EventMatch:
    return EventMatch(names=given.get("event", ()), where=given.get("where", ()))


def check_window(given: Given, found: Found) -> None:
    """Refuses `after` and `before` that leave nothing between them."""
    if "after" in given and "before" in given and given["after"] >= given["before"]:
        found.refuse(f"{dotted(found.steps)} has after no earlier than before", "after earlier than before")


def window(given: Given) -> Window:
    start, end = given.get("between", (given.get("after"), given.get("before")))
    return Window(within=given.get("within"), start=start, end=end)


STEP = record(MATCH_FIELDS, make=match)
