"""`audience segment list` and what else is asked or said about segments as a whole."""
from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from streams.cli import previews, versions
from streams.cli.arguments import command, settings_of, with_patience
from streams.cli.printing import complain
from streams.core.values import Json
from streams.standing import Standing, total

if TYPE_CHECKING:
    from streams.task.publishing import Published


def add_to(segment: Any) -> None:
    """The commands, under the word `segment`."""
    listed = command(segment, "list", list_segments, "Every segment: version, state and members; how far a backfill is.")
    listed.add_argument("--json", action="store_true", help="as JSON")
    with_patience(listed)
    previews.add_to(segment)
    versions.add_to(segment)


def list_segments(options: argparse.Namespace) -> int:
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


def listing(heads: Mapping[str, Published], standings: Mapping[int, Standing], tasks: int) -> dict[str, Json]:
    """`standings` by task, those missing that did not answer; `tasks`: how many there are in all."""
    ids = {key.partition("/")[2]: head for key, head in sorted(heads.items()) if key.startswith("segment/")}
    all_told = total(standings.values())
    shown = [name for name, head in ids.items() if head.document is not None or name in all_told.segments]
    return {
        "segments": [_segment(name, ids[name], standings, len(standings) == tasks) for name in shown],
        "profiles": all_told.profiles, "is_building": all_told.is_building, "progress": round(all_told.share, 4),
        "seconds_left": _rounded(all_told.seconds_left),
        "tasks": [{
            "task": number, "profiles": each.profiles, "rebuilt": each.rebuilt, "is_building": each.is_building,
            "progress": round(each.share, 4), "seconds_left": _rounded(each.seconds_left),
        } for number, each in sorted(standings.items())],
    }


def _segment(name: str, head: Published, standings: Mapping[int, Standing], is_complete: bool) -> dict[str, Json]:
    rows = {number: each.segments[name] for number, each in standings.items() if name in each.segments}
    document = head.document if isinstance(head.document, dict) else {}
    return {
        "id": name, "name": document.get("name", ""), "version": head.version,
        "state": _state(name, head, standings, is_complete),
        "members": sum(row.members for row in rows.values()) if standings else None,
        "by_task": [{"task": number, "version": row.version, "members": row.members, "is_building": row.is_building}
                    for number, row in sorted(rows.items())],
    }


def _state(name: str, head: Published, standings: Mapping[int, Standing], is_complete: bool) -> str:
    """live: in force for every profile. building: some profiles are judged by what it was before. leaving: deleted, and
    its members are being told. unknown: a task that would have to say did not answer."""
    if head.document is None:
        return "leaving"
    rows = [each.segments.get(name) for each in standings.values()]
    if any(row is None or row.version != head.version or row.is_building for row in rows):
        return "building"
    return "live" if is_complete else "unknown"


def readable(found: Mapping[str, Json]) -> Iterator[str]:
    """A table, and below it how far the tasks are."""
    rows = [(each["id"], str(each["version"]), each["state"], _count(each["members"])) for each in found["segments"]]
    width = max([len("segment"), *(len(row[0]) for row in rows)])
    yield f"{'segment':<{width}}  version  state        members"
    for name, version, state, members in rows:
        yield f"{name:<{width}}  {version:>7}  {state:<8}  {members:>10}"
    yield f"{found['profiles']:,} profile{'' if found['profiles'] == 1 else 's'} in {len(found['tasks'])} tasks"
    if found["is_building"]:
        shares = ", ".join(f"{each['task']}: {each['progress']:.0%}{_left(each['seconds_left'])}" for each in found["tasks"])
        yield f"backfill {found['progress']:.0%} ({shares}){_left(found['seconds_left']) or ', no telling yet how long'}"


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f", {seconds:,.0f} s left"


def _count(members: int | None) -> str:
    return "?" if members is None else f"{members:,}"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
