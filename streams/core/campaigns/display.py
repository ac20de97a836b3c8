"""Audiences: the difference between who should be in one and what its channel was told."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from streams.core.campaigns.activations import Cause, Recipient, activation, version_of
from streams.core.campaigns.addressing import ADDRESS, addressed
from streams.core.campaigns.content import PARAMETERS, creative
from streams.core.campaigns.explaining import remember
from streams.core.campaigns.permission import may_activate
from streams.core.campaigns.told import CONTENT, PURPOSE, answer_key, audience_key, audiences
from streams.core.campaigns.variants import CONTROL, channels_of, variant_of
from streams.core.context import Context
from streams.core.definitions import Campaign, Channel, Status
from streams.core.errors import Rejected
from streams.core.identifiers import namespace_of
from streams.core.messages import Sent
from streams.core.outputs import Unrenderable
from streams.core.profile import SINCE, Profile


def update_audiences(
    context: Context, profile: Profile, campaign: Campaign, cause: Cause, *, may_enter: bool = True,
) -> list[Sent]:
    """Put each identifier that the channel addresses into the audience if the person is a member and permits it, and take
    all others out. Somebody who is in an audience that the campaign no longer names goes out there and in here. With
    `may_enter` false nobody goes in."""
    sends: list[Sent] = []
    is_meant = campaign.segment in profile.members and variant_of(profile, campaign) is not CONTROL
    for channel in channels_of(profile, campaign):
        if channel.name in ADDRESS:
            continue
        namespaces = addressed(channel) if is_meant else frozenset[str]()
        for identifier in sorted(profile.identifiers):
            told = profile.told.get(audience_key(campaign.id, channel.name, identifier))
            belongs = namespace_of(identifier) in namespaces and (
                may_activate(profile, channel.purpose, identifier).is_given)
            if belongs and (not may_enter or _is_answered(profile, campaign, channel, told)):
                continue
            if told is not None:
                sends.append(_take_out(context, profile, (campaign.id, channel.name, identifier), cause))
            if belongs:
                version = version_of(context.plan, profile, campaign.segment)
                sends.append(_put_in(context, profile, Recipient(campaign, channel, identifier, version), cause))
    remember(profile, sends)
    return sends


def _put_in(context: Context, profile: Profile, to: Recipient, cause: Cause) -> Sent:
    """What the advertisements are filled with is told now and not kept: it is not repeated when the identifier is taken out.
    If it cannot be rendered, the person is in no audience of the campaign until the membership or the campaign changes."""
    campaign, channel = to.campaign, to.channel
    try:
        filled = creative(context, profile, channel, cause.event, cause.at)
    except Rejected as fault:
        profile.told[answer_key(campaign.id, channel.name)] = _failing(profile, campaign)
        return Unrenderable(campaign.id, channel.name, profile.profile_id, fault.reason, cause.because, cause.at)
    content = {name: value for name, value in channel.content if name != PARAMETERS}
    key = audience_key(campaign.id, channel.name, to.identifier)
    profile.told[key] = [campaign.segment, channel.purpose, content, to.version]
    return activation(profile, to, "entered", cause, content | filled)


def _is_answered(profile: Profile, campaign: Campaign, channel: Channel, told: list[Any] | None) -> bool:
    """For somebody who belongs in: whether they are where the channel puts people now, or could not be put there."""
    return _has_failed(profile, campaign, channel) if told is None else _is_there(told[CONTENT], channel)


def _has_failed(profile: Profile, campaign: Campaign, channel: Channel) -> bool:
    return profile.told.get(answer_key(campaign.id, channel.name)) == _failing(profile, campaign)


def _failing(profile: Profile, campaign: Campaign) -> list[Any]:
    return [profile.members[campaign.segment][SINCE], campaign.version]


def _is_there(said: Mapping[str, Any], channel: Channel) -> bool:
    """Whether what was said of somebody put them where the channel puts people now."""
    content = dict(channel.content)
    return said.get("audience") == content.get("audience") and (
        set(said.get("destinations") or ()) == set(content.get("destinations") or ()))


def withdraw(context: Context, profile: Profile, at: int) -> list[Sent]:
    """Take out at once whoever may not be addressed any more, from audiences of paused campaigns too. Because of that: it
    may be a suppression, or a cookie that has come to somebody who never consented."""
    sends: list[Sent] = []
    for campaign_id, name, identifier in audiences(profile):
        purpose = profile.told[audience_key(campaign_id, name, identifier)][PURPOSE]
        permission = may_activate(profile, purpose, identifier)
        if not permission.is_given:
            sends.append(_take_out(context, profile, (campaign_id, name, identifier), Cause(at, permission.basis)))
    return sends


def take_back(context: Context, profile: Profile, at: int) -> list[Sent]:
    """Empty the audiences of campaigns that have ended, are no longer defined, or no longer have the channel; paused ones
    are left alone."""
    definitions = {campaign.id: campaign for campaign in context.plan.definitions.campaigns}
    sends: list[Sent] = []
    for campaign_id, name, identifier in audiences(profile):
        campaign = definitions.get(campaign_id)
        is_over = campaign is None or (campaign.ends is not None and at >= campaign.ends)
        if is_over or (campaign and campaign.status is Status.LIVE and name not in _names(campaign)):
            sends.append(_take_out(context, profile, (campaign_id, name, identifier), Cause(at, "campaign ended")))
    return sends


def empty(context: Context, profile: Profile, at: int, because: str) -> list[Sent]:
    """Take all identifiers out of all audiences, whatever the campaigns' state."""
    return [_take_out(context, profile, told, Cause(at, because)) for told in sorted(audiences(profile))]


def _take_out(context: Context, profile: Profile, told: tuple[str, str, str], cause: Cause) -> Sent:
    """Told for the segment that they were put in for, even if the campaign has another one now."""
    campaign_id, name, identifier = told
    segment, purpose, said, last = profile.told.pop(audience_key(*told))
    found = (each for each in context.plan.definitions.campaigns if each.id == campaign_id)
    campaign = replace(next(found, None) or Campaign(id=campaign_id, segment=segment), segment=segment)
    channels = (each for each in channels_of(profile, campaign) if each.name == name)
    channel = next(channels, None) or Channel(name=name, purpose=purpose)
    recipient = Recipient(campaign, channel, identifier, version_of(context.plan, profile, segment) or last)
    return activation(profile, recipient, "exited", cause, dict(said))


def _names(campaign: Campaign) -> frozenset[str]:
    return frozenset(channel.name for channel in campaign.channels)
