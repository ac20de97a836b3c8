"""Ends a profile: every exit is told, channels take back what they have, and the rows go.

The one place that deletes what belongs to a profile, so expiry and erasure cannot differ in what they leave behind."""
from __future__ import annotations

from streams.core import campaigns, telling
from streams.core.context import Context
from streams.core.copies import forget_copies
from streams.core.messages import Sent
from streams.core.outputs import ProfileGone
from streams.core.profile import DUE, Profile, home
from streams.core.segments.evaluate import Crossing
from streams.core.tables import EVENTS, EXPIRY, MESSAGES, RULE, VIEW, Tables


def forget(context: Context, profile: Profile, at: int, cause: str, because: str) -> list[Sent]:
    """An `exited` a segment, an `exited` a display audience (of paused campaigns too), tombstones on
    `audiences.memberships` and `profiles`; afterwards no table of this task has a row of the profile.

    Memory of copies that a pointer keeps, and what other homes know of the profile's identifiers, is the caller's."""
    sends = farewell(context, profile, at, cause, because)
    remove(context.tables, profile)
    return sends


def farewell(context: Context, profile: Profile, at: int, cause: str, because: str) -> list[Sent]:
    """What the world is told; the rows stay for now. Campaigns do not react: nobody gets a message because they are
    forgotten."""
    crossings = [Crossing(segment, version, False, because)
                 for segment, (version, _, _) in sorted(profile.members.items())]
    profile.members.clear()
    sends = telling.lines(profile, crossings, cause, at) + campaigns.take_everything_back(context, profile, at, because)
    return [*sends, ProfileGone(profile.profile_id, cause)]


def disarm(tables: Tables, profile: Profile) -> None:
    """No timer is left that names the profile, nor a field that says so; the caller writes or deletes the row."""
    if profile.timer_at:
        tables.timers.disarm(profile.timer_at, RULE, profile.key)
    if profile.view_due:
        tables.timers.disarm(profile.view_due, VIEW, profile.key)
    if profile.expiry:
        tables.timers.disarm(profile.expiry[DUE], EXPIRY, profile.key)
    if profile.aging:
        tables.timers.disarm(profile.aging[DUE], EVENTS, profile.key)
    if profile.recall:
        tables.timers.disarm(profile.recall[DUE], MESSAGES, profile.key)
    profile.timer_at, profile.view_due, profile.expiry, profile.aging, profile.recall = 0, 0, [], [], []


def remove(tables: Tables, profile: Profile) -> None:
    """No table of this task has a row of the profile."""
    disarm(tables, profile)
    forget_copies(profile, home(profile.key), tables.chunks)
    tables.timeline.replace(profile.key, [])
    tables.profiles.delete(profile.key)
