"""What a profile takes over from one that is the same person: told states, counted messages, and what waits."""
from __future__ import annotations

from streams.core.campaigns import caps, holding
from streams.core.campaigns.told import answer_key
from streams.core.profile import Profile


def inherit(profile: Profile, state: Profile) -> None:
    """After it no channel is told again what either profile told it, and nothing waits twice."""
    answered = {(row[1], row[2]) for row in profile.held}
    for row in state.held:
        member = profile.members.get(row[4])
        if member and profile.told.get(answer_key(row[1], row[2])) == [member[1]]:
            answered.add((row[1], row[2]))
    profile.told = {**state.told, **profile.told}
    profile.decided = {**state.decided, **profile.decided}
    caps.add(profile, state.sent)
    holding.add(profile, state.held, answered)
