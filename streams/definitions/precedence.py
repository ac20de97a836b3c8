"""`traits` of `kind: identity`: which sources are believed before which, for all traits or for single ones."""
from __future__ import annotations

from typing import Any

from streams.core.platforms import SourceType
from streams.core.precedence import Order, Precedence
from streams.definitions.faults import dotted, nearest, shown
from streams.definitions.scalars import choice
from streams.definitions.shapes import Found, Shape, entries, many, record

NEWEST = "newest"
_SOURCES = many(choice(SourceType), least=1, expected=f"a list of sources, the strongest first: {', '.join(SourceType)}")


def _order(found: Found) -> Order:
    order = tuple(map(str, _SOURCES.read(found)))
    for place, source in enumerate(order):
        if source in order[:place]:
            found.at(place).refuse(f"{dotted(found.steps)} has {shown(source)} twice", "each source once")
    return order


def _order_or_newest(found: Found) -> Order:
    if isinstance(found.value, str) and found.value != NEWEST:
        found.unlike(f"{NEWEST}, or a list of sources", nearest(found.value, [NEWEST]))
    return () if found.value == NEWEST else _order(found)


def _by_trait(found: Found) -> dict[str, Order]:
    return entries(found, "an object of traits, each with its list of sources",
                   lambda name: _order_or_newest(found.at(name)))


_ORDER_SCHEMA: dict[str, Any] = {**_SOURCES.schema, "uniqueItems": True}
BY_TRAIT = Shape(_by_trait, {
    "type": "object", "additionalProperties": {"anyOf": [{"const": NEWEST}, _ORDER_SCHEMA]}})
PRECEDENCE = record({"sources": Shape(_order, _ORDER_SCHEMA), "by_trait": BY_TRAIT}, make=lambda given: Precedence(**given))
