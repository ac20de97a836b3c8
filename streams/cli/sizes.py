"""What `audience diff` says of sizes: the same preview as `segment preview`, of a whole folder at once."""
from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from streams.cli.arguments import with_patience
from streams.cli.previews import with_sample
from streams.core.values import Json
from streams.runtime.outside.estimates import changes

if TYPE_CHECKING:
    from streams.runtime.outside.estimates import Estimates
    from streams.runtime.settings import Settings

WITHIN = 10.0
AFFECTED = "affect"
SIZED = frozenset({"segment", "computed-trait", "members"})
"""Kinds whose change is previewed; what identity rules and consent mappings change shows in events to come."""


def with_sizes(parser: argparse.ArgumentParser) -> None:
    """The options of `diff`."""
    parser.add_argument("--no-sizes", action="store_true", help="ask no worker how segments would change")
    with_patience(parser, WITHIN)
    with_sample(parser)


def sizes(settings: Settings, options: argparse.Namespace, changed: Mapping[str, Json]) -> Estimates | None:
    """None if there is nothing to ask, and, with a sentence on stderr, if not all workers answered."""
    from streams.runtime.outside.asking import missing
    from streams.runtime.outside.previewing import preview

    question = asked(changed)
    if options.no_sizes or not question:
        return None
    found, answers = preview(settings, question, options.people, options.within)
    sentence = missing(settings, answers)
    if sentence:
        print(f"sizes are not known: {sentence}", file=sys.stderr)
        return None
    return found


def asked(changed: Mapping[str, Json]) -> dict[str, Json]:
    """What workers are asked about a change; empty if it changes no size. Campaigns that change with it are left out (None):
    they may still name a segment that the change deletes."""
    concerned = {key: document for key, document in changed.items() if key.partition("/")[0] in SIZED}
    return {key: None for key in changed if key.startswith("campaign/")} | concerned if concerned else {}


def sized(rows: Iterable[Mapping[str, Json]], found: Estimates) -> list[dict[str, Json]]:
    """The rows of a diff with `members` where they concern a segment, and those of segments that change with others."""
    given = [dict(row) for row in rows]
    own = {row["definition"] for row in given}
    given += [{"definition": f"segment/{name}", "change": AFFECTED, "version": None} for name, each in found.segments.items()
              if f"segment/{name}" not in own and (each.entering or each.leaving)]
    for row in given:
        each = found.segments.get(row["definition"].partition("/")[2]) if row["definition"].startswith("segment/") else None
        if each is not None:
            row["members"] = {"now": each.now, "then": each.then, "margin": each.margin, "entering": each.entering,
                              "leaving": each.leaving, "text": changes(each)}
    return given


def said(row: Mapping[str, Json]) -> str:
    """The sizes of a row, as the end of its line."""
    return f": {row['members']['text']}" if "members" in row else ""
