"""`audience segment history` and `segment rollback`: what a segment was, and making it that again.

A rollback is a new version with an old document, applied like any other: only the difference is told, and the next `apply`
of a folder that says otherwise takes it forward again.
"""
from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from streams.cli.arguments import command, positive, settings_of, with_broker, with_json
from streams.core.errors import Misconfigured
from streams.core.values import Json, iso

if TYPE_CHECKING:
    from streams.runtime.outside.definitions_log import History
    from streams.task.publishing import Published


def add_to(segment: Any) -> None:
    """The commands, under the word `segment`."""
    shown = command(segment, "history", show_history, "Every version of a segment, and which is in force.")
    back = command(segment, "rollback", roll_back_segment, "Put an earlier version of a segment in force again.")
    back.add_argument("--to", type=positive, metavar="VERSION", help="the version to go back to (default: the one before)")
    for parser in (shown, back):
        parser.add_argument("segment", metavar="ID", help="of a segment")
        with_json(parser)
        with_broker(parser)


def show_history(options: argparse.Namespace) -> int:
    from streams.runtime.outside.definitions_log import history

    found = history(settings_of(options))
    rows = versions_of(found, options.segment)
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    print("version  revision  applied at                in force")
    for row in rows:
        same = f"as version {row['same_as']}" if row["same_as"] else ""
        notes = ", ".join(filter(None, ("yes" if row["in_force"] else "", same)))
        print(f"{row['version']:>7}  {row['revision']:>8}  {row['applied_at']}  {notes}".rstrip())
    if found.heads[f"segment/{options.segment}"].document is None:
        print("deleted; `audience segment rollback` brings it back", file=sys.stderr)
    return 0


def roll_back_segment(options: argparse.Namespace) -> int:
    from streams.runtime.outside.definitions_log import edit

    found, changed = edit(settings_of(options), lambda found: rolled_back(found, options.segment, options.to))
    row = changed.get(f"segment/{options.segment}")
    if options.json:
        print(json.dumps([] if row is None else [{"definition": f"segment/{options.segment}", "version": row.version}]))
    says = "says that already" if row is None else f"is version {row.version} from revision {found.revision + 1}"
    print(f"{options.segment} {says}", file=sys.stderr)
    return 0


def versions_of(found: History, segment: str) -> list[dict[str, Json]]:
    """Oldest first. same_as: the first version with the same document, None for a document of its own."""
    head, versions = found.heads[_known(found, segment)], found.versions.get(f"segment/{segment}", {})
    rows: list[dict[str, Json]] = []
    for version, kept in sorted(versions.items()):
        same = next((row["version"] for row in rows if row["document"] == kept.document), None)
        rows.append({
            "version": version, "revision": kept.revision, "applied_at": iso(kept.at), "document": kept.document,
            "in_force": head.document is not None and version == head.version, "same_as": same})
    return rows


def rolled_back(found: History, segment: str, to: int | None) -> dict[str, Published]:
    """What is to be published; empty if nothing is. Misconfigured if there is no such segment or version, or if it no longer
    fits the definitions that are in force."""
    from streams.definitions import build
    from streams.definitions.lists import is_part, parts_of
    from streams.task.publishing import Published, roll_back

    key = _known(found, segment)
    kept = {number: version.document for number, version in found.versions.get(key, {}).items()}
    try:
        row = roll_back(found.heads[key], kept, to)
    except KeyError:
        wanted, listed = "earlier version" if to is None else f"version {to}", ", ".join(map(str, sorted(kept)))
        raise Misconfigured((f"segment {segment} has no {wanted}; kept are: {listed or 'none'}",)) from None
    if row is None:
        return {}
    changed = {key: row} | _parts(found, row.document)
    after = found.documents | {name: each.document for name, each in changed.items()}
    build(after, found.revision + 1, {})
    used = {part for document in after.values() for part in parts_of(document)}
    return changed | {name: Published(document=None, version=found.heads[name].version)
                      for name in after if is_part(name) and name not in used}


def _parts(found: History, document: Json) -> dict[str, Published]:
    """Parts of long lists that the document names and that were deleted with the last version that did."""
    from streams.definitions.lists import parts_of
    from streams.runtime.outside.definitions_log import LISTS_KEPT
    from streams.task.publishing import Published

    gone = [key for key in parts_of(document) if key in found.heads and found.heads[key].document is None]
    if not all(found.versions.get(key) for key in gone):
        raise Misconfigured(("the list of that version is no longer kept, as those of the newest "
                             f"{LISTS_KEPT} versions are; apply it from your files",))
    return {key: Published(document=next(iter(found.versions[key].values())).document, version=found.heads[key].version + 1)
            for key in gone}


def _known(found: History, segment: str) -> str:
    from streams.definitions.faults import no_such

    if segment not in found.heads_of("segment"):
        raise Misconfigured((no_such("segment", segment, found.heads_of("segment")),))
    return f"segment/{segment}"
