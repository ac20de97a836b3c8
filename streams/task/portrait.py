"""`profile show`: the 360 view, with where everything comes from and what the events tell at a glance.

Reads the whole timeline, unlike the record on `profiles`, which is written on every change from what is at hand."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

from streams.core.basics import basics, known_since
from streams.core.campaigns.addressing import addressed
from streams.core.campaigns.local_time import TIME_ZONE, zone_of
from streams.core.campaigns.permission import may_activate
from streams.core.consent.merging import is_held_back
from streams.core.events import Event
from streams.core.identifiers import namespace_of
from streams.core.platforms import platform_of
from streams.core.precedence import in_force, statements
from streams.core.profile import EVENT_TIME, SOURCE, VALUE, Profile, Statement, newest_statement, when
from streams.core.segments.plan import Plan
from streams.core.tables import Entry
from streams.core.values import Json
from streams.task.views import view

LATEST = 10


def portrait(
    plan: Plan, profile: Profile, entries: Sequence[Entry], reread: Callable[[Entry], Event], at: int, latest: int = LATEST,
) -> dict[str, Json]:
    """As plain JSON: all fields of topic `profiles`, and

    `trait_origins`: trait -> event_time and source of the value, and the newer ones of weaker sources that are `outranked`,
    or `computed`; `purposes`: each statement in force; `channels`: whether each identifier may be addressed now, for every
    channel and purpose of the campaigns; `basics`: see `core.basics`, `since` None while they cover every event;
    `latest_events`: the newest first. `entries`: the profile's timeline. Times are epoch ms."""
    events = [reread(entry) for entry in entries]
    since = known_since(profile, entries)
    zone = zone_of(profile, "UTC", plan.definitions.precedence.of(TIME_ZONE))
    told = asdict(basics((event for event in events if since is None or event.event_time >= since), zone))
    if since is not None:  # the first touch may be among the events that were forgotten
        told["first_touch"] = None
    seen = view(plan, profile, at)
    newest_first = sorted(events, key=lambda event: (event.event_time, event.arrival), reverse=True)
    return {
        **seen, "trait_origins": {name: _origin(plan, profile, name) for name in seen["traits"]},
        "purposes": list(_purposes(profile, seen["consent"])), "channels": list(_channels(plan, profile)),
        "basics": {"since": since, "time_zone": zone.key, **told},
        "latest_events": [_shown(event) for event in newest_first[:latest]],
    }


def _origin(plan: Plan, profile: Profile, name: str) -> dict[str, Json]:
    ruling = in_force(profile, name, plan.definitions.precedence.of(name))
    if name in plan.computed or ruling is None:
        return {"computed": True}
    newer = (each for f in profile.fragments.values() for each in statements(f, name) if when(each) > when(ruling))
    outranked = [{"value": each[VALUE], **_stated(each)} for each in sorted(newer, key=when, reverse=True)]
    return _stated(ruling) | ({"outranked": outranked} if outranked else {})


def _stated(statement: Statement) -> dict[str, Json]:
    return {"event_time": statement[EVENT_TIME], "source": statement[SOURCE] or None}


def _purposes(profile: Profile, consent: dict[str, bool]) -> Iterator[dict[str, Json]]:
    for purpose, is_granted in sorted(consent.items()):
        statement = newest_statement(profile, purpose)
        assert statement is not None
        yield {"purpose": purpose, "granted": is_granted, **_stated(statement),
               "held_back_by_merge": is_held_back(profile, purpose, statement)}


def _channels(plan: Plan, profile: Profile) -> Iterator[dict[str, Json]]:
    used = [channel for campaign in plan.definitions.campaigns for channel in campaign.all_channels]
    asked = {(channel.name, channel.purpose, identifier) for channel in used for identifier in profile.identifiers
             if namespace_of(identifier) in addressed(channel)}
    for name, purpose, identifier in sorted(asked):
        answer = may_activate(profile, purpose, identifier)
        yield {"channel": name, "purpose": purpose, "identifier": identifier, "permitted": answer.is_given,
               "basis": answer.why}


def _shown(event: Event) -> dict[str, Json]:
    return {"event": event.name or event.kind, "event_time": event.event_time, "received_at": event.received_at,
            "platform": platform_of(event), "source": event.source or None, "identifiers": list(event.identifiers),
            "properties": dict(event.properties), "message_id": event.message_id}
