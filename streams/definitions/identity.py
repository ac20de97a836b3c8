"""kind: identity. The rows of the namespaces' table that a deployment changes, merged into the default table."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from streams.core.definitions import ANONYMOUS_EXPIRE_AFTER, EVENTS_EXPIRE_AFTER, Caps, Namespace, OnConflict
from streams.core.identifiers import DEFAULT_NAMESPACES, Namespaces
from streams.core.precedence import Precedence
from streams.core.tables import UNDER_WAY
from streams.definitions.document import document
from streams.definitions.precedence import PRECEDENCE
from streams.definitions.scalars import NAMESPACE, TEXT, choice, duration, whole
from streams.definitions.shapes import Found, Given, Shape, entries, many, record

EVER = "ever"
NEVER = "never"
MERGE_RULE = "known_beats_anonymous_then_oldest"
PERIODS = ("anonymous_expire_after", "known_expire_after", "events_expire_after", "messages_expire_after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`namespaces` is the whole table, strongest first. What expires: as in `Definitions`."""

    id: str
    namespaces: tuple[Namespace, ...]
    anonymous_expire_after: int | None = ANONYMOUS_EXPIRE_AFTER
    known_expire_after: int | None = None
    events_expire_after: int | None = EVENTS_EXPIRE_AFTER
    messages_expire_after: int | None = EVENTS_EXPIRE_AFTER
    caps: Caps = Caps()
    precedence: Precedence = Precedence()
    version: int = 1


def whole_table(rows: Mapping[str, Namespace]) -> tuple[Namespace, ...]:
    """The default table with `rows` in it, strongest first; among equals the default order, then the name."""
    table = {row.name: row for row in DEFAULT_NAMESPACES} | dict(sorted(rows.items()))
    return tuple(sorted(table.values(), key=lambda row: row.priority))


def _per(found: Found) -> int | None:
    return None if found.value == EVER else _DURATION.read(found)


def _rows(found: Found) -> dict[str, Namespace]:
    defaults = Namespaces()

    def read(name: str) -> Namespace:
        NAMESPACE.read(found.named(name))
        return replace(defaults.row(name), **ROW.read(found.at(name)))

    return entries(found, "an object of namespaces", read)


def _row(given: Given) -> dict[str, Any]:
    changed: dict[str, Any] = {name: given[name] for name in ("priority", "on_conflict") if name in given}
    if "blocked" in given:
        changed["blocked"] = frozenset(given["blocked"])
    changed.update(given.get("limit", {}))
    return changed


def _expire_after(found: Found) -> int | None:
    if found.value == NEVER:
        return None
    length = _DURATION.read(found)
    if length < UNDER_WAY:
        found.unlike("never, or at least 7d: until then a message that knows the profile may be under way")
    return length


def _identity(given: Given) -> Identity:
    """Caps that are not stated are the usual ones, or what the rows allow where that is more."""
    table = whole_table(given.get("namespaces", {}))
    allowed = sum(row.at_most for row in table)
    caps = {"identifiers": max(Caps().identifiers, allowed), "merges": max(Caps().merges, allowed)}
    return Identity(
        id=given["id"], namespaces=table, caps=Caps(**(caps | given.get("caps", {}))),
        precedence=given.get("traits", Precedence()), **{name: given[name] for name in PERIODS if name in given})


def _merge(found: Found) -> str:
    if found.value != MERGE_RULE:
        found.unlike(MERGE_RULE)
    return MERGE_RULE


_DURATION = duration()
EXPIRE_AFTER = Shape(_expire_after, {"anyOf": [{"const": NEVER}, _DURATION.schema]})
CAPS = record({"identifiers": whole(least=1), "merges": whole(least=1)}, make=dict)
PER = Shape(_per, {"anyOf": [{"const": EVER}, _DURATION.schema]})
ROW = record(
    {
        "priority": whole(least=1),
        "limit": record(
            {"at_most": whole(least=1), "per": PER}, required=("at_most",),
            make=lambda given: {"at_most": given["at_most"], "per": given.get("per")},
        ),
        "on_conflict": choice(OnConflict),
        "blocked": many(TEXT, least=0, expected="a list of values that are nobody's"),
    },
    make=_row,
)
ROWS = Shape(_rows, {
    "type": "object", "propertyNames": NAMESPACE.schema, "additionalProperties": ROW.schema,
})

IDENTITY = document(
    {"namespaces": ROWS, "merge": Shape(_merge, {"const": MERGE_RULE}), **dict.fromkeys(PERIODS, EXPIRE_AFTER),
     "caps": CAPS, "traits": PRECEDENCE},
    make=_identity,
)
