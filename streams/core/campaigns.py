"""From a change of membership to activations: channel, identifier, consent of this very moment, content.

Display audiences are states: what a channel was told about an identifier is kept, and only the difference goes
out. E-mail and SMS are messages: one for each membership that triggers, to the address used last. Either way
consent is asked now; missing is no.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

from streams.core.computed import consent_state, trait_values
from streams.core.context import Context
from streams.core.definitions import Campaign, Channel, Status, Trigger
from streams.core.errors import Rejected
from streams.core.evaluate import Change
from streams.core.events import Event
from streams.core.identifiers import namespace_of
from streams.core.messages import Activation, MembershipsNow, Sent, Suppressed
from streams.core.profile import Profile

ADVERTISING = "personalised-ads"
"""The purpose that lets an identifier's segments be read by ad servers on `audiences.memberships`."""
DISPLAY = frozenset({"cookie", "device_id", "device_ad_id"})
ADDRESS = {"email": "email", "sms": "phone"}
MEMBERSHIPS = "memberships"
OLDEST_REPLAYED = 86_400_000


def memberships_changed(
    context: Context, profile: Profile, changes: Sequence[Change], cause: str, at: int, event: Event | None,
) -> list[Sent]:
    """The records per identifier and every live campaign's reaction to these changes."""
    sends = _memberships_now(profile, at)
    if not context.plan.definitions.campaigns:
        return sends
    by_segment = {change.segment_id: change for change in changes}
    for campaign in live(context, at):
        change = by_segment.get(campaign.segment)
        if change is None:
            continue
        sends += _display(profile, campaign, at, change.because)
        if change.entered and change.segment_id in profile.inherited:
            _mark_all(profile, campaign)
        elif _triggers(campaign, change):
            sends += _messages(context, profile, campaign, at, change.because, event)
    return sends


def consent_changed(context: Context, profile: Profile, at: int) -> list[Sent]:
    """Consent given or withdrawn: audiences and records follow at once; no message is caught up on."""
    sends = _memberships_now(profile, at)
    for campaign in live(context, at):
        sends += _display(profile, campaign, at, "consent changed")
    return sends


def identifiers_changed(context: Context, profile: Profile, at: int) -> list[Sent]:
    """A cookie or device more or less: it joins or leaves the audiences of the person."""
    sends = _memberships_now(profile, at)
    for campaign in live(context, at):
        sends += _display(profile, campaign, at, "identifier attached")
    return sends


def event_happened(context: Context, profile: Profile, event: Event, at: int) -> list[Sent]:
    """Campaigns that answer each event of a name, while the person is in their segment."""
    sends: list[Sent] = []
    for campaign in live(context, at):
        if campaign.trigger is Trigger.EACH and campaign.each == event.name and campaign.segment in profile.members:
            sends += _messages(context, profile, campaign, at, f"{event.name} [message {event.message_id}]", event)
    return sends


def catch_up(context: Context, profile: Profile, at: int) -> list[Sent]:
    """Bring what channels know in line with the definitions in force: who is in the segment of a campaign that
    went live is activated, what ended or was deleted is taken back."""
    sends = _memberships_now(profile, at)
    campaigns = tuple(live(context, at))
    for campaign in campaigns:
        member = profile.members.get(campaign.segment)
        sends += _display(profile, campaign, at, "campaign live")
        if member and campaign.trigger in (Trigger.ENTERED, Trigger.BOTH):
            sends += _messages(context, profile, campaign, at, member[2], None)
    return sends + _take_back(context, profile, at)


def live(context: Context, at: int) -> Iterator[Campaign]:
    """Campaigns that act at this instant."""
    for campaign in context.plan.definitions.campaigns:
        if campaign.status is Status.LIVE and (campaign.starts is None or at >= campaign.starts) and (
                campaign.ends is None or at < campaign.ends):
            yield campaign


def hand_over(profile: Profile, identifier: str) -> dict[str, list[Any]]:
    """What channels were told about an identifier that is another's now; this profile forgets it."""
    keys = [key for key in profile.told if _identifier(key) == identifier or key.startswith(f"#{identifier}|")]
    return {key: profile.told.pop(key) for key in keys}


def _identifier(key: str) -> str | None:
    """The identifier of a key `campaign|channel|identifier` or `memberships|identifier` of what was told."""
    if key.startswith(f"{MEMBERSHIPS}|"):
        return key.partition("|")[2]
    parts = key.split("|", 2)
    return parts[2] if len(parts) == 3 and not key.startswith("#") else None


def _triggers(campaign: Campaign, change: Change) -> bool:
    wanted = (Trigger.ENTERED, Trigger.BOTH) if change.entered else (Trigger.EXITED, Trigger.BOTH)
    return campaign.trigger in wanted


def _memberships_now(profile: Profile, at: int) -> list[Sent]:
    """The compacted record of each identifier; it is there only while advertising is consented to."""
    permitted = consent_state(profile).get(ADVERTISING, False)
    if not permitted and not any(key.startswith(MEMBERSHIPS) for key in profile.told):
        return []
    segments = sorted(profile.members) if permitted else []
    sends: list[Sent] = []
    for identifier in sorted(profile.identifiers):
        key = f"{MEMBERSHIPS}|{identifier}"
        told = profile.told.get(key)
        if segments and told != segments:
            profile.told[key] = segments
            sends.append(MembershipsNow(identifier, segments, at))
        elif not segments and told is not None:
            del profile.told[key]
            sends.append(MembershipsNow(identifier, None, at))
    return sends


