"""Finds campaigns that take people out of each other's audience at a platform.

That is no fault, since each does as it says, and people may share an audience on purpose; but hardly ever meant, so it is
said."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

from streams.core.campaigns.addressing import ADDRESS, addressed
from streams.core.definitions import Campaign, Channel, Definitions, Status


def shared_audiences(definitions: Definitions, at: int) -> Iterator[str]:
    """A sentence for each two campaigns that tell a destination of one audience, of the same kind of identifiers, at the
    same time. Not of drafts, nor of what has ended `at` (epoch ms)."""
    everywhere = [each.id for each in definitions.destinations if each.channel not in ADDRESS]
    telling = defaultdict[str, list[tuple[Campaign, Channel]]](list)
    for campaign in definitions.campaigns:
        for channel in _audiences(campaign, at):
            telling[dict(channel.content)["audience"]].append((campaign, channel))
    found = defaultdict[tuple[str, str, str], set[str]](set)
    for audience, each in telling.items():
        for (one, here), (other, there) in combinations(each, 2):
            if one.id != other.id and addressed(here) & addressed(there) and _meet(one, other):
                first, second = sorted((one.id, other.id))
                found[audience, first, second] |= _destinations(here, everywhere) & _destinations(there, everywhere)
    for (audience, first, second), destinations in sorted(found.items()):
        if destinations:
            yield (f"campaigns {first} and {second} share the audience {audience} at {', '.join(sorted(destinations))}: who "
                   "leaves one of them is taken out there, though still in the other; make them one campaign of a segment "
                   "with `any` of both, or give each an audience of its own")


def _destinations(channel: Channel, everywhere: Iterable[str]) -> frozenset[str]:
    return frozenset(dict(channel.content).get("destinations", everywhere))


def _audiences(campaign: Campaign, at: int) -> Iterator[Channel]:
    """The channels that may put people into audiences; of a split those of the variants, as the control group hears
    nothing."""
    if campaign.status is Status.DRAFT or (campaign.ends is not None and campaign.ends <= at):
        return
    for channels in [each.channels for each in campaign.variants] or [campaign.channels]:
        yield from (channel for channel in channels if channel.name not in ADDRESS)


def _meet(one: Campaign, other: Campaign) -> bool:
    return _begins_before_end(one, other) and _begins_before_end(other, one)


def _begins_before_end(one: Campaign, other: Campaign) -> bool:
    return one.starts is None or other.ends is None or one.starts < other.ends
