"""The 360 view of a profile, of what is at hand with it."""
from __future__ import annotations

from streams.core.computed import consent_state, trait_values
from streams.core.profile import Profile
from streams.core.segments.plan import Plan
from streams.core.values import Json


def view(plan: Plan, profile: Profile, at: int) -> dict[str, Json]:
    """The 360 view of a profile, fields as topic `profiles`; times in ms."""
    fragments = profile.fragments.values()
    seen, never = _sightings(profile), [profile.now, profile.now, "", 0]
    return {
        "profile_id": profile.profile_id,
        "identifiers": [_identifier(each, seen.get(each, never)) for each in sorted(profile.identifiers)],
        "traits": trait_values(plan, profile, at), "consent": consent_state(profile),
        "segments": [{"id": segment, "since": since, "because": because}
                     for segment, (_, since, because) in sorted(profile.members.items())],
        "events": sum(f.events for f in fragments),
        "first_seen": min((f.first_seen for f in fragments), default=profile.now),
        "last_seen": max((f.last_seen for f in fragments), default=profile.now), "at": at,
    }


def _sightings(profile: Profile) -> dict[str, list[Json]]:
    """As `Fragment.identifiers`, over all fragments."""
    found: dict[str, list[Json]] = {}
    for fragment in profile.fragments.values():
        for identifier, seen in fragment.identifiers.items():
            found[identifier] = _together(found[identifier], seen) if identifier in found else seen
    return found


def _together(one: list[Json], other: list[Json]) -> list[Json]:
    (first, *last), (other_first, *other_last) = one, other
    return [min(first, other_first), *max(last, other_last, key=_when)]


def _when(last: list[Json]) -> tuple[int, int]:
    """Event time and arrival of a last sighting."""
    event_time, _, arrival = last
    return event_time, arrival


def _identifier(identifier: str, sighting: list[Json]) -> Json:
    first_seen, last_seen, source, _ = sighting
    return {"identifier": identifier, "first_seen": first_seen, "last_seen": last_seen, "source": source or None}
