"""E-mail and SMS: one message for each membership that triggers, to the address that was seen last.

A trigger is decided at once: a message, the reason for none, or a wait for the end of quiet hours or for a cap to free.
What waited is decided anew when it is due, by what is true then, for as long as the message is valid.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from streams.core.campaigns import caps, holding
from streams.core.campaigns.activations import Cause, Recipient, activation, version_of
from streams.core.campaigns.addressing import ADDRESS
from streams.core.campaigns.content import content
from streams.core.campaigns.holding import HeldMessage
from streams.core.campaigns.local_time import quiet_until, zone_named, zone_of
from streams.core.campaigns.permission import may_activate
from streams.core.campaigns.told import SENT, answer, answer_key, forget_answer, note_answer
from streams.core.campaigns.variants import CONTROL, channels_of, variant_of
from streams.core.context import Context
from streams.core.definitions import Campaign, Channel, Trigger
from streams.core.errors import Rejected
from streams.core.events import Event
from streams.core.identifiers import namespace_of
from streams.core.intervals import DAY_MS, FOREVER
from streams.core.messages import Sent
from streams.core.outputs import Suppressed, Unrenderable
from streams.core.profile import Profile

OLDEST_REPLAYED = DAY_MS
REENTERED, LEFT = "entered again while held", "left the segment while held"
STRAYED = "its campaign got another segment while held"


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a message is due: `kind` is entered, exited or each; `since` when; the deciding event, if there was one."""

    kind: Trigger
    because: str
    event: Event | None
    since: int


def messages(context: Context, profile: Profile, campaign: Campaign, at: int, occasion: Occasion) -> list[Sent]:
    """What this trigger sends now: per channel a message or the reason for none, and nothing for what waits."""
    sends: list[Sent] = []
    for channel in channels_of(profile, campaign):
        if channel.name in ADDRESS and _claim_answer(profile, campaign, channel):
            sends += _Decision(context, profile, campaign, channel, occasion, at).outcome()
    return sends


def undo(profile: Profile, segment: str, at: int, *, entered: bool) -> list[Sent]:
    """A change the other way has undone the occasion of messages that wait: they are dropped."""
    reason = REENTERED if entered else LEFT
    sends: list[Sent] = []
    for row in holding.take_reversed(profile, segment, entered=entered):
        if not entered:
            forget_answer(profile, row.segment, answer_key(row.campaign, row.channel))
        sends.append(Suppressed(row.campaign, row.channel, profile.profile_id, reason, at))
    return sends


def undo_strayed(context: Context, profile: Profile, at: int) -> list[Sent]:
    """An edit gave campaigns another segment: what waits for the former is dropped. The new one's members are present."""
    segments = {campaign.id: campaign.segment for campaign in context.plan.definitions.campaigns}
    sends: list[Sent] = []
    for row in holding.take_strayed(profile, segments):
        forget_answer(profile, row.segment, answer_key(row.campaign, row.channel))
        sends.append(Suppressed(row.campaign, row.channel, profile.profile_id, STRAYED, at))
    return sends


def release(context: Context, profile: Profile, live: dict[str, Campaign], at: int) -> list[Sent]:
    """Decide again what is due, the strongest campaign first, and of equal ones what was triggered first."""
    strength = {campaign.id: campaign.priority for campaign in live.values()}
    due = holding.take_due(profile, at)
    due.sort(key=lambda row: (strength.get(row.campaign, 0), row.since, row.arrival, row.campaign))
    return [sent for row in due for sent in _release(context, profile, live.get(row.campaign), row, at)]


def _release(context: Context, profile: Profile, campaign: Campaign | None, row: HeldMessage, at: int) -> list[Sent]:
    """`campaign`: the row's, if it is live; if not, the membership is unanswered again, and the next press comes to it."""
    channels = channels_of(profile, campaign) if campaign else ()
    channel = next((each for each in channels if each.name == row.channel), None)
    reason = ""
    if campaign is None or channel is None:
        reason = "campaign not live when due"
        forget_answer(profile, row.segment, answer_key(row.campaign, row.channel))
    elif (row.segment in profile.members) is (row.kind is Trigger.EXITED):
        reason = REENTERED if row.kind is Trigger.EXITED else LEFT
    if has_expired(context, row, at):
        reason = f"expired while held: {row.why}"
    if reason or campaign is None or channel is None:
        return [Suppressed(row.campaign, row.channel, profile.profile_id, reason, at)]
    occasion = Occasion(row.kind, row.because, _event(context, profile, row), row.since)
    return _Decision(context, profile, campaign, channel, occasion, at).outcome()


def has_expired(context: Context, row: HeldMessage, at: int) -> bool:
    """Also asked for a campaign that is not live; one that is no longer defined has no end."""
    defined = (campaign for campaign in context.plan.definitions.campaigns if campaign.id == row.campaign)
    return any(valid_until(campaign, row.since) <= at for campaign in defined)


def valid_until(campaign: Campaign, since: int) -> int:
    """The instant from which a message triggered at `since` may no longer go out."""
    return min(campaign.ends or FOREVER, since + campaign.valid_for if campaign.valid_for else FOREVER)


