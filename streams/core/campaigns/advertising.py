"""The record per identifier on `audiences.memberships`: what an ad server may read.

No campaign stands behind it: it is there while the person permits advertising, and gone at once when not.
"""
from __future__ import annotations

from streams.core.campaigns.permission import has_stated, may_activate
from streams.core.campaigns.told import record_key
from streams.core.messages import Sent
from streams.core.outputs import MembershipsNow
from streams.core.profile import Profile

ADVERTISING = "personalised-ads"
"""The purpose that lets an identifier's segments be read by ad servers on `audiences.memberships`."""


def memberships_now(profile: Profile, at: int) -> list[Sent]:
    """The records that differ from what was told."""
    sends: list[Sent] = []
    if not profile.told and not has_stated(profile, ADVERTISING):
        return sends
    for identifier in sorted(profile.identifiers):
        is_permitted = may_activate(profile, ADVERTISING, identifier).is_given
        segments = sorted(profile.members) if is_permitted else []
        key = record_key(identifier)
        told = profile.told.get(key)
        if segments and told != segments:
            profile.told[key] = segments
            sends.append(MembershipsNow(identifier, segments, at))
        elif not segments and told is not None:
            del profile.told[key]
            sends.append(MembershipsNow(identifier, None, at))
    return sends
