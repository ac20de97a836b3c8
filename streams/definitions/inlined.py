"""Definitions as Python values, as tests and notebooks write them: by `kind/id`, or one document or a list of them, which
say both themselves."""
from __future__ import annotations

from collections.abc import Iterable, Mapping

from streams.core.errors import Misconfigured
from streams.core.values import Json


def by_key(given: Mapping[str, Json] | Iterable[Json]) -> dict[str, Json]:
    """Document by `kind/id`. Raises Misconfigured if one of a list has none, or two have the same; what else is wrong with a
    document is found where it is built, which names it by this key."""
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
