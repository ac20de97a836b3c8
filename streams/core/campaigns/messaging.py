"""E-mail and SMS: one message for each membership that triggers, to the address that was seen last."""
from __future__ import annotations

from streams.core.campaigns.activations import activation
from streams.core.campaigns.content import content
from streams.core.campaigns.permission import may_activate
from streams.core.campaigns.told import answer_key
from streams.core.context import Context
from streams.core.definitions import Campaign, Channel, Trigger
from streams.core.errors import Rejected
from streams.core.events import Event
from streams.core.identifiers import namespace_of
from streams.core.messages import Sent, Suppressed
from streams.core.profile import Profile

ADDRESS = {"email": "email", "sms": "phone"}
OLDEST_REPLAYED = 86_400_000


def messages(
    context: Context, profile: Profile, campaign: Campaign, at: int, because: str, event: Event | None,
) -> list[Sent]:
    """What this trigger sends, a message or the reason for none a channel."""
    return [_message(context, profile, campaign, channel, at, because, event) for channel in campaign.channels
            if channel.name in ADDRESS and not _is_answered(profile, campaign, channel)]


def answer(profile: Profile, campaign: Campaign) -> None:
    """The membership was another profile's before: it is told to nobody."""
    for channel in campaign.channels:
        if channel.name in ADDRESS:
            _is_answered(profile, campaign, channel)


def latest(profile: Profile, namespace: str) -> str | None:
    """The person's identifier of that namespace that was seen most recently."""
    best: tuple[int, str] | None = None
    for fragment in profile.fragments.values():
        for identifier, seen in fragment.identifiers.items():
            if identifier in profile.identifiers and namespace_of(identifier) == namespace:
                best = max(best or (seen[1], identifier), (seen[1], identifier))
    return best[1] if best else None


def _message(
    context: Context, profile: Profile, campaign: Campaign, channel: Channel, at: int, because: str,
    event: Event | None,
) -> Sent:
    identifier = latest(profile, ADDRESS[channel.name])
    reason = _refusal(profile, channel, identifier, event, at)
    if reason or identifier is None:
        return Suppressed(campaign.id, channel.name, profile.profile_id, reason, at)
    try:
        said = content(context, profile, channel, event, at)
    except Rejected as fault:
        return Suppressed(campaign.id, channel.name, profile.profile_id, f"template: {fault.reason}", at)
    return activation(profile, campaign, channel, identifier, "message", at, because, said)


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


def _refusal(profile: Profile, channel: Channel, identifier: str | None, event: Event | None, at: int) -> str:
    if identifier is None:
        return f"no {ADDRESS[channel.name]} known"
    permission = may_activate(profile, channel.purpose, channel.name, identifier, at)
    if not permission.is_given:
        return permission.basis
    if event is not None and event.is_replayed and at - event.event_time > OLDEST_REPLAYED:
        return "replayed event older than 24 h"
    return ""
