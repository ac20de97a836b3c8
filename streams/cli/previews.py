"""`audience segment preview FILE`: how large it would be, who would be in it, and in which other segments they are."""
from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from functools import partial
from typing import Any

from streams.cli.arguments import command, file, number, settings_of, with_json, with_patience
from streams.cli.printing import complain, printed

PEOPLE = 20_000
SHOWN = 10


def add_to(segment: Any) -> None:
    """The command, under the word `segment`."""
    parser = command(segment, "preview", preview_segment, "Size, a sample and overlaps of a segment, without applying it.",
                     "shop/carts.yaml")
    parser.add_argument("file", type=file, metavar="FILE", help="a file of definitions, read among those in force")
    parser.add_argument("--members", type=number, default=SHOWN, metavar="N", help=f"how many to name (default {SHOWN})")
    with_sample(parser)
    with_json(parser)
    with_patience(parser)


def with_sample(parser: argparse.ArgumentParser) -> None:
    """For what is estimated from a sample: preview and diff alike."""
    parser.add_argument("--people", type=number, default=PEOPLE, metavar="N", help=(
        f"profiles to look at; sizes are exact if there are no more (default {PEOPLE:,}; 0: all, which takes as long as a "
        "backfill)"))


def preview_segment(options: argparse.Namespace) -> int:
    from streams.definitions import load_file
    from streams.runtime.outside.asking import missing
    from streams.runtime.outside.estimates import readable
    from streams.runtime.outside.previewing import preview_written

    settings = settings_of(options)
    found, segments, answers = preview_written(
        settings, partial(load_file, options.file), options.people, options.within, options.members)
    print(json.dumps(asdict(found), indent=2) if options.json else printed(readable(found, segments)))
    return complain(missing(settings, answers))
