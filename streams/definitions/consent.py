"""kind: consent. What the purposes of consent strings mean for those that campaigns name.

One document. A purpose it does not name is only ever stated plainly (`context.consent.purposes`); without any document
`personalised-ads` needs purposes 1, 3 and 4 of the TCF, or that nothing was opted out of."""
from __future__ import annotations

from typing import Any

from streams.core.consent.gpp import Activity
from streams.core.consent.mapping import ConsentMapping, Purpose
from streams.definitions.document import document
from streams.definitions.scalars import TEXT, choice, whole
from streams.definitions.shapes import Found, Given, Shape, entries, many, record

PURPOSES_OF_TCF, FEATURES_OF_TCF = 24, 12


def _up_to(most: int) -> Shape[tuple[int, ...]]:
    number = whole(least=1)

    def read(found: Found) -> int:
        value = number.read(found)
        if value > most:
            found.unlike(f"a number from 1 to {most}")
        return value

    return many(Shape(read, {**number.schema, "maximum": most}), least=1, expected="a list of numbers")


def _purposes(found: Found) -> tuple[Purpose, ...]:
    def read(name: str) -> Purpose:
        TEXT.read(found.named(name))
        return Purpose(name=name, **NEEDS.read(found.at(name)))

    rows = entries(found, "an object of purposes", read)
    return tuple(sorted(rows.values(), key=lambda row: row.name))


def _needs(given: Given) -> dict[str, Any]:
    return {**given.get("tcf", {}), "opt_outs": given.get("us", ())}


NEEDS = record(
    {
        "tcf": record(
            {"consent": _up_to(PURPOSES_OF_TCF), "legitimate_interest": _up_to(PURPOSES_OF_TCF),
                    "special_features": _up_to(FEATURES_OF_TCF)},
            make=dict,
        ),
        "us": many(choice(Activity), least=1, expected="a list of sale, sharing, targeted_advertising"),
    },
    make=_needs,
)
PURPOSES = Shape(_purposes, {"type": "object", "additionalProperties": NEEDS.schema})

CONSENT = document(
    {"vendor": whole(least=1), "purposes": PURPOSES},
    required=("purposes",),
    make=lambda given: ConsentMapping(id=given["id"], vendor=given.get("vendor"), purposes=given["purposes"]),
)
