"""kind: computed-trait. Which fields a function needs and which it would silently ignore, as one table."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streams.core.definitions import Coalesce, ComputedTrait
from streams.core.segments.rules import Function
from streams.definitions.document import document
from streams.definitions.faults import dotted
from streams.definitions.matches import MATCH_FIELDS, ONE_WINDOW, WINDOW_FIELDS, check_window, match, window
from streams.definitions.scalars import PATH, TRAIT_ID, choice, whole
from streams.definitions.shapes import Choice, Found, Given, many, record


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Fields beyond event, where and the window that a function must have, and may have."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


_PROPERTY = Needs(required=("property",))
NEEDS: Mapping[Function, Needs] = {
    Function.COUNT: Needs(),
    Function.SUM: _PROPERTY,
    Function.AVERAGE: _PROPERTY,
    Function.MIN: _PROPERTY,
    Function.MAX: _PROPERTY,
    Function.FIRST: Needs(optional=("property",)),
    Function.LAST: Needs(optional=("property",)),
    Function.MOST_FREQUENT: _PROPERTY,
    Function.DISTINCT: _PROPERTY,
    Function.DISTINCT_COUNT: _PROPERTY,
    Function.FIRST_SEEN: Needs(),
    Function.LAST_SEEN: Needs(),
    Function.LIST: Needs(optional=("limit",)),
    Function.COALESCE: Needs(required=("of",)),
}
_OF_EVENTS = frozenset({*MATCH_FIELDS, *WINDOW_FIELDS})


def _check_source(given: Given, found: Found) -> None:
    if "trait" not in given:
        if "property" not in given:
            found.refuse(f"{dotted(found.steps)} has event without property", "{trait} or {event, property}")
        return
    if clash := [name for name in ("where", "property") if name in given]:
        found.refuse(f"{dotted(found.steps)} has {' and '.join(clash)} beside trait",
                     "{trait} or {event, property}")
    found.at("trait").needs("computed-trait")


def _source(given: Given) -> Coalesce:
    if "trait" in given:
        return Coalesce(trait=given["trait"])
    return Coalesce(match=match(given), property=given.get("property"))


def _check(given: Given, found: Found) -> None:
    """A field that the function would ignore is a mistake of its author's, so it is refused."""
    function: Function = given["function"]
    needs = NEEDS[function]
    allowed = {*needs.required, *needs.optional, *(() if function is Function.COALESCE else _OF_EVENTS)}
    for name in needs.required:
        if name not in given:
            found.refuse(f"function {function} without {name}", f"the field {name}")
    for name in ("property", "limit", "of", *sorted(_OF_EVENTS)):
        if name in given and name not in allowed:
            found.at(name).refuse(f"{name} beside {function}, which ignores it", "the field left out")
    check_window(given, found)


def _computed(given: Given) -> ComputedTrait:
    return ComputedTrait(
        id=given["id"], function=given["function"], match=match(given), property=given.get("property"),
        window=window(given), limit=given.get("limit", 100), of=given.get("of", ()),
    )


SOURCE = record(
    {"trait": PATH, **MATCH_FIELDS, "property": PATH},
    choices=(Choice.of("trait", "event", is_required=True),), check=_check_source, make=_source,
)

COMPUTED_TRAIT = document(
    {
        "id": TRAIT_ID, "function": choice(Function), **MATCH_FIELDS, "property": PATH,
        **WINDOW_FIELDS, "limit": whole(least=1),
        "of": many(SOURCE, least=1, expected="a list of sources, each {trait} or {event, property}"),
    },
    required=("function",), choices=(ONE_WINDOW,), check=_check, make=_computed,
)