def _display(profile: Profile, campaign: Campaign, at: int, because: str) -> list[Sent]:
    """The difference between who should be in the audience and what the channel was told."""
    sends: list[Sent] = []
    for channel in campaign.channels:
        if channel.name in ADDRESS:
            continue
        member = campaign.segment in profile.members and consent_state(profile).get(channel.purpose, False)
        for identifier in sorted(profile.identifiers):
            key = f"{campaign.id}|{channel.name}|{identifier}"
            if namespace_of(identifier) not in DISPLAY or member == (key in profile.told):
                continue
            if member:
                profile.told[key] = [campaign.segment, channel.purpose]
            else:
                del profile.told[key]
            sends.append(_activation(profile, campaign, channel, identifier, "entered" if member else "exited",
                                     at, because, dict(channel.content)))
    return sends


def _take_back(context: Context, profile: Profile, at: int) -> list[Sent]:
    """Audiences of campaigns that ended or are defined no more are emptied; paused ones are left alone."""
    definitions = {campaign.id: campaign for campaign in context.plan.definitions.campaigns}
    sends: list[Sent] = []
    for key in [key for key in profile.told if _identifier(key) and not key.startswith(MEMBERSHIPS)]:
        campaign_id, name, identifier = key.split("|", 2)
        campaign = definitions.get(campaign_id)
        if campaign is not None and (campaign.ends is None or at < campaign.ends):
            continue
        segment, purpose = profile.told.pop(key)
        gone = campaign or Campaign(id=campaign_id, segment=segment)
        channel = Channel(name=name, purpose=purpose)
        sends.append(_activation(profile, gone, channel, identifier, "exited", at, "campaign ended", {}))
    return sends


def _mark_all(profile: Profile, campaign: Campaign) -> None:
    for channel in campaign.channels:
        if channel.name in ADDRESS:
            profile.told[f"{campaign.id}|{channel.name}"] = [profile.members[campaign.segment][1]]


def _messages(
    context: Context, profile: Profile, campaign: Campaign, at: int, because: str, event: Event | None,
) -> list[Sent]:
    sends: list[Sent] = []
    for channel in campaign.channels:
        if channel.name not in ADDRESS or _is_told(profile, campaign, channel):
            continue
        identifier = latest(profile, ADDRESS[channel.name])
        reason = _refusal(profile, channel, identifier, event, at)
        if reason or identifier is None:
            sends.append(Suppressed(campaign.id, channel.name, profile.profile_id, reason, at))
            continue
        try:
            content = _content(context, profile, channel, event, at)
        except Rejected as fault:
            sends.append(Suppressed(campaign.id, channel.name, profile.profile_id, f"template: {fault.reason}", at))
            continue
        sends.append(_activation(profile, campaign, channel, identifier, "message", at, because, content))
    return sends


def _is_told(profile: Profile, campaign: Campaign, channel: Channel) -> bool:
    """One message for each membership, whatever happens to campaign and definitions meanwhile."""
    member = profile.members.get(campaign.segment)
    if campaign.trigger is Trigger.EACH or member is None:
        return False
    key = f"{campaign.id}|{channel.name}"
    if profile.told.get(key) == [member[1]]:
        return True
    profile.told[key] = [member[1]]
    return False


def _refusal(profile: Profile, channel: Channel, identifier: str | None, event: Event | None, at: int) -> str:
    if identifier is None:
        return f"no {ADDRESS[channel.name]} known"
    state = consent_state(profile).get(channel.purpose)
    if not state:
        return f"no consent for {channel.purpose}" if state is None else f"consent for {channel.purpose} withdrawn"
    if event is not None and event.is_replayed and at - event.event_time > OLDEST_REPLAYED:
        return "replayed event older than 24 h"
    return ""


def latest(profile: Profile, namespace: str) -> str | None:
    """The person's identifier of that namespace that was seen most recently."""
    best: tuple[int, str] | None = None
    for fragment in profile.fragments.values():
        for identifier, seen in fragment.identifiers.items():
            if identifier in profile.identifiers and namespace_of(identifier) == namespace:
                best = max(best or (seen[1], identifier), (seen[1], identifier))
    return best[1] if best else None


def _content(
    context: Context, profile: Profile, channel: Channel, event: Event | None, at: int,
) -> dict[str, Any]:
    traits = trait_values(context.plan, profile, at)
    happened = {"name": event.name, "properties": dict(event.properties)} if event else {}
    known: dict[str, Any] = {**traits, "profile": {"id": profile.profile_id, "traits": traits}, "event": happened}
    return {name: context.render(name, text, known) if isinstance(text, str) else text
            for name, text in channel.content}


def _activation(
    profile: Profile, campaign: Campaign, channel: Channel, identifier: str, change: str, at: int, because: str,
    content: dict[str, Any],
) -> Activation:
    counter = f"#{identifier}|{campaign.segment}"
    sequence = profile.told.get(counter, [0])[0] + 1
    profile.told[counter] = [sequence]
    version = profile.members.get(campaign.segment, [0])[0]
    parts = (campaign.id, channel.name, identifier, campaign.segment, str(sequence), change, str(at))
    return Activation(
        blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest(), channel.name, campaign.id, campaign.segment,
        version, change, sequence, profile.profile_id, identifier, at, campaign.ends, channel.purpose,
        f"{channel.purpose}: granted" if change != "exited" else "removal", content, because)
