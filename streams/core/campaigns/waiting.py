"""Events for campaigns that answer `each`, while their profile waits for another's fragments.

Answered once all have come, because the address, the consent and the membership that count may be on their way. Only
which events they are is kept: the events themselves are in the timeline, which travels with its profile.
"""
from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from streams.core.campaigns.addressing import ADDRESS
from streams.core.campaigns.reacting import event_happened, live
from streams.core.context import Context
from streams.core.events import COUNTED, Event
from streams.core.messages import Sent
from streams.core.outputs import Suppressed
from streams.core.profile import Profile
from streams.core.segments.matching import matches_any

MOST = 1_000
"""Events of one profile. A hand-over takes a few messages' time; more come only from a replay or a bot."""


def postpone(context: Context, profile: Profile, event: Event, at: int) -> list[Sent]:
    """Note an event that a live campaign answers. Beyond `MOST` it is answered at once, by the reason for no message."""
    wanted = [campaign for campaign in live(context, at)
              if event.kind in COUNTED and matches_any(campaign.each, event.name)]
    if not wanted:
        return []
    if len(profile.waiting) < MOST:
        profile.waiting.append([event.arrival, event.is_replayed])
        return []
    reason = f"profile handed over, and {MOST:,} events wait already"
    return [Suppressed(campaign.id, channel.name, profile.profile_id, reason, at)
            for campaign in wanted for channel in campaign.channels if channel.name in ADDRESS]


def answer_waiting(context: Context, profile: Profile, at: int) -> list[Sent]:
    """The hand-over is complete: answer what came meanwhile, in order of arrival."""
    if not profile.waiting:
        return []
    waiting, profile.waiting = sorted(profile.waiting), []
    entries = {entry.arrival: entry for entry in context.tables.timeline.entries(profile.key)}
    sends: list[Sent] = []
    for arrival, is_replayed in waiting:
        if arrival in entries:
            event = replace(context.reread(entries[arrival]), is_replayed=is_replayed)
            sends += event_happened(context, profile, event, at)
    return sends


def give_waiting(profile: Profile, arrivals: Collection[int]) -> list[list[int]]:
    """Take off those of these events that are another profile's now: that one answers them."""
    given, kept = list[list[int]](), list[list[int]]()
    for arrival, is_replayed in profile.waiting:
        (given if arrival in arrivals else kept).append([arrival, is_replayed])
    profile.waiting = kept
    return given
