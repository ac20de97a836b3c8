"""Cuts long lists of members into parts that a Kafka record can hold, beside the segment that names them.

Why parts: a record has an upper bound, and a list that grows by a line would be written whole again. A part is named after
its content, so the same list is the same documents wherever it stands, and a changed line replaces one part. Why digests:
see `streams.core.segments.listed`; besides, no address stands in a topic that keeps it."""
from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from streams.core.segments.listed import WIDTH, packed
from streams.core.values import Json

KIND = "members"
LONGEST_PLAIN = 1_000
"""Up to so many identifiers a list stays as it was written."""
IN_A_PART = 32_768
"""Digests, about; a record of 350 KB."""
MOST = 5_000_000
"""Identifiers in one list: 40 MB in every worker."""


def listed(digests: Sequence[int]) -> tuple[Json, dict[str, Json]]:
    """What stands in the rule, and the parts as documents by `kind/id`. `digests` are ascending, each once."""
    bits = max(0, (len(digests) // IN_A_PART).bit_length())
    shares: list[list[int]] = [[] for _ in range(1 << bits)]
    for digest in digests:
        shares[digest >> (8 * WIDTH - bits)].append(digest)
    parts = {}
    for share in shares:
        data = packed(share)
        name = blake2b(data, digest_size=8).hexdigest()
        parts[name] = {"kind": KIND, "id": name, "digests": b64encode(data).decode()}
    return {"parts": list(parts), "number": len(digests)}, {f"{KIND}/{name}": part for name, part in parts.items()}


def is_part(key: str) -> bool:
    """Whether a document of that `kind/id` is a part of a list."""
    return key.startswith(f"{KIND}/")


def parts_of(document: Json) -> list[str]:
    """Keys of the parts that a document names."""
    if isinstance(document, list):
        return [key for inner in document for key in parts_of(inner)]
    if not isinstance(document, dict):
        return []
    return [key for name, inner in document.items() for key in (
        [f"{KIND}/{part}" for part in inner["parts"]] if _names_parts(name, inner) else parts_of(inner))]


def as_bytes(documents: Mapping[str, Json]) -> dict[str, Json]:
    """Documents with the digests of parts as bytes, a quarter smaller: for use where one record must hold them all."""
    return {key: {**document, "digests": b64decode(document["digests"])} if is_part(key) and document else document
            for key, document in documents.items()}


def as_text(documents: Mapping[str, Json]) -> dict[str, Json]:
    """The documents that `as_bytes` was given."""
    return {key: {**document, "digests": b64encode(document["digests"]).decode()} if is_part(key) and document else document
            for key, document in documents.items()}


def attached(document: Json, parts: Mapping[str, Json]) -> Json:
    """The document with whole lists, as packed digests (which no file can hold), in the place of their parts' names. A list
    of which a part is missing, or is no part, stays as it is, and is refused later."""
    if not parts or not isinstance(document, dict) or "rule" not in document:
        return document
    return {**document, "rule": _attach(document["rule"], parts)}


def _attach(node: Json, parts: Mapping[str, Json]) -> Json:
    if isinstance(node, list):
        return [_attach(inner, parts) for inner in node]
    if not isinstance(node, dict):
        return node
    return {name: _whole(inner, parts) if _names_parts(name, inner) else _attach(inner, parts)
            for name, inner in node.items()}


def _names_parts(name: str, inner: Json) -> bool:
    return name == "members" and isinstance(inner, dict) and isinstance(inner.get("parts"), list)


def _whole(reference: Json, parts: Mapping[str, Json]) -> Json:
    keys = [f"{KIND}/{part}" for part in reference["parts"]]
    shares = [_digests(parts.get(key)) for key in keys]
    found = [share for share in shares if share is not None]
    return b"".join(found) if len(found) == len(keys) else reference


def _digests(part: Json) -> bytes | None:
    """What a part holds, packed; None where it is no part."""
    if not isinstance(part, dict) or not isinstance(part.get("digests"), str):
        return None
    try:
        data = b64decode(part["digests"])
    except ValueError:
        return None
    return None if len(data) % WIDTH else data
