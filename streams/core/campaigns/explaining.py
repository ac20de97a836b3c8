"""Why somebody got a message, or did not: the last decision of each campaign and channel, and what it would be now.

Kept on the profile and not on a topic of its own: the question is asked about one person, and one answer a campaign and
channel is bounded.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from streams.core.campaigns import holding
from streams.core.campaigns.addressing import ADDRESS, addressed
from streams.core.campaigns.messaging import latest, waits_for
from streams.core.campaigns.permission import may_activate
from streams.core.campaigns.told import answer_key
from streams.core.campaigns.variants import CONTROL, channels_of, variant_of
from streams.core.definitions import Campaign, Channel
from streams.core.identifiers import namespace_of
from streams.core.messages import Sent
from streams.core.outputs import Activation, Suppressed, Unrenderable
from streams.core.profile import Profile


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for a channel of a campaign, waits there, or would be decided now. `at`: when it was decided, or when
    what waits is due; None for now."""

    channel: str
    says: str
    at: int | None = None


def remember(profile: Profile, decided: Iterable[Sent]) -> None:
    """The last decision of each campaign and channel; what is held is seen in `Profile.held`."""
    for each in decided:
        match each:
            case Activation(change="message"):
                profile.decided[answer_key(each.campaign_id, each.channel)] = [each.at, "sent"]
            case Suppressed():
                profile.decided[answer_key(each.campaign_id, each.channel)] = [each.at, f"not sent: {each.reason}"]
            case Unrenderable():
                profile.decided[answer_key(each.campaign_id, each.channel)] = [each.at, f"dead letter: {each.reason}"]
            case _:
                pass


def explain(profile: Profile, campaign: Campaign, at: int) -> Iterator[Decision]:
    """What was decided last for this person, what waits, and what speaks against an activation at `at`."""
    for channel in channels_of(profile, campaign):
        last = profile.decided.get(answer_key(campaign.id, channel.name))
        if last:
            decided_at, says = last
            yield Decision(channel.name, says, decided_at)
        for held in holding.rows(profile):
            if (held.campaign, held.channel) == (campaign.id, channel.name):
                yield Decision(channel.name, f"waits: {held.why}", held.due)
        reasons = list(_against(profile, campaign, channel, at))
        yield Decision(channel.name, f"now: {'; '.join(reasons) or 'nothing speaks against it'}")


def _against(profile: Profile, campaign: Campaign, channel: Channel, at: int) -> Iterator[str]:
    if campaign.status.value != "live":
        yield f"the campaign is {campaign.status.value}"
    if campaign.starts is not None and at < campaign.starts:
        yield "the campaign has not started"
    if campaign.ends is not None and at >= campaign.ends:
        yield "the campaign has ended"
    if campaign.segment not in profile.members:
        yield f"not in segment {campaign.segment}"
    if variant_of(profile, campaign) is CONTROL:
        yield "control group"
    namespace = ADDRESS.get(channel.name)
    identifier = latest(profile, namespace) if namespace else _best(profile, channel)
    if identifier is None:
        yield f"no {' or '.join(sorted(addressed(channel)))} known"
    elif not (permission := may_activate(profile, channel.purpose, identifier)).is_given:
        yield permission.why
    if namespace:
        yield from (why for _, why in waits_for(profile, campaign, channel.name, at))


def _best(profile: Profile, channel: Channel) -> str | None:
    """An identifier of this person that the audience may hold; one that the person permits, if there is one."""
    reached = [each for each in sorted(profile.identifiers) if namespace_of(each) in addressed(channel)]
    permitted = (each for each in reached if may_activate(profile, channel.purpose, each).is_given)
    return next(permitted, next(iter(reached), None))
