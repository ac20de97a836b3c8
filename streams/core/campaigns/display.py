"""Audiences: the difference between who should be in one and what its channel was told."""
from __future__ import annotations

from streams.core.campaigns.activations import activation
from streams.core.campaigns.permission import may_activate
from streams.core.campaigns.reach import ADDRESS, addressed
from streams.core.campaigns.splitting import CONTROL, channels_of, variant_of
from streams.core.campaigns.told import audience_key, audiences
from streams.core.context import Context
from streams.core.definitions import Campaign, Channel
from streams.core.identifiers import namespace_of
from streams.core.messages import Sent
from streams.core.profile import Profile


def update_audiences(
    profile: Profile, campaign: Campaign, at: int, because: str, *, may_enter: bool = True,
) -> list[Sent]:
    """Each identifier that the channel addresses is in, of a permitted member; all others are out. With `may_enter`
    false none goes in."""
    sends: list[Sent] = []
    is_control = variant_of(profile, campaign) is CONTROL
    for channel in channels_of(profile, campaign):
        if channel.name in ADDRESS:
            continue
        namespaces = addressed(channel)
        for identifier in sorted(profile.identifiers):
            key = audience_key(campaign.id, channel.name, identifier)
            is_told = key in profile.told
            if namespace_of(identifier) not in namespaces and not is_told:
                continue
            belongs = (not is_control and campaign.segment in profile.members and namespace_of(identifier) in namespaces
                       and may_activate(profile, channel.purpose, channel.name, identifier, at).is_given)
            if belongs == is_told:
                continue
            if belongs and not may_enter:
                continue
            if belongs:
                profile.told[key] = [campaign.segment, channel.purpose, dict(channel.content)]
            else:
                del profile.told[key]
            sends.append(activation(profile, campaign, channel, identifier, "entered" if belongs else "exited",
                                    at, because, dict(channel.content)))
    return sends


def withdraw(context: Context, profile: Profile, at: int) -> list[Sent]:
    """Who may not be addressed any more is out at once, of paused campaigns' audiences too."""
    sends: list[Sent] = []
    for campaign_id, name, identifier in audiences(profile):
        _, purpose, _ = profile.told[audience_key(campaign_id, name, identifier)]
        if not may_activate(profile, purpose, name, identifier, at).is_given:
            sends.append(_out(context, profile, (campaign_id, name, identifier), at, "consent changed"))
    return sends


def take_back(context: Context, profile: Profile, at: int) -> list[Sent]:
    """Audiences of campaigns that ended or are defined no more are emptied; paused ones are left alone."""
    definitions = {campaign.id: campaign for campaign in context.plan.definitions.campaigns}
    sends: list[Sent] = []
    for campaign_id, name, identifier in audiences(profile):
        campaign = definitions.get(campaign_id)
        if campaign is None or (campaign.ends is not None and at >= campaign.ends):
            sends.append(_out(context, profile, (campaign_id, name, identifier), at, "campaign ended"))
    return sends


def empty(context: Context, profile: Profile, at: int, because: str) -> list[Sent]:
    """None of the identifiers is in any audience any more, whatever the campaigns' state."""
    return [_out(context, profile, told, at, because) for told in sorted(audiences(profile))]


def _out(context: Context, profile: Profile, told: tuple[str, str, str], at: int, because: str) -> Sent:
    campaign_id, name, identifier = told
    segment, purpose, said = profile.told.pop(audience_key(*told))
    found = (each for each in context.plan.definitions.campaigns if each.id == campaign_id)
    campaign = next(found, None) or Campaign(id=campaign_id, segment=segment)
    channels = (each for each in channels_of(profile, campaign) if each.name == name)
    channel = next(channels, None) or Channel(name=name, purpose=purpose, content=tuple(said.items()))
    return activation(profile, campaign, channel, identifier, "exited", at, because, dict(channel.content))
