"""Everything known of a person, for the person: the answer to a request for access.

More than the 360 view: each trait and consent with where and when it was stated, superseded ones too, what channels were
told, and the events as they came."""
from __future__ import annotations

from collections.abc import Callable

from streams.core.precedence import statements
from streams.core.profile import Fragment, Profile
from streams.core.segments.plan import Plan
from streams.core.tables import Entry
from streams.core.values import Json
from streams.task.views import view


def everything(
    plan: Plan, profile: Profile, entries: list[Entry], read: Callable[[bytes], Json], at: int,
) -> dict[str, Json]:
    """As plain JSON. `entries`: the profile's timeline; `read`: a message's bytes as the Segment message they are.

    Times are epoch ms. Events that the timeline has forgotten are counted in `events` and listed nowhere."""
    return {
        "profile": view(plan, profile, at),
        "traits": [row for f in profile.fragments.values() for row in _traits(f)],
        "consent": [row for f in profile.fragments.values() for row in _consent(f)],
        "told": sorted(key for key in profile.told if not key.startswith("#")),
        "events": [{"event_time": e.event_time, "received_at": e.received_at, "identifiers": list(e.identifiers),
                    "message": read(e.raw)} for e in entries],
    }


def _traits(fragment: Fragment) -> list[dict[str, Json]]:
    return [{"name": name, "value": value, "event_time": event_time, "source": source or None,
             "stated_by": fragment.identifier}
            for name in sorted(fragment.traits) for value, event_time, _, source, *_ in statements(fragment, name)]


def _consent(fragment: Fragment) -> list[dict[str, Json]]:
    return [{"purpose": purpose, "granted": granted, "event_time": event_time, "source": source or None,
             "stated_by": fragment.identifier}
            for purpose, (granted, event_time, _, source) in sorted(fragment.consent.items())]
