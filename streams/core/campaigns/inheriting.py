"""What a profile takes over from one that turns out to be the same person: told states, answers, counted messages, and what
waits."""
from __future__ import annotations

from collections.abc import Iterator

from streams.core.campaigns import caps, holding
from streams.core.campaigns.addressing import ADDRESS
from streams.core.campaigns.explaining import remember
from streams.core.campaigns.holding import HeldMessage
from streams.core.campaigns.messaging import has_expired
from streams.core.campaigns.told import SENT, answer, answer_key, answered_segments, note_answer
from streams.core.context import Context
from streams.core.definitions import Trigger
from streams.core.messages import Sent
from streams.core.outputs import Suppressed
from streams.core.profile import Profile
from streams.core.segments.plan import Plan


def inherit(profile: Profile, state: Profile) -> None:
    """Afterwards no channel is told again what it was told of either profile. Messages that wait with both are there twice
    until `take_answers`."""
    profile.told = {**state.told, **profile.told}
    for key, said in state.decided.items():
        profile.decided[key] = max(said, profile.decided.get(key, said))
    profile.inherited |= state.inherited
    caps.add(profile, state.sent)
    profile.held += state.held


def answered(plan: Plan, profile: Profile) -> set[str]:
    """`segment|campaign|channel` of every present membership that was answered, by a message or by the reason for none, and
    what the profile inherited itself; with `|sent` where it was a message. Whoever a press has not come to yet was not
    answered."""
    rows = set(profile.inherited)
    for campaign in plan.definitions.campaigns:
        for key in (answer_key(campaign.id, channel.name) for channel in campaign.channels if channel.name in ADDRESS):
            for segment in answered_segments(profile, key) | {campaign.segment}:
                how = answer(profile, segment, key)
                rows |= set() if how is None else {"|".join((segment, key, *how))}
    return rows


def take_answers(context: Context, profile: Profile, at: int) -> list[Sent]:
    """The hand-over is complete: memberships of the whole count as answered if those of an absorbed part were, and each
    waits with one message at most, or with none if any part has had it. Returns why the others are not sent."""
    for row in sorted(profile.inherited):
        segment, campaign, channel, *sent = row.split("|")
        key = answer_key(campaign, channel)
        if segment in profile.members:
            note_answer(profile, segment, key, *(sent or answer(profile, segment, key) or ()))
    profile.inherited.clear()
    sends: list[Sent] = list(_drop(context, profile, at)) if profile.held else []
    remember(profile, sends)
    return sends


def _drop(context: Context, profile: Profile, at: int) -> Iterator[Suppressed]:
    """Of two that wait for the same, the one that is due first stays, unless it will have expired by then."""
    def place(row: HeldMessage) -> tuple[bool, int, int, int, str]:
        return has_expired(context, row, row.due), row.due, row.since, row.arrival, row.because

    rows, kept = holding.rows(profile), list[HeldMessage]()
    for row in sorted(rows, key=place):
        if reason := _excess(profile, row, kept):
            yield Suppressed(row.campaign, row.channel, profile.profile_id, reason, at)
        else:
            kept.append(row)
    holding.keep(profile, sorted(kept, key=rows.index))


def _excess(profile: Profile, row: HeldMessage, kept: list[HeldMessage]) -> str:
    """Why it does not wait any longer beside these; empty if it does."""
    how = answer(profile, row.segment, answer_key(row.campaign, row.channel))
    if row.kind is Trigger.ENTERED and how is not None and SENT in how:
        return "sent before they were joined"
    if row.kind is not Trigger.EACH and any(row.occasion == each.occasion for each in kept):
        return "waits already, since before they were joined"
    return f"{row.why}, and {holding.MOST} messages wait already" if len(kept) >= holding.MOST else ""
