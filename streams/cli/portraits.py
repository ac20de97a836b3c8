"""What `audience profile show` prints for people: the portrait, a section a subject, one line a fact."""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from streams.core.values import Json, iso


def readable(found: dict[str, Json]) -> Iterator[str]:
    """Lines of the document that `streams.task.portrait.portrait` gives. Empty sections are left out."""
    yield (f"profile {found['profile_id']}, {_many(found['events'], 'event')}, first {iso(found['first_seen'])}, "
           f"last {iso(found['last_seen'])}")
    origins, told = found["trait_origins"], found["basics"]
    sections: tuple[tuple[str, Iterable[str]], ...] = (
        ("identifiers", map(_identifier, found["identifiers"])),
        ("traits", (f"{name} = {json.dumps(value)}{_origin(origins[name])}" for name, value in found["traits"].items())),
        ("consent", map(_purpose, found["purposes"])),
        ("channels", map(_channel, found["channels"])),
        ("segments", (f"{s['id']} since {iso(s['since'])}: {s['because']}" for s in found["segments"])),
        (_heading(told["since"]), _visits(told)),
        ("devices", map(_device, told["devices"])),
        ("events by name", (f"{name}: {_seen(seen)}" for name, seen in sorted(told["counters"].items()))),
        ("latest events", map(_event, found["latest_events"])))
    for heading, rows in sections:
        lines = [f"  {row}" for row in rows]
        if lines:
            yield from (heading, *lines)


def _heading(since: int | None) -> str:
    return "visits" if since is None else f"visits, of the events since {iso(since)} (older ones are forgotten)"


def _identifier(row: dict[str, Json]) -> str:
    return f"{row['identifier']}  first {iso(row['first_seen'])}, last {iso(row['last_seen'])}{_from(row['source'])}"


def _origin(row: dict[str, Json]) -> str:
    if "computed" in row:
        return "  computed"
    newer = "; ".join(f"{json.dumps(each['value'])} {iso(each['event_time'])}{_from(each['source'])}"
                      for each in row.get("outranked", ()))
    return f"  {iso(row['event_time'])}{_from(row['source'])}{newer and f' (outranks the newer {newer})'}"


def _purpose(row: dict[str, Json]) -> str:
    state = "granted" if row["granted"] else "held back since a merge" if row["held_back_by_merge"] else "denied"
    return f"{row['purpose']}: {state}  {iso(row['event_time'])}{_from(row['source'])}"


def _channel(row: dict[str, Json]) -> str:
    return f"{row['channel']} {row['identifier']}: {'yes' if row['permitted'] else 'no'}, {row['basis']}"


def _visits(told: dict[str, Json]) -> Iterator[str]:
    if told["first_touch"]:
        yield f"first touch {_touch(told['first_touch'])}"
    if told["last_touch"]:
        yield f"last touch {_touch(told['last_touch'])}"
    if told["sessions"]:
        number, last = _many(len(told["sessions"]), "session"), told["sessions"][-1]
        yield (f"{number} on {_many(told['visit_days'], 'day')} ({told['time_zone']}); the last from {iso(last['begins'])} "
               f"to {iso(last['ends'])}, {_many(last['events'], 'event')} on {', '.join(last['platforms'])}")
    yield from (f"platform {name}: {_seen(seen)}" for name, seen in told["platforms"].items())
    yield from (f"from {move['origin']} to {move['to']}: {_many(move['times'], 'time')}, last {iso(move['last'])}"
                for move in told["moves"])


def _touch(row: dict[str, Json]) -> str:
    campaign = row["campaign"] and f", campaign {json.dumps(row['campaign'], sort_keys=True)}"
    return (f"{iso(row['event_time'])} {row['event']} on {row['platform']}{_from(row['page'])}"
            f"{_from(row['referrer'] and 'from ' + row['referrer'])}{campaign or ''}")


def _device(row: dict[str, Json]) -> str:
    said = [row[name] for name in ("type", "manufacturer", "model", "os") if row[name]]
    return f"{row['identifier']}  {' '.join(said)}{': ' if said else ''}{_seen(row['seen'])}"


def _event(row: dict[str, Json]) -> str:
    return f"{iso(row['event_time'])} {row['event']} on {row['platform']}{_from(row['source'])}  {row['identifiers'][0]}"


def _seen(row: dict[str, Json]) -> str:
    return f"{_many(row['events'], 'event')}, first {iso(row['first_seen'])}, last {iso(row['last_seen'])}"


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _from(place: str | None) -> str:
    return f", {place}" if place else ""
