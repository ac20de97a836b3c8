"""How all segments and campaigns stand, over every worker: for `audience segment list` and the console alike.

What is defined is read from `definitions`; how many people that means is asked of the tasks.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from streams.core.values import Json
from streams.runtime.outside.asking import ask
from streams.runtime.outside.button import progress
from streams.runtime.outside.definitions_log import History, history
from streams.runtime.settings import Settings
from streams.standing import Standing, total
from streams.task.answers import standing_of
from streams.task.publishing import Published
from streams.task.wire import Ask


def overview(settings: Settings, within: float) -> dict[str, Json]:
    """`segments` and `campaigns`, of the tasks that answer in so many seconds; `tasks` says which did, `partitions` how many
    there are. Misconfigured if there is no broker."""
    defined, told = history(settings), standings(settings, within)
    return {"application": settings.application, "partitions": settings.partitions,
            **segments(defined, told, settings.partitions), "campaigns": campaigns(defined, told, settings.partitions)}


def standings(settings: Settings, within: float) -> dict[int, Standing]:
    """By task, of those that answer in so many seconds. Misconfigured if there is no broker."""
    return {task: standing_of(body) for task, body in ask(settings, Ask, within).items()}


def segments(defined: History, standings: Mapping[int, Standing], tasks: int) -> dict[str, Json]:
    """`standings` by task, those missing that did not answer; `tasks`: how many there are in all."""
    all_told = total(standings.values())
    shown = {name: head for name, head in defined.heads_of("segment").items()
             if head.document is not None or name in all_told.segments}
    return {
        "segments": [_segment(name, head, standings, len(standings) == tasks) for name, head in shown.items()],
        "profiles": all_told.profiles, "is_building": all_told.is_building, "progress": round(all_told.share, 4),
        "seconds_left": _rounded(all_told.seconds_left),
        "tasks": [{
            "task": number, "profiles": each.profiles, "rebuilt": each.rebuilt, "is_building": each.is_building,
            "progress": round(each.share, 4), "seconds_left": _rounded(each.seconds_left),
        } for number, each in sorted(standings.items())],
    }


def campaigns(defined: History, standings: Mapping[int, Standing], tasks: int) -> list[Json]:
    """Each as it is defined, and how far the last press of its button is (`PressProgress`). Parameters as `segments`."""
    return [_campaign(name, head) | asdict(progress(name, head, list(standings.values()), tasks))
            for name, head in defined.heads_of("campaign").items() if head.document is not None]


def _segment(name: str, head: Published, standings: Mapping[int, Standing], is_complete: bool) -> dict[str, Json]:
    rows = {number: each.segments[name] for number, each in standings.items() if name in each.segments}
    return {
        "id": name, **_named(head), "version": head.version, "state": _state(name, head, standings, is_complete),
        "members": sum(row.members for row in rows.values()) if standings else None,
        "by_task": [{"task": number, "version": row.version, "members": row.members, "is_building": row.is_building}
                    for number, row in sorted(rows.items())],
    }


def _campaign(name: str, head: Published) -> dict[str, Json]:
    document = head.document if isinstance(head.document, dict) else {}
    channels = document.get("channels")
    return {
        "id": name, **_named(head), "version": head.version, "segment": document.get("segment"),
        "trigger": _trigger(document.get("trigger", "entered")),
        "channels": sorted(channels) if isinstance(channels, dict) else [],
        "starts": document.get("starts"), "ends": document.get("ends"),
        "is_pressed": head.press is not None, "per_second": head.press.per_second if head.press else None,
    }


def _named(head: Published) -> dict[str, Json]:
    document = head.document if isinstance(head.document, dict) else {}
    return {"name": document.get("name", ""), "description": document.get("description", "")}


def _trigger(written: Json) -> str:
    """As text, however it is written: `entered`, or `each: Order Completed`."""
    if isinstance(written, dict) and "each" in written:
        events = written["each"]
        return f"each: {', '.join(map(str, events)) if isinstance(events, list) else events}"
    return str(written)


def _state(name: str, head: Published, standings: Mapping[int, Standing], is_complete: bool) -> str:
    """live: in force for every profile. building: some profiles are judged by what it was before. leaving: deleted, and
    its members are being told. unknown: a task that would have to say did not answer."""
    if head.document is None:
        return "leaving"
    rows = [each.segments.get(name) for each in standings.values()]
    if any(row is None or row.version != head.version or row.is_building for row in rows):
        return "building"
    return "live" if is_complete else "unknown"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
