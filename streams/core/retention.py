"""Lets go of events that have been kept long enough, whoever's they are.

By arrival instead of event time: old events that come late or are replayed are kept as long as others, and the timeline is
in that order, so dropping the oldest reads nothing else. Windows, counters, traits and consent need no events and stay; only
what is built anew reaches back no further.

The oldest event of a profile goes at its very millisecond, and what arrived within `TOGETHER` after it goes along: otherwise
a busy profile would be rewritten for each of its events."""
from __future__ import annotations

from streams.core.context import Context
from streams.core.intervals import DAY_MS
from streams.core.messages import Sent
from streams.core.profile import DUE, PERIOD, Profile
from streams.core.resolution import TICKS
from streams.core.tables import EVENTS

TOGETHER = DAY_MS
"""ms by which an event may go before its time, because an older one of the profile goes."""


def watch(context: Context, profile: Profile, arrival: int | None = None) -> None:
    """Sees that a timer fires when the oldest event is to go. arrival: of the oldest event that came; None where events may
    have gone, or the definition has changed, and the timeline is asked."""
    kept, timers = context.plan.definitions.events_expire_after, context.tables.timers
    if arrival is None:
        arrival = context.tables.timeline.oldest(profile.key) if kept is not None else None
        _disarm(context, profile)
    if kept is None or arrival is None:
        return
    due = (arrival >> TICKS) + kept
    if not profile.aging or due < profile.aging[DUE]:
        _disarm(context, profile)
        profile.aging = [due, kept]
        timers.arm(due, EVENTS, profile.key)
        context.tables.profiles.put(profile.key, profile)


def redefined(context: Context, profile: Profile) -> None:
    """A revision may keep events for another time than before."""
    if context.plan.definitions.events_expire_after != (profile.aging[PERIOD] if profile.aging else None):
        watch(context, profile)


def due(context: Context, key: str, at: int) -> list[Sent]:
    """The timer: lets go of what has been kept long enough. `at`: the instant it was armed for, however late it fires."""
    profile, kept = context.tables.profiles.get(key), context.plan.definitions.events_expire_after
    if not isinstance(profile, Profile):
        return []
    profile.aging = []
    context.tables.profiles.put(key, profile)
    oldest = context.tables.timeline.oldest(key)
    if kept is not None and oldest is not None and (oldest >> TICKS) + kept <= at:
        gone = context.tables.timeline.forget(key, (at - kept + TOGETHER) << TICKS)
        note(profile, [max(entry.received_at for entry in gone), gone[-1].arrival])
    watch(context, profile)
    return []


def note(profile: Profile, forgotten: list[int]) -> None:
    """Keep receipt and arrival of the newest event that is no longer in the timeline, see `expiry`."""
    profile.forgotten = [max(pair) for pair in zip(profile.forgotten or forgotten, forgotten, strict=True)]


def _disarm(context: Context, profile: Profile) -> None:
    if profile.aging:
        context.tables.timers.disarm(profile.aging[DUE], EVENTS, profile.key)
        profile.aging = []
        context.tables.profiles.put(profile.key, profile)
