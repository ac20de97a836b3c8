"""Turns membership changes into outputs: the line for everybody, and the campaigns' reaction."""
from __future__ import annotations

from collections.abc import Sequence

from streams.core import campaigns
from streams.core.campaigns.told import note_last
from streams.core.context import Context
from streams.core.events import Event
from streams.core.messages import Sent
from streams.core.outputs import MembershipChanged
from streams.core.profile import Profile
from streams.core.segments.evaluate import Crossing


def tell(
    context: Context, profile: Profile, crossings: Sequence[Crossing], cause: str, at: int, event: Event | None = None,
) -> list[Sent]:
    """One line a crossing, in the order of the definitions, then what campaigns make of them."""
    return lines(profile, crossings, cause, at) + campaigns.memberships_changed(context, profile, crossings, at, event)


def lines(profile: Profile, crossings: Sequence[Crossing], cause: str, at: int) -> list[Sent]:
    """One line a crossing, in the order given."""
    identifiers = sorted(profile.identifiers)
    sends: list[Sent] = []
    for crossing in crossings:
        if not crossing.entered:
            note_last(profile, crossing.segment_id, crossing.version)
        sequence = profile.sequences[crossing.segment_id] = profile.sequences.get(crossing.segment_id, 0) + 1
        sends.append(MembershipChanged(
            profile.profile_id, crossing.segment_id, crossing.version, "entered" if crossing.entered else "exited",
            sequence, at, cause, crossing.because, identifiers))
    return sends
