"""Values over many events: what `aggregate` and computed traits have in common, and computed traits."""
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

from streams.core.values import Json
from tests.oracle import messages
from tests.oracle.comparisons import number, same
from tests.oracle.person import Person, at_path, in_window, matching, property_of, stored_traits

NUMERIC = ("sum", "average", "min", "max")


def over(values: list[Json], function: str) -> Json:
    """`values` are the present ones, oldest first; None where there is no answer."""
    if function in NUMERIC:
        numbers = [Fraction(each) for value in values if (each := number(value)) is not None]
        return _numeric(numbers, function) if numbers else None
    if not values:
        return None
    if function in ("first", "last"):
        return values[0 if function == "first" else -1]
    assert function == "most_frequent"
    frequency = {place: sum(same(value, other) for other in values) for place, value in enumerate(values)}
    most = [values[place] for place in frequency if frequency[place] == max(frequency.values())]
    return min(most, key=as_text)


def _numeric(numbers: list[Fraction], function: str) -> float:
    total = sum(numbers, Fraction(0))
    return float({
        "sum": total, "average": total / len(numbers), "min": min(numbers), "max": max(numbers),
    }[function])


def as_text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)


def distinct(values: list[Json]) -> list[Json]:
    found: list[Json] = []
    for value in values:
        if not any(same(value, other) for other in found):
            found.append(value)
    return found


def present(events: list[dict[str, Json]], path: str | list[str]) -> list[Json]:
    return [value for event in events if (value := property_of(event, path)) is not None]


def iso(at: int) -> str:
    second = datetime.fromtimestamp(at // 1000, UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    return f"{second}.{at % 1000:03d}Z"


def computed(person: Person, definition: dict[str, Json], now: int) -> Json:
    """The value of a computed trait; None where it is missing."""
    function = definition["function"]
    if function == "coalesce":
        others = {name: other for name, other in person.computed.items() if other is not definition}
        return _coalesce(replace(person, computed=others), definition["of"], now)
    events = [event for event in matching(person, definition, now) if in_window(event, definition, now)]
    if function == "count":
        return len(events)
    if function in ("first_seen", "last_seen"):
        return iso(messages.event_time(events[0 if function == "first_seen" else -1])) if events else None
    if function == "list":
        newest = events[::-1][: definition.get("limit", 100)]
        return [_entry(event) for event in newest] or None
    if "property" not in definition:
        return over([messages.properties(event) for event in events], function)
    values = present(events, definition["property"])
    if function in ("distinct", "distinct_count"):
        found = distinct(values)
        return len(found) if function == "distinct_count" else found or None
    return over(values, function)


def _entry(event: dict[str, Json]) -> dict[str, Json]:
    return {
        "event": messages.event_name(event), "event_time": iso(messages.event_time(event)),
        "properties": messages.properties(event),
    }


def _coalesce(person: Person, sources: list[dict[str, Json]], now: int) -> Json:
    for source in sources:
        if "trait" in source:
            value = trait(person, source["trait"], now)
        else:
            value = over(present(matching(person, source, now), source["property"]), "last")
        if value is not None:
            return value
    return None


def trait(person: Person, name: str | list[str], now: int) -> Json:
    """A trait by its dotted name, set or computed, as of now."""
    parts = name.split(".") if isinstance(name, str) else name
    for length in range(len(parts), 0, -1):
        definition = person.computed.get(".".join(parts[:length]))
        if definition is not None:
            value = computed(person, definition, now)
            return at_path(value, parts[length:]) if parts[length:] else value
    return at_path(stored_traits(person, now), parts)
