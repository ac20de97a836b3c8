"""What a profile takes over from one that is the same person: told states, answers, counted messages, and what waits."""
from __future__ import annotations

from streams.core.campaigns import caps, holding
from streams.core.campaigns.reach import ADDRESS
from streams.core.campaigns.told import answer_key
from streams.core.profile import Profile
from streams.core.segments.plan import Plan


def inherit(profile: Profile, state: Profile) -> None:
    """After it no channel is told again what either profile told it, and nothing waits twice."""
    answered = {(row[1], row[2]) for row in profile.held}
    for row in state.held:
        member = profile.members.get(row[4])
        if member and profile.told.get(answer_key(row[1], row[2])) == [member[1]]:
            answered.add((row[1], row[2]))
    profile.told = {**state.told, **profile.told}
    profile.decided = {**state.decided, **profile.decided}
    profile.inherited |= state.inherited
    caps.add(profile, state.sent)
    holding.add(profile, state.held, answered)


def answered(plan: Plan, profile: Profile) -> set[str]:
    """`segment|campaign|channel` of every message that its present memberships have had, or the reason for none, and what
    it inherited itself. Whom a press has not come to yet has had none."""
    rows = set(profile.inherited)
    for campaign in plan.definitions.campaigns:
        member = profile.members.get(campaign.segment)
        keys = [answer_key(campaign.id, channel.name) for channel in campaign.channels if channel.name in ADDRESS]
        rows |= {f"{campaign.segment}|{key}" for key in keys if member and profile.told.get(key) == [member[1]]}
    return rows


def take_answers(profile: Profile) -> None:
    """The hand-over is complete: what an absorbed part was answered, the memberships of the whole are."""
    for row in sorted(profile.inherited):
        segment, _, key = row.partition("|")
        if segment in profile.members:
            profile.told[key] = [profile.members[segment][1]]
    profile.inherited.clear()
