"""E-mail and SMS: one message for each membership that triggers, to the address that was seen last.

A trigger is decided at once: a message, the reason for none, or a wait for the end of quiet hours. What waited is
decided anew when it is due, by what is true then.
"""
from __future__ import annotations

from dataclasses import dataclass

from streams.core.campaigns import caps, holding
from streams.core.campaigns.activations import activation
from streams.core.campaigns.content import content
from streams.core.campaigns.holding import Held
from streams.core.campaigns.local_time import quiet_until, zone_of
from streams.core.campaigns.permission import may_activate
from streams.core.campaigns.reach import ADDRESS
from streams.core.campaigns.splitting import CONTROL, channels_of, variant_of
from streams.core.campaigns.told import answer_key
from streams.core.context import Context
from streams.core.definitions import Campaign, Channel, Trigger
from streams.core.errors import Rejected
from streams.core.events import Event
from streams.core.identifiers import namespace_of
from streams.core.messages import Sent, Suppressed, Unrenderable
from streams.core.profile import Profile

OLDEST_REPLAYED = 86_400_000


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a message is due: `kind` is entered, exited or each; the deciding event, if there was one."""

    kind: Trigger
    because: str
    event: Event | None


def messages(context: Context, profile: Profile, campaign: Campaign, at: int, occasion: Occasion) -> list[Sent]:
    """What this trigger sends now, a message or the reason for none a channel; nothing for what waits."""
    sends: list[Sent] = []
    for channel in channels_of(profile, campaign):
        if channel.name in ADDRESS and not _is_answered(profile, campaign, channel):
            sends += _decide(context, profile, campaign, channel, at, occasion)
    return sends


def answer(profile: Profile, campaign: Campaign) -> None:
    """The membership was another profile's before: it is told to nobody."""
    for channel in campaign.channels:
        if channel.name in ADDRESS:
            _is_answered(profile, campaign, channel)


def undo(profile: Profile, segment: str, at: int, *, entered: bool) -> list[Sent]:
    """What waits for the end of quiet hours has lost its occasion by a change the other way."""
    reason = "entered again while held" if entered else "left the segment while held"
    sends: list[Sent] = []
    for row in holding.take_reversed(profile, segment, entered=entered):
        profile.told.pop(answer_key(row.campaign, row.channel), None)
        sends.append(Suppressed(row.campaign, row.channel, profile.profile_id, reason, at))
    return sends


def release(context: Context, profile: Profile, live: dict[str, Campaign], at: int) -> list[Sent]:
    """Decide anew what is due, the strongest campaign first."""
    sends: list[Sent] = []
    due = holding.take_due(profile, at)
    for row in sorted(due, key=lambda row: (live[row.campaign].priority if row.campaign in live else 0, row.campaign)):
        campaign = live.get(row.campaign)
        channel = next((c for c in channels_of(profile, campaign) if c.name == row.channel), None) if campaign else None
        is_member = row.segment in profile.members
        if campaign is None or channel is None:
            profile.told.pop(answer_key(row.campaign, row.channel), None)
            sends.append(Suppressed(row.campaign, row.channel, profile.profile_id, "campaign not live when due", at))
        elif is_member is (row.kind is Trigger.EXITED):
            sends.append(Suppressed(row.campaign, row.channel, profile.profile_id, "left the segment while held", at))
        else:
            occasion = Occasion(row.kind, row.because, _event(context, profile, row))
            sends += _decide(context, profile, campaign, channel, at, occasion)
    return sends


def latest(profile: Profile, namespace: str) -> str | None:
    """The person's identifier of that namespace that was seen most recently."""
    best: tuple[int, str] | None = None
    for fragment in profile.fragments.values():
        for identifier, seen in fragment.identifiers.items():
            if identifier in profile.identifiers and namespace_of(identifier) == namespace:
                best = max(best or (seen[1], identifier), (seen[1], identifier))
    return best[1] if best else None


def _decide(
    context: Context, profile: Profile, campaign: Campaign, channel: Channel, at: int, occasion: Occasion,
) -> list[Sent]:
    identifier = latest(profile, ADDRESS[channel.name])
    is_control = variant_of(profile, campaign) is CONTROL
    reason = "control group" if is_control else _refusal(profile, channel, identifier, occasion.event, at)
    until = None if reason else quiet_end(profile, campaign, at)
    if until is not None:
        arrival = occasion.event.arrival if occasion.event else 0
        row = Held(until, campaign.id, channel.name, occasion.kind, campaign.segment, occasion.because, arrival)
        if holding.hold(profile, row):
            return []
        reason = f"quiet hours, and {holding.MOST} messages wait already"
    reason = reason or caps.reached(profile, campaign, channel.name, at)
    if reason or identifier is None:
        return [Suppressed(campaign.id, channel.name, profile.profile_id, reason, at)]
    try:
        said = content(context, profile, channel, occasion.event, at)
    except Rejected as fault:
        return [Unrenderable(campaign.id, channel.name, profile.profile_id, fault.reason, occasion.because, at)]
    caps.count(profile, campaign, channel.name, at)
    return [activation(profile, campaign, channel, identifier, "message", at, occasion.because, said)]


def _is_answered(profile: Profile, campaign: Campaign, channel: Channel) -> bool:
    """One message for each membership, whatever happens to campaign and definitions meanwhile."""
    member = profile.members.get(campaign.segment)
    if campaign.trigger is Trigger.EACH or member is None:
        return False
    key = answer_key(campaign.id, channel.name)
    if profile.told.get(key) == [member[1]]:
        return True
    profile.told[key] = [member[1]]
    return False


def quiet_end(profile: Profile, campaign: Campaign, at: int) -> int | None:
    """When the quiet hours that `at` lies in end for this person; None if it lies in none."""
    hours = campaign.quiet_hours
    if hours is None:
        return None
    stranger = Profile("", "")
    return quiet_until(hours, zone_of(profile if hours.is_local else stranger, hours.time_zone), at)


def _event(context: Context, profile: Profile, row: Held) -> Event | None:
    """The deciding event of a held message, as the timeline has it."""
    entries = context.tables.timeline.entries(profile.key) if row.arrival else []
    return next((context.reread(entry) for entry in entries if entry.arrival == row.arrival), None)


def _refusal(profile: Profile, channel: Channel, identifier: str | None, event: Event | None, at: int) -> str:
    if identifier is None:
        return f"no {ADDRESS[channel.name]} known"
    permission = may_activate(profile, channel.purpose, channel.name, identifier, at)
    if not permission.is_given:
        return permission.basis
    if event is not None and event.is_replayed and at - event.event_time > OLDEST_REPLAYED:
        return "replayed event older than 24 h"
    return ""
