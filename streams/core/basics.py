"""What a look at somebody's events tells at once: touches, sessions, visit days, platforms, devices, counters.

Computed from the timeline when asked for and kept nowhere, so an event costs nothing by it, and merges and splits need no
hand-over. Where the timeline has forgotten events, everything here is about what happened since `known_since`."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

from streams.core.campaigns.local_time import day
from streams.core.events import COUNTED, Event
from streams.core.identifiers import is_anonymous
from streams.core.platforms import object_at, platform_of, text_at
from streams.core.profile import Profile
from streams.core.resolution import TICKS
from streams.core.tables import Entry
from streams.core.values import Json

SESSION = 30 * 60_000
"""Inactivity that ends a session: an event this long after the last one begins the next."""
NO_VISITS = frozenset({"ad_server", "crm", "email"})
"""Platforms that somebody is reached or recorded on without visiting us: no sessions, days or moves come of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One event as a point of contact. campaign: `context.campaign` (utm); page, referrer: as the message says."""

    event: str
    event_time: int
    platform: str
    source: str | None
    campaign: Mapping[str, Json] | None
    page: str | None
    referrer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """begins, ends: of its first and last event."""

    begins: int
    ends: int
    events: int
    platforms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How often, and between which event times: a platform, a device, an event name."""

    events: int
    first_seen: int
    last_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """From the platform of one visiting event to another one of the next."""

    origin: str
    to: str
    times: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """identifier: of the device, else its cookie. The rest as stated last, None where it never was."""

    identifier: str
    type: str | None
    manufacturer: str | None
    model: str | None
    os: str | None
    seen: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Basics:
    """Times are epoch ms of event time; `sessions` and all other rows oldest first; `counters` by event name."""

    first_touch: Touch | None
    last_touch: Touch | None
    sessions: tuple[Session, ...]
    visit_days: int
    platforms: dict[str, Seen]
    moves: tuple[Move, ...]
    devices: tuple[Device, ...]
    counters: dict[str, Seen]


def basics(events: Iterable[Event], where: ZoneInfo) -> Basics:
    """Computed over these events, in any order, each given once. Days are those of the time zone `where`. `alias` and
    `group` do not count as events."""
    timed = sorted((e for e in events if e.kind in COUNTED), key=lambda e: (e.event_time, e.arrival))
    visiting = [event for event in timed if platform_of(event) not in NO_VISITS]
    return Basics(
        first_touch=_touch(timed[0]) if timed else None, last_touch=_touch(timed[-1]) if timed else None,
        sessions=tuple(_sessions(visiting)), visit_days=len({day(event.event_time, where) for event in visiting}),
        platforms=_grouped((platform_of(event), event) for event in timed), moves=_moves(visiting),
        devices=_devices(timed), counters=_grouped((event.name, event) for event in timed))


def known_since(profile: Profile, entries: Sequence[Entry]) -> int | None:
    """The event time from which on `entries`, the profile's timeline, has every event; None if it forgot none.

    A fragment loses its oldest arrivals, and nothing arrives before it happens. So whatever is missing happened before the
    oldest entry that is there arrived, or, if none is there, no later than the fragment's last event."""
    held = Counter(entry.fragment for entry in entries)
    oldest: dict[str, int] = {}
    for entry in entries:
        oldest.setdefault(entry.fragment, entry.arrival >> TICKS)
    return max((oldest.get(key, fragment.last_seen) + 1 for key, fragment in profile.fragments.items()
                if fragment.events > held[key]), default=None)


def _touch(event: Event) -> Touch:
    page = object_at(event.context, "page")
    shown = page or (event.properties if event.kind == "page" else {})
    return Touch(
        event=event.name, event_time=event.event_time, platform=platform_of(event), source=event.source or None,
        campaign=object_at(event.context, "campaign") or None, page=text_at(shown, "path") or text_at(shown, "url"),
        referrer=text_at(shown, "referrer") or text_at(object_at(event.context, "referrer"), "url"))


def _sessions(visiting: list[Event]) -> list[Session]:
    found: list[Session] = []
    for event in visiting:
        moment, platform = event.event_time, platform_of(event)
        if not found or moment - found[-1].ends >= SESSION:
            found.append(Session(begins=moment, ends=moment, events=1, platforms=(platform,)))
            continue
        last = found[-1]
        platforms = last.platforms if platform in last.platforms else (*last.platforms, platform)
        found[-1] = replace(last, ends=moment, events=last.events + 1, platforms=platforms)
    return found


def _moves(visiting: list[Event]) -> tuple[Move, ...]:
    found: dict[tuple[str, str], Move] = {}
    for before, event in pairwise(visiting):
        way = origin, to = platform_of(before), platform_of(event)
        if origin != to:
            times = found[way].times + 1 if way in found else 1
            found[way] = Move(origin=origin, to=to, times=times, last=event.event_time)
    return tuple(found.values())


def _grouped(pairs: Iterable[tuple[str, Event]]) -> dict[str, Seen]:
    """In order of event time."""
    found: dict[str, Seen] = {}
    for name, event in pairs:
        known = found.get(name)
        found[name] = Seen(events=known.events + 1 if known else 1, last_seen=event.event_time,
                           first_seen=known.first_seen if known else event.event_time)
    return found


def _devices(timed: list[Event]) -> tuple[Device, ...]:
    named = [(next(filter(is_anonymous, event.identifiers), None), event) for event in timed]
    found = _grouped((identifier, event) for identifier, event in named if identifier)
    stated: dict[str, dict[str, str]] = {identifier: {} for identifier in found}
    for identifier, event in named:
        if identifier:
            stated[identifier].update(_description(event))
    return tuple(
        Device(identifier=i, seen=seen, type=stated[i].get("type"), manufacturer=stated[i].get("manufacturer"),
               model=stated[i].get("model"), os=stated[i].get("os")) for i, seen in found.items())


def _description(event: Event) -> dict[str, str]:
    device, os = object_at(event.context, "device"), object_at(event.context, "os")
    said = {name: text_at(device, name) for name in ("type", "manufacturer", "model")}
    named = " ".join(part for part in (text_at(os, "name"), text_at(os, "version")) if part)
    said["os"] = named or text_at(object_at(event.context, "userAgentData"), "platform")
    return {name: text for name, text in said.items() if text}
