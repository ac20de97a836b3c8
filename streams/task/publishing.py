"""Makes the records of one revision of definitions.

Only what changed is written, so a folder in git can be applied by every build. The version of a document rises by one with
every change, and no version is used twice."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import orjson

from streams.core.errors import Misconfigured
from streams.core.press import Pressed
from streams.core.values import Json
from streams.task.rows import pack
from streams.topology import MIB

HEAD = "revision"
LARGEST = 7 * MIB
"""Bytes of a document as tasks keep it and tell each other of it, in a record of 8 MiB."""
SURELY_FITS = MIB
"""Bytes of JSON, of which MessagePack makes five times as many at most: of short numbers with a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One definition as it stands. `document` None: it was deleted; its version is remembered. press: of a campaign, the
    last press of its button."""

    document: Json
    version: int
    state: str | None = None
    press: Pressed | None = None


def revise(
    standing: Mapping[str, Published], documents: Mapping[str, Json],
) -> dict[str, Published]:
    """What changes when `documents` replace all that stands. A campaign keeps its state once it has one."""
    changed: dict[str, Published] = {}
    for key, document in documents.items():
        old = standing.get(key)
        if old is None or old.document != document:
            stands = old if old is not None and old.document is not None else None
            state = stands.state if stands else None
            if key.startswith("campaign/"):
                state = state or document.get("status", "paused")
            changed[key] = Published(
                document=document, version=old.version + 1 if old else 1, state=state,
                press=stands.press if stands else None)
    for key, old in standing.items():
        if key not in documents and old.document is not None:
            changed[key] = Published(document=None, version=old.version, state=None)
    return changed


def press(standing: Published, revision: int, per_second: float | None) -> Published | None:
    """What pressing the button of a campaign writes with this revision; None if it would change nothing.

    Pressed again while live, it is the same press, at another pace if one is given."""
    if standing.state != "live":
        return replace(standing, state="live", press=Pressed(revision, per_second))
    if standing.press is None or per_second in (None, standing.press.per_second):
        return None
    return replace(standing, press=standing.press._replace(per_second=per_second))


def roll_back(standing: Published, kept: Mapping[int, Json], to: int | None = None) -> Published | None:
    """What makes a definition what it was: a new version with the document of version `to`, which is one of `kept`.

    `to` None: of the version before, or of the last if the definition was deleted. None where it says that already. KeyError
    if there is no such version."""
    if to is None:
        before = standing.version if standing.document is None else standing.version - 1
        to = max((version for version in kept if version <= before), default=0)
    document = kept[to]
    if document == standing.document:
        return None
    return Published(document=document, version=standing.version + 1)


def document_of(row: Mapping[str, Json]) -> Json:
    """What a record says that its definition is, None where it was deleted. What is no JSON, or nested too deep to
    be written again, stays the text that it is, and is refused with its revision as any document that is no object. Of one
    that is too large, which compressed may fit into a record of the topic, a text says so."""
    if row["deleted"]:
        return None
    document = source = row["source"]
    try:
        document = orjson.loads(source)
        orjson.dumps({"": [document]})  # among others, as `revisions` does; orjson reads deeper than it writes
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        document = source
    size = 0 if len(source) <= SURELY_FITS // 4 else _size(document)
    return f"too large, with {size:,} bytes of at most {LARGEST:,}" if size > LARGEST else document


def check_sizes(changed: Mapping[str, Published]) -> None:
    """Misconfigured with each that is too large for a record between tasks."""
    sizes = {key: _size(row.document) for key, row in changed.items()}
    if large := [f"{key}: the document takes {size:,} bytes; expected at most {LARGEST:,}. Long lists of members fit as a "
                 "`file:` of their own" for key, size in sizes.items() if size > LARGEST]:
        raise Misconfigured(tuple(large))


def _size(document: Json) -> int:
    """Bytes of it as a row of state, or as JSON if that is more; 0 if it surely fits."""
    written = len(orjson.dumps(document))
    return 0 if written <= SURELY_FITS else max(written, len(pack(document)))


def records(changed: Mapping[str, Published], revision: int, at: int) -> Iterator[tuple[str, dict[str, Json]]]:
    """(key, Definition record) of each change, its version beside its head, ended by the revision record.

    The end of a definition has a head only: what its versions said stays readable, and can come back."""
    for key, row in changed.items():
        kind, _, name = key.partition("/")
        record = {
            "kind": kind, "id": name, "version": row.version, "revision": revision, "deleted": row.document is None,
            "source": orjson.dumps(row.document).decode(), "state": row.state, "at": at,
            "press": row.press._asdict() if row.press else None,
        }
        if row.document is not None:
            yield f"{key}@{row.version}", record
        yield key, record
    yield HEAD, {"kind": HEAD, "id": "head", "version": 1, "revision": revision, "deleted": False, "source": "null",
                 "state": None, "press": None, "at": at}
