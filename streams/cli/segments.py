"""`audience segment list` and what else is asked or said about segments as a whole."""
from __future__ import annotations

import argparse
import json
from typing import Any

from streams.cli import previews, versions
from streams.cli.arguments import command, settings_of
from streams.cli.patience import complain, with_patience


def add_to(segment: Any) -> None:
    """The commands, under the word `segment`."""
    listed = command(segment, "list", list_segments, "Every segment: version, state and members; how far a backfill is.")
    listed.add_argument("--json", action="store_true", help="as JSON")
    with_patience(listed)
    previews.add_to(segment)
    versions.add_to(segment)


def list_segments(options: argparse.Namespace) -> int:
    from streams.cli.listing import listing, readable
    from streams.runtime.outside.asking import ask, missing
    from streams.runtime.outside.definitions_log import history
    from streams.task.answers import standing_of
    from streams.task.wire import Ask

    settings = settings_of(options)
    heads = history(settings).heads
    answers = ask(settings, Ask, options.within)
    found = listing(heads, {task: standing_of(body) for task, body in answers.items()}, settings.partitions)
    print(json.dumps(found, indent=2) if options.json else "\n".join(readable(found)))
    return complain(missing(settings, answers))
