"""Turns documents into `Definitions`, in the same way for a folder, the `definitions` topic and Python values."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from streams.core.campaigns.local_time import TIME_ZONE
from streams.core.consent.mapping import DEFAULT, ConsentMapping
from streams.core.definitions import Campaign, ComputedTrait, Definitions, Destination, Segment
from streams.core.errors import Misconfigured
from streams.core.values import Json
from streams.definitions.faults import Notes
from streams.definitions.identity import PERIODS, Identity, whole_table
from streams.definitions.kinds import Parsed, read_document
from streams.definitions.lists import attached, is_part
from streams.definitions.references import Read, faults
from streams.definitions.shapes import Found, Unreadable
from streams.definitions.written import Written, under

P = TypeVar("P", Segment, ComputedTrait, Campaign, Identity, ConsentMapping)


def build(documents: Mapping[str, Json], revision: int, versions: Mapping[str, int]) -> Definitions:
    """The definitions that these inlined `documents` (by `kind/id`, as in `Definitions.sources`) describe; the `sources` of
    the result are without the parts of lists.

    `versions` has the version of each key; a key that it lacks has version 1. Documents that come from `load_folder` have no
    faults; others may: Misconfigured lists them all, under the documents' keys."""
    parts = {key: document for key, document in documents.items() if is_part(key)}
    reads = [read(under(key, document), Notes(), parts) for key, document in documents.items() if key not in parts]
    found = faults(reads)
    if found:
        raise Misconfigured(tuple(text for _, text in found))
    return assemble(reads, revision, versions)


def read(written: Written, notes: Notes, parts: Mapping[str, Json]) -> Read:
    """Reads one document, and lists in it from their `parts`. Faults are put into its notes."""
    try:
        parsed = read_document(Found(value=attached(written.document, parts), steps=(), notes=notes))
    except Unreadable:
        return Read(written=written, notes=notes, parsed=None)
    return Read(written=written, notes=notes, parsed=parsed)


def assemble(reads: Iterable[Read], revision: int, versions: Mapping[str, int]) -> Definitions:
    """Definitions of documents without faults, ordered by id."""
    reads = list(reads)
    sources = {"/".join(each.key): each.written.document for each in reads if each.key is not None}
    sources.update(pair for each in reads for pair in each.parts.items())
    parsed = [each.parsed for each in reads if each.parsed is not None]
    destinations = (each for each in parsed if isinstance(each, Destination))
    identity = [*_of(Identity, parsed, "identity", versions), Identity(id="", namespaces=whole_table({}))][0]
    believed = identity.precedence.of(TIME_ZONE)
    consent = _of(ConsentMapping, parsed, "consent", versions)
    return Definitions(
        revision=revision,
        segments=_of(Segment, parsed, "segment", versions),
        computed_traits=_of(ComputedTrait, parsed, "computed-trait", versions),
        campaigns=tuple(sorted(
            (replace(each, zone_sources=believed) for each in _of(Campaign, parsed, "campaign", versions)),
            key=lambda each: (each.priority, each.id))),
        destinations=tuple(sorted(destinations, key=lambda each: each.id)),
        namespaces=identity.namespaces,
        caps=identity.caps,
        precedence=identity.precedence,
        **{period: getattr(identity, period) for period in PERIODS},
        consent=consent[0] if consent else DEFAULT,
        sources=dict(sorted(sources.items())),
    )


def _of(type_: type[P], parsed: Iterable[Parsed], kind: str, versions: Mapping[str, int]) -> tuple[P, ...]:
    found = sorted((each for each in parsed if isinstance(each, type_)), key=lambda each: each.id)
    return tuple(replace(each, version=versions.get(f"{kind}/{each.id}", 1)) for each in found)


def by_key(given: Mapping[str, Json] | Iterable[Json]) -> dict[str, Json]:
    """Documents by `kind/id`, from one document, a list of them, or such a mapping, as tests and notebooks write them.

    Raises Misconfigured if a document has no kind or id, or two have the same. What else is wrong with one is found by
    `build`, which names it by this key."""
    if isinstance(given, Mapping):
        if "kind" not in given:
            return dict(given)
        given = [given]
    documents: dict[str, Json] = {}
    for document in given:
        key = _key(document)
        if key in documents:
            raise Misconfigured((f"{key} a second time; expected each id once within its kind",))
        documents[key] = document
    return documents


def _key(document: Json) -> str:
    if not isinstance(document, Mapping):
        raise Misconfigured((f"a document is {type(document).__name__}; expected a dict with kind and id",))
    for field in ("kind", "id"):
        if document.get(field) is None:
            raise Misconfigured((f"a document has no {field}; expected {{'kind': …, 'id': …}} with what else it says",))
    return f"{document['kind']}/{document['id']}"
