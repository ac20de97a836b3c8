"""`audience segment list` and what else is asked or said about segments as a whole."""
from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from streams.cli import previews, versions
from streams.cli.arguments import command, settings_of, with_json, with_patience
from streams.cli.printing import complain
from streams.core.values import Json


def add_to(segment: Any) -> None:
    """The commands, under the word `segment`."""
    listed = command(segment, "list", list_segments, "Every segment: version, state and members; how far a backfill is.")
    with_json(listed)
    with_patience(listed)
    previews.add_to(segment)
    versions.add_to(segment)


def list_segments(options: argparse.Namespace) -> int:
    from streams.runtime.outside.asking import missing
    from streams.runtime.outside.definitions_log import history
    from streams.runtime.outside.overview import segments, standings

    settings = settings_of(options)
    defined, told = history(settings), standings(settings, options.within)
    found = segments(defined, told, settings.partitions)
    print(json.dumps(found, indent=2) if options.json else "\n".join(readable(found)))
    return complain(missing(settings, told))


def readable(found: Mapping[str, Json]) -> Iterator[str]:
    """A table, and below it how far the tasks are."""
    width = max([len("segment"), *(len(each["id"]) for each in found["segments"])])
    yield f"{'segment':<{width}}  version  state        members"
    for each in found["segments"]:
        members = "?" if each["members"] is None else f"{each['members']:,}"
        yield f"{each['id']:<{width}}  {each['version']:>7}  {each['state']:<8}  {members:>10}"
    yield f"{found['profiles']:,} profile{'' if found['profiles'] == 1 else 's'} in {len(found['tasks'])} tasks"
    if found["is_building"]:
        shares = ", ".join(f"{each['task']}: {each['progress']:.0%}{_left(each['seconds_left'])}" for each in found["tasks"])
        yield f"backfill {found['progress']:.0%} ({shares}){_left(found['seconds_left']) or ', no telling yet how long'}"


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f", {seconds:,.0f} s left"
