"""What an absorbed profile leaves behind, so that whoever still looks for it is sent on.

It stays for a week, longer than anything is under way; and, however long that takes, while fragments that the absorbed
profile waited for are still to come this way, since the profile that absorbed it waits for them."""
from __future__ import annotations

from dataclasses import replace

from streams.core.context import Context
from streams.core.messages import Adopt, Sent
from streams.core.profile import Forward, Profile, note_handover
from streams.core.tables import FORWARD, UNDER_WAY, Tables


def leave_forward(tables: Tables, profile: Profile, to: str, at: int) -> None:
    """Put a forward in the profile's place, with its open ledger."""
    tables.profiles.put(profile.key, Forward(to, at + UNDER_WAY, dict(profile.handovers)))
    tables.timers.arm(at + UNDER_WAY, FORWARD, profile.key)


def pass_on(tables: Tables, forward: Forward, message: Adopt) -> Adopt:
    """Fragments for a profile that was absorbed meanwhile. What their giver itself still waits for will come this way
    too."""
    for source, balance in (message.state.handovers if message.state else {}).items():
        note_handover(forward, source, balance)
    if message.last:
        note_handover(forward, message.source, -1)
    tables.profiles.put(message.profile, forward)
    return replace(message, profile=forward.to)


def due(context: Context, key: str, at: int) -> list[Sent]:
    """A timer: the forward goes, or stays for another week."""
    tables, forward = context.tables, context.tables.profiles.get(key)
    if not isinstance(forward, Forward) or forward.until > at:
        return []
    if not forward.handovers:
        tables.profiles.delete(key)
        return []
    forward.until = at + UNDER_WAY
    tables.profiles.put(key, forward)
    tables.timers.arm(forward.until, FORWARD, key)
    return []
