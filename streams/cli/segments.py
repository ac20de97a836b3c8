"""`audience segment list` and what else is asked or said about segments as a whole."""
from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from streams.cli import previews, versions
from streams.cli.arguments import command, environment, seconds, with_broker

WITHIN = 30.0


def add_to(segment: Any) -> None:
    """The commands, under the word `segment`."""
    listed = command(segment, "list", list_segments, "Every segment: version, state, members; how far a backfill is.")
    listed.add_argument("--json", action="store_true")
    with_patience(listed)
    previews.add_to(segment)
    versions.add_to(segment)


def with_patience(parser: argparse.ArgumentParser) -> None:
    """For what is asked of workers."""
    parser.add_argument("--within", type=seconds, default=WITHIN, metavar="SECONDS",
                        help=f"how long to wait for the workers' answers (default {WITHIN:.0f})")
    with_broker(parser)


def list_segments(options: argparse.Namespace) -> int:
    from streams.cli.listing import listing, readable
    from streams.runtime.asking import ask, missing
    from streams.runtime.definitions_log import standing
    from streams.runtime.settings import Settings
    from streams.task.answers import standing_of
    from streams.task.wire import Ask

    settings = Settings.read(environment(options))
    heads, _ = standing(settings)
    answers = ask(settings, Ask, options.within)
    found = listing(heads, {task: standing_of(body) for task, body in answers.items()}, settings.partitions)
    print(json.dumps(found, indent=2) if options.json else "\n".join(readable(found)))
    return complain(missing(settings, answers))


def complain(sentence: str) -> int:
    """The exit code: what could be said was said, and this is why it is not all."""
    if sentence:
        print(f"audience: {sentence}", file=sys.stderr)
    return 1 if sentence else 0


def unknown_segment(name: str, known: Mapping[str, Any]) -> tuple[str, ...]:
    """The fault where a segment is named that there is none of."""
    from streams.definitions.faults import nearest

    meant = nearest(name, known)
    return (f"there is no segment {name}; expected one of {', '.join(sorted(known)) or 'none, as none is defined'}"
            + (f"; did you mean {meant}?" if meant else ""),)