def waits_for(profile: Profile, campaign: Campaign, channel: str, at: int) -> Iterator[tuple[int, str]]:
    """Each thing that holds a message back at `at`: until when, and its name."""
    if full := caps.reached(profile, campaign, channel, at):
        yield full.until, full.says
    if (end := quiet_end(profile, campaign, at)) is not None:
        yield end, "quiet hours"


def latest(profile: Profile, namespace: str) -> str | None:
    """The person's identifier of that namespace that was seen most recently, by event time, then arrival."""
    found = [
        (last_seen, arrival, identifier) for fragment in profile.fragments.values()
        for identifier, (_, last_seen, _, arrival) in fragment.identifiers.items()
        if identifier in profile.identifiers and namespace_of(identifier) == namespace]
    *_, identifier = max(found, default=(None,))
    return identifier


@dataclass(frozen=True, slots=True)
class _Decision:
    """About one message: to this person, by this channel of the campaign, at the instant `at`."""

    context: Context
    profile: Profile
    campaign: Campaign
    channel: Channel
    occasion: Occasion
    at: int

    def outcome(self) -> list[Sent]:
        """The message, or the reason for none; nothing where it waits."""
        identifier = latest(self.profile, ADDRESS[self.channel.name])
        reason = self._refusal(identifier)
        obstacles = () if reason else waits_for(self.profile, self.campaign, self.channel.name, self.at)
        obstacle = max(obstacles, default=None)
        if obstacle is not None:
            until, why = obstacle
            if self._hold(until, why):
                return []
            reason = f"{why}, and {holding.MOST} messages wait already"
        if reason or identifier is None:
            return [Suppressed(self.campaign.id, self.channel.name, self.profile.profile_id, reason, self.at)]
        return [self._message(identifier)]

    def _refusal(self, identifier: str | None) -> str:
        """Why there is no message, whatever else is true; empty if nothing speaks against it."""
        if variant_of(self.profile, self.campaign) is CONTROL:
            return "control group"
        if identifier is None:
            return f"no {ADDRESS[self.channel.name]} known"
        permission = may_activate(self.profile, self.channel.purpose, identifier)
        if not permission.is_given:
            return permission.why
        event = self.occasion.event
        if event is not None and event.is_replayed and self.at - event.event_time > OLDEST_REPLAYED:
            return "replayed event older than 24 h"
        return ""

    def _hold(self, until: int, why: str) -> bool:
        """Keep it until then, or until it expires. False if the profile holds as many as it may."""
        campaign, occasion = self.campaign, self.occasion
        return holding.hold(self.profile, HeldMessage(
            due=min(until, valid_until(campaign, occasion.since)), campaign=campaign.id, channel=self.channel.name,
            kind=occasion.kind, segment=campaign.segment, because=occasion.because,
            arrival=occasion.event.arrival if occasion.event else 0, since=occasion.since, why=why))

    def _message(self, identifier: str) -> Sent:
        """It counts against the caps, and as this membership's message, unless its template fails."""
        context, profile, campaign, channel = self.context, self.profile, self.campaign, self.channel
        occasion, at = self.occasion, self.at
        try:
            said = content(context, profile, channel, occasion.event, at)
        except Rejected as fault:
            return Unrenderable(campaign.id, channel.name, profile.profile_id, fault.reason, occasion.because, at)
        caps.count(profile, campaign, channel.name, at, context.plan.definitions.campaigns)
        key = answer_key(campaign.id, channel.name)
        if occasion.kind is Trigger.ENTERED and answer(profile, campaign.segment, key) is not None:
            note_answer(profile, campaign.segment, key, SENT)
        to = Recipient(campaign, channel, identifier, version_of(context.plan, profile, campaign.segment))
        told = activation(profile, to, "message", Cause(at, occasion.because, occasion.event), said)
        valid = valid_until(campaign, occasion.since)
        return replace(told, expires_at=valid if valid < FOREVER else None)


def _claim_answer(profile: Profile, campaign: Campaign, channel: Channel) -> bool:
    """Note that this membership has been answered; False if it had been already. Each membership is answered once, whatever
    happens to the campaign and the definitions meanwhile."""
    if campaign.trigger is Trigger.EACH or campaign.segment not in profile.members:
        return True
    key = answer_key(campaign.id, channel.name)
    if answer(profile, campaign.segment, key) is not None:
        return False
    note_answer(profile, campaign.segment, key)
    return True


def quiet_end(profile: Profile, campaign: Campaign, at: int) -> int | None:
    """When the quiet hours that `at` lies in end for this person; None if it lies in none."""
    hours = campaign.quiet_hours
    if hours is None:
        return None
    is_local, named = hours.is_local, hours.time_zone
    return quiet_until(hours, zone_of(profile, named, campaign.zone_sources) if is_local else zone_named(named), at)


def _event(context: Context, profile: Profile, row: HeldMessage) -> Event | None:
    """The deciding event of a held message, as the timeline has it."""
    entries = context.tables.timeline.entries(profile.key) if row.arrival else []
    return next((context.reread(entry) for entry in entries if entry.arrival == row.arrival), None)
