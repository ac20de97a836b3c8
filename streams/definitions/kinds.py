"""The kinds of document there are, and the reading of one."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from streams.core.consent.mapping import ConsentMapping
from streams.core.definitions import Campaign, ComputedTrait, Destination, Segment
from streams.definitions.campaigns import CAMPAIGN
from streams.definitions.computed import COMPUTED_TRAIT
from streams.definitions.consent import CONSENT
from streams.definitions.destinations import DESTINATION
from streams.definitions.document import DOCUMENT_FIELDS, document
from streams.definitions.faults import nearest, shown
from streams.definitions.foreign import word_meant
from streams.definitions.identity import IDENTITY, Identity
from streams.definitions.nodes import RULE
from streams.definitions.shapes import Found, Shape

Parsed: TypeAlias = Segment | ComputedTrait | Campaign | Destination | Identity | ConsentMapping

KINDS: Mapping[str, Shape[Any]] = {
    "segment": document(
        {"rule": RULE}, required=("rule",),
        make=lambda given: Segment(id=given["id"], rule=given["rule"], name=given.get("name", ""))),
    "computed-trait": COMPUTED_TRAIT,
    "campaign": CAMPAIGN,
    "destination": DESTINATION,
    "identity": IDENTITY,
    "consent": CONSENT,
}


def read_document(found: Found) -> Parsed:
    """The definition that an inlined document is. Notes all its faults, then raises Unreadable."""
    expected = f"one of {', '.join(KINDS)}"
    if not isinstance(found.value, dict):
        found.unlike("an object with kind and id")
    if "kind" not in found.value:
        wrong = nearest("kind", [name for name in found.value if name not in DOCUMENT_FIELDS])
        if wrong:
            found.at(wrong).refuse(f"unknown field {shown(wrong)} in the document", f"the field kind, {expected}", "kind")
        found.refuse("no kind", f"the field kind, {expected}")
    kind = found.value["kind"]
    if not isinstance(kind, str) or kind not in KINDS:
        found.at("kind").refuse(f"kind is {shown(kind)}", expected, word_meant(kind, KINDS))
    parsed: Parsed = KINDS[kind].read(found)
    return parsed
