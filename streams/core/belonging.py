"""Whose profile is whose: profiles begin here, and say which identifiers and events are their own."""
from __future__ import annotations

from streams.core.context import Context
from streams.core.events import Event
from streams.core.intervals import BEGINNING
from streams.core.profile import ENDED, LINKED, LONE, Profile, home
from streams.core.tables import Tables


def begin(context: Context, key: str, created: int) -> Profile:
    """A profile that owns nothing but the identifier it is named after."""
    profile = Profile(key, context.profile_id(key), created)
    profile.identifiers[home(key)] = [0, BEGINNING]
    context.tables.profiles.put(key, profile)
    return profile


def begin_decided(context: Context, key: str, created: int) -> Profile:
    """A profile that the sequencer knows of. It owns nothing yet: that comes with the decision."""
    profile = begin(context, key, created)
    profile.identifiers.clear()
    profile.standing = LINKED
    return profile


def own_profile(tables: Tables, identifier: str) -> Profile | None:
    """The profile that is named after the identifier and still has it, at the identifier's home."""
    row = tables.profiles.get(identifier)
    return row if isinstance(row, Profile) and is_own(row, identifier) else None


def is_own(profile: Profile, identifier: str) -> bool:
    """Whether the profile is named after the identifier and still has it: a split or a move may leave it the name only."""
    return profile.key == identifier in profile.identifiers


def is_known(profile: Profile, event: Event) -> bool:
    """Whether all identifiers that the event names are this profile's, as of the event's time."""
    if profile.standing in ENDED:
        return False
    identifiers, moment = profile.identifiers, event.event_time
    for identifier in event.identifiers:
        owned = identifiers.get(identifier)
        if owned is None:
            return False
        _, since = owned
        if since > moment:
            return False
    return True


def mark_linked(tables: Tables, profile: Profile) -> int:
    """Note that the sequencer is about to hear of a lone profile, which must not end on its own from now on. Returns when it
    was created."""
    if profile.standing == LONE:
        profile.standing = LINKED
        tables.profiles.put(profile.key, profile)
    return profile.created
