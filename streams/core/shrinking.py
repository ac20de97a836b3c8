"""A profile whose row turns out to be too large when it is stored."""
from __future__ import annotations

from streams.core import bounds, telling
from streams.core.context import Context
from streams.core.lapsing import arm
from streams.core.messages import Sent
from streams.core.profile import Profile
from streams.core.segments import evaluate


def shrink(context: Context, profile: Profile, at: int) -> list[Sent]:
    """The row is too large although `bounds` did not foresee it: drop what is too much, and judge again what that
    touches."""
    told, lost = bounds.curtail(context, profile, at)
    context.tables.profiles.put(profile.key, profile)
    if profile.handovers or profile.edition != context.edition or not profile.fragments:
        return [*told]
    crossings = evaluate.refresh(context.plan, profile, lost, max(at, profile.now), "")
    sends = telling.tell(context, profile, crossings, "event", max(at, profile.now)) if crossings else []
    arm(context, profile)
    return [*told, *sends]
