"""Campaigns: from a change of membership to activations, with consent of this very moment.

Display audiences are states: what a channel was told about an identifier is kept, and only the difference goes
out (`display`). E-mail and SMS are messages: one for each membership that triggers, to the address used last
(`messaging`). Whether either may be is asked in one place (`permission`). The stages call what stands here.
"""
from streams.core.campaigns.advertising import ADVERTISING
from streams.core.campaigns.inheriting import answered, inherit, take_answers
from streams.core.campaigns.reacting import (
    catch_up,
    event_happened,
    identifiers_changed,
    live,
    memberships_changed,
    permission_changed,
    reach,
    release_held,
    take_everything_back,
)
from streams.core.campaigns.told import hand_over
from streams.core.campaigns.waiting import answer_waiting, give_waiting, postpone

__all__ = ["ADVERTISING", "answer_waiting", "answered", "catch_up", "event_happened", "give_waiting", "hand_over",
           "identifiers_changed", "inherit", "live", "memberships_changed", "permission_changed", "postpone", "reach",
           "release_held", "take_answers", "take_everything_back"]
