"""Caps: how many messages a person gets, over a campaign, a channel, or everything.

Kept are the instants of the newest messages of each scope: whether a window holds n of them is seen at the newest n,
so the state is bounded and a merged person's messages are those of both. Display audiences are states and not
counted: how often an advertisement is shown is the ad server's affair.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from streams.core.campaigns.local_time import day, midnight, zone_of
from streams.core.definitions import Campaign, Cap, Over
from streams.core.intervals import DAY_MS
from streams.core.profile import Profile

KEPT = 100
"""Instants of a scope that are kept at least, so that a cap that is defined later finds some history."""
MOST = 1_000
"""The largest cap that may be defined: so many instants are kept at most."""


class Full(NamedTuple):
    """A cap that forbids one more message: which one, in words, and the first instant at which it does not, if no
    message is sent before."""

    says: str
    until: int


def reached(profile: Profile, campaign: Campaign, channel: str, at: int) -> Full | None:
    """The cap that forbids one more message for longest; None if none does."""
    full: list[Full] = []
    for cap in campaign.caps:
        recent = sorted(profile.sent.get(_scope(cap.over, campaign.id, channel), []))
        where = zone_of(profile, cap.calendar, campaign.zone_sources) if cap.calendar else None
        counted = [sent for sent in recent if _is_within(cap, where, sent, at)]
        if len(counted) >= cap.at_most:
            span = f"{cap.per // DAY_MS} calendar days" if cap.calendar else f"{cap.per // 1000} s"
            until = _leaves(cap, where, counted[-cap.at_most])
            full.append(Full(f"cap reached: {cap.at_most} in {span} over {cap.over.value}", until))
    return max(full, key=lambda each: each.until, default=None)


def count(profile: Profile, campaign: Campaign, channel: str, at: int, campaigns: Iterable[Campaign]) -> None:
    """A message goes out. `campaigns` are all that are defined: their caps may count it too."""
    kept = max([KEPT, *(cap.at_most for each in campaigns for cap in each.caps)])
    for over in Over:
        instants = profile.sent.setdefault(_scope(over, campaign.id, channel), [])
        instants.append(at)
        del instants[:-kept]


def add(profile: Profile, sent: Mapping[str, list[int]]) -> None:
    """Another profile is this person too: its messages count."""
    for scope, instants in sent.items():
        profile.sent[scope] = sorted(profile.sent.get(scope, []) + instants)[-MOST:]


def forget(profile: Profile, campaigns: set[str]) -> None:
    """Campaigns other than these are no longer defined."""
    for scope in [scope for scope in profile.sent if scope.startswith("campaign:")]:
        if scope.partition(":")[2] not in campaigns:
            del profile.sent[scope]


def _scope(over: Over, campaign: str, channel: str) -> str:
    match over:
        case Over.CAMPAIGN:
            return f"campaign:{campaign}"
        case Over.CHANNEL:
            return f"channel:{channel}"
        case Over.EVERYTHING:
            return "everything"


def _is_within(cap: Cap, where: ZoneInfo | None, sent: int, at: int) -> bool:
    if where is None:
        return at < sent + cap.per
    days = cap.per // DAY_MS
    return (day(sent, where) - 1) // days == (day(at, where) - 1) // days


def _leaves(cap: Cap, where: ZoneInfo | None, sent: int) -> int:
    """When a message that counts ceases to. where: of whose calendar, None for a sliding window."""
    if where is None:
        return sent + cap.per
    days = cap.per // DAY_MS
    period = (day(sent, where) - 1) // days
    return midnight((period + 1) * days + 1, where)
