"""The functions of `aggregate` and computed traits, over the events that count, ascending by (event time, arrival).

Sums of floats are rounded once, at the end, to 15 digits: amounts add up as on paper (0.1 + 0.2 is 0.3), in any order, and
nothing drifts when old events leave a window."""
from __future__ import annotations

from collections.abc import Callable
from math import fsum
from typing import TypeAlias

from streams.core.events import Event
from streams.core.segments.matching import Read
from streams.core.segments.rules import Function
from streams.core.values import Json, Number, iso, key_of, number, text_of

Calculate: TypeAlias = Callable[[list[int], list[Json]], Json]
Take: TypeAlias = Callable[[Event], Json]

WIDEST = 1 << 63
"""Sums of whole numbers are whole below it, either way."""
_LARGEST = 1e200
"""Beyond this a sum of ten thousand could overflow a float; nobody counts anything that large."""


def takes(function: Function, read: Read | None) -> Take:
    """What the function needs of an event; None for an event that it skips."""
    match function:
        case Function.SUM | Function.AVERAGE:
            return lambda event: None if read is None else addend(read(event))
        case Function.MIN | Function.MAX:
            return lambda event: None if read is None else number(read(event))
        case Function.LIST:
            return lambda event: [event.name, dict(event.properties)]
        case Function.COUNT | Function.FIRST_SEEN | Function.LAST_SEEN:
            return lambda event: True if read is None or read(event) is not None else None
        case _:
            return (lambda event: dict(event.properties)) if read is None else read


def addend(value: Json) -> Number | None:
    """The number that it is, of one that can be added up."""
    found = number(value)
    return found if found is not None and -_LARGEST < found < _LARGEST else None


def total(values: list[Number]) -> Number:
    whole = [value for value in values if isinstance(value, int)]
    if len(whole) == len(values):
        return narrowed(sum(whole))
    return rounded(fsum(values)) if len(values) > 1 else values[0]


def narrowed(whole: int) -> Number:
    """A whole number if 64 bits hold it, as all outputs require; else the nearest float."""
    return whole if -WIDEST < whole < WIDEST else float(whole)


def rounded(value: float) -> float:
    return value if value.is_integer() else float(f"{value:.15g}")


def mean(values: list[Number]) -> float:
    whole = total(values)
    return whole / len(values) if type(whole) is int else rounded(whole / len(values))


def tally(values: list[Json]) -> dict[str, tuple[int, Json]]:
    """Key -> how often, and the newest value that has the key."""
    counted: dict[str, tuple[int, Json]] = {}
    for value in values:
        key = key_of(value)
        number, _ = counted.get(key, (0, None))
        counted[key] = number + 1, value
    return counted


def most_frequent(counted: list[tuple[int, Json]]) -> Json:
    """Ties go to the smallest as text."""
    def rank(pair: tuple[int, Json]) -> tuple[int, str, bool]:
        number, value = pair
        return -number, text_of(value), not isinstance(value, str)

    _, value = min(counted, key=rank)
    return value


def in_order(values: list[Json]) -> list[Json]:
    """Distinct values in an order that does not depend on what came when."""
    return sorted(values, key=lambda value: (text_of(value), not isinstance(value, str)))


def listing(times: list[int], values: list[Json]) -> Json:
    return [{"event": name, "event_time": iso(at), "properties": properties}
            for at, (name, properties) in zip(reversed(times), reversed(values), strict=True)] or None


CALCULATIONS: dict[Function, Calculate] = {
    Function.SUM: lambda times, values: total(values) if values else None,
    Function.AVERAGE: lambda times, values: mean(values) if values else None,
    Function.MIN: lambda times, values: min(values) if values else None,
    Function.MAX: lambda times, values: max(values) if values else None,
    Function.FIRST: lambda times, values: values[0] if values else None,
    Function.LAST: lambda times, values: values[-1] if values else None,
    Function.MOST_FREQUENT: lambda times, values: most_frequent(list(tally(values).values())) if values else None,
    Function.COUNT: lambda times, values: len(values),
    Function.DISTINCT: lambda times, values: in_order([value for _, value in tally(values).values()]) or None,
    Function.DISTINCT_COUNT: lambda times, values: len(tally(values)),
    Function.FIRST_SEEN: lambda times, values: iso(times[0]) if times else None,
    Function.LAST_SEEN: lambda times, values: iso(times[-1]) if times else None,
    Function.LIST: listing,
}
"""Of columns of times and values. `coalesce` is no function of events, see `vocabulary`."""
