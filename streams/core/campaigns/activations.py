"""One activation: numbered, with an id derived from its cause, so that any replay makes the same."""
from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from streams.core.campaigns.told import next_sequence
from streams.core.campaigns.variants import variant_of
from streams.core.definitions import Campaign, Channel
from streams.core.events import Event
from streams.core.outputs import Activation
from streams.core.profile import VERSION, Profile
from streams.core.segments.plan import Plan


@dataclass(frozen=True, slots=True)
class Recipient:
    """One identifier of a person, on one channel of a campaign. version: see `version_of`."""

    campaign: Campaign
    channel: Channel
    identifier: str
    version: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a channel is told something: when, in words, and the event that decided, if there was one."""

    at: int
    because: str
    event: Event | None = None


def version_of(plan: Plan, profile: Profile, segment: str) -> int:
    """The version of the segment by which the person is in it, or out of it; 0 if it is no longer defined."""
    if segment in profile.members:
        return int(profile.members[segment][VERSION])
    return plan.segments[segment].version if segment in plan.segments else 0


def activation(profile: Profile, to: Recipient, change: str, cause: Cause, content: dict[str, Any]) -> Activation:
    """`change`: entered, exited or message. Counts as told from here on."""
    campaign, channel, identifier = to.campaign, to.channel, to.identifier
    variant = variant_of(profile, campaign)
    sequence = next_sequence(profile, identifier)
    parts = (campaign.id, channel.name, identifier, campaign.segment, str(sequence), change, str(cause.at))
    return Activation(
        blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest(), channel.name, campaign.id, campaign.segment,
        to.version, change, sequence, profile.profile_id, identifier, cause.at, campaign.ends, channel.purpose,
        f"{channel.purpose}: granted" if change != "exited" else "removal",
        content | ({"variant": variant.id} if variant else {}), cause.because)
