"""Membership changes become outputs: the line for everybody, the record per identifier, the campaigns' reaction."""
from __future__ import annotations

from collections.abc import Sequence

from streams.core import campaigns
from streams.core.campaigns.told import note_last
from streams.core.context import Context
from streams.core.events import Event
from streams.core.messages import MembershipChanged, Sent
from streams.core.profile import Profile
from streams.core.segments.evaluate import Change


def tell(
    context: Context, profile: Profile, changes: Sequence[Change], cause: str, at: int, event: Event | None = None,
) -> list[Sent]:
    """One line a change, in the order of the definitions, then what campaigns make of them."""
    return lines(profile, changes, cause, at) + campaigns.memberships_changed(context, profile, changes, at, event)


def lines(profile: Profile, changes: Sequence[Change], cause: str, at: int) -> list[Sent]:
    """One line a change, in the order given."""
    identifiers = sorted(profile.identifiers)
    sends: list[Sent] = []
    for change in changes:
        if not change.entered:
            note_last(profile, change.segment_id, change.version)
        sequence = profile.sequences[change.segment_id] = profile.sequences.get(change.segment_id, 0) + 1
        sends.append(MembershipChanged(
            profile.profile_id, change.segment_id, change.version, "entered" if change.entered else "exited",
            sequence, at, cause, change.because, identifiers))
    return sends
