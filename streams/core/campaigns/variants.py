"""A/B split: which variant of a campaign a person gets, and who gets none so that the effect can be measured.

By a hash of campaign and public profile id: it needs no state and is the same on every replay. A person who is merged into
another gets the other's variant from then on."""
from __future__ import annotations

from streams.core.definitions import Campaign, Channel, Variant
from streams.core.profile import Profile
from streams.core.segments.leaves.people import share

CONTROL = Variant(id="control", percent=0)


def variant_of(profile: Profile, campaign: Campaign) -> Variant | None:
    """None if there is no split; CONTROL for people who hear nothing: what the variants leave of 100 per cent."""
    if not campaign.variants:
        return None
    place = share(campaign.id, profile.profile_id) * 100
    for variant in campaign.variants:
        place -= variant.percent
        if place < 0:
            return variant
    return CONTROL


def channels_of(profile: Profile, campaign: Campaign) -> tuple[Channel, ...]:
    """The campaign's channels as this person's variant has them."""
    variant = variant_of(profile, campaign)
    return campaign.channels if variant is None or variant is CONTROL else variant.channels
