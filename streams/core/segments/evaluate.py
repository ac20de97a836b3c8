"""Finds who enters and leaves segments: judges leaves again, then the segments over those that flipped.

`truth` (leaves that hold), `due` (when time alone could change one) and `members` of a profile are derived state. An event
touches few leaves and flips fewer, so nearly every call ends after a handful of judgements.

An event at the very instant at which time changes a leaf comes before that change, and more events of that instant may
follow. What time does is told by the timer, after all of them. Until then such a leaf is open, and what depends on it
changes only if it would whichever way the leaf turns out: no change is told that the same instant takes back."""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from streams.core.intervals import FOREVER
from streams.core.profile import VERSION, Profile
from streams.core.segments.because import Flips, because_of
from streams.core.segments.plan import CompiledSegment, Plan


@dataclass(slots=True)
class Crossing:
    """A profile entered or left a segment. because: one line, of definition text and a message id only."""

    segment_id: str
    version: int
    entered: bool
    because: str


def refresh(plan: Plan, profile: Profile, touched: Iterable[str], now: int, event_id: str) -> list[Crossing]:
    """Judges the touched leaves after an event was folded. Returns the crossings in the order of the definitions.

    `profile` must have been evaluated under this plan before (`create` or `evaluate_all`), and every leaf that fell due
    before `now` must have lapsed."""
    if 0 < profile.timer_at <= now and _overdue(profile, now):
        return _refresh_at_the_instant(plan, profile, touched, now, event_id)
    flipped = _judge(plan, profile, touched, now)
    return _settle(plan, profile, Flips(now, event_id, flipped)) if flipped else []


def _refresh_at_the_instant(
    plan: Plan, profile: Profile, touched: Iterable[str], now: int, event_id: str,
) -> list[Crossing]:
    """As `refresh`, where time changes leaves at `now`, except for those that the event renews."""
    judged, due = dict.fromkeys(touched), _overdue(profile, now)
    flipped = _judge(plan, profile, [leaf for leaf in judged if leaf not in due], now)
    renewed = [leaf for leaf in due if leaf in judged and _is_renewed(plan, profile, leaf, now)]
    then = _copy(profile)
    lapsed = _judge(plan, then, [leaf for leaf in due if leaf not in renewed], now)
    _settle(plan, then, Flips(now), _over(plan, (*flipped, *renewed, *lapsed)))
    return _settle(plan, profile, Flips(now, event_id, flipped), _over(plan, (*flipped, *renewed)), then.members)


def _is_renewed(plan: Plan, profile: Profile, leaf: str, now: int) -> bool:
    """Whether time does not change the leaf at `now` any more; if so, its next instant is noted."""
    holds, until = plan.leaves[leaf].judge(profile, now)
    if holds is not (leaf in profile.truth):
        return False
    _judge(plan, profile, (leaf,), now)
    return until > now


def _over(plan: Plan, leaves: Iterable[str]) -> set[str]:
    """The segments that depend on these leaves, by way of other segments too."""
    return plan.with_users(segment for leaf in leaves for segment in plan.over[leaf])


def _copy(profile: Profile) -> Profile:
    return replace(profile, truth=set(profile.truth), due=dict(profile.due), members=dict(profile.members))


def lapse(plan: Plan, profile: Profile, now: int) -> list[Crossing]:
    """Judges the leaves that are due. Returns the crossings that time alone made at `now`."""
    flipped = _judge(plan, profile, _overdue(profile, now), now)
    return _settle(plan, profile, Flips(now, by_time=flipped)) if flipped else []


def is_leaving(plan: Plan, profile: Profile, segment: str, now: int) -> bool:
    """Whether time alone ends this membership at this very instant; its timer has yet to say so. Changes nothing."""
    if not _overdue(profile, now):
        return False
    then = _copy(profile)
    lapse(plan, then, now)
    return segment in profile.members and segment not in then.members


def create(plan: Plan, profile: Profile, touched: Iterable[str], now: int, event_id: str) -> list[Crossing]:
    """As `evaluate_all`, for a profile whose first event was just folded into its only fragment. What holds for every
    profile of which nothing is known is not judged again."""
    profile.truth, profile.due = set(plan.blank), {}
    flipped = _judge(plan, profile, dict.fromkeys((*touched, *plan.personal)), now)
    flips = Flips(now, event_id, flipped)
    profile.members = {segment: [] for segment in plan.blank_members}
    if flipped:
        _settle(plan, profile, flips)
    entered = sorted(profile.members, key=plan.order.__getitem__)
    profile.members.clear()
    return _in_order(plan, [_cross(profile, plan.segments[segment], flips) for segment in entered])


def evaluate_all(plan: Plan, profile: Profile, now: int) -> list[Crossing]:
    """Judges everything anew, after a merge, a split, or new definitions. Only the difference is a crossing.

    Members who stay in under a new version keep `since`. Members of segments that no longer exist leave, last. A profile
    without events (a split gave it only an identifier, or another profile took all it had) is in no segment. What time
    changes at `now` is left to the timer, as in `refresh`."""
    due = [leaf for leaf, instant in profile.due.items() if instant == now and leaf in plan.leaves]
    profile.truth, profile.due = set(), {}
    if not profile.fragments:
        return _out(profile, sorted(profile.members), "no event is its own")
    _judge(plan, profile, plan.leaves, now)
    orphans = _out(profile, sorted(profile.members.keys() - plan.segments.keys()), "no longer defined")
    agreed = _reopen(plan, profile, due, now) if due else None
    crossings = _settle(plan, profile, Flips(now), plan.segments, agreed)
    for segment, member in profile.members.items():
        member[VERSION] = plan.segments[segment].version
    return crossings + orphans


def _reopen(plan: Plan, profile: Profile, due: Iterable[str], now: int) -> Mapping[str, object] | None:
    """Sets the leaves of `due` that time changes at `now` back to what they were until then. Returns the memberships once
    time has changed them; None if it changes none."""
    then = _copy(profile)
    for leaf in due:
        held, until = plan.leaves[leaf].judge(profile, now - 1)
        if until == now and held is not (leaf in profile.truth):
            profile.truth ^= {leaf}
            profile.due[leaf] = now
    if profile.truth == then.truth:
        return None
    _settle(plan, then, Flips(now), plan.segments)
    return then.members


def _out(profile: Profile, gone: list[str], because: str) -> list[Crossing]:
    return [Crossing(segment, profile.members.pop(segment)[VERSION], False, because) for segment in gone]


def next_due(profile: Profile) -> int | None:
    """The first instant at which time alone could change a leaf; None if it never can."""
    return min(profile.due.values()) if profile.due else None


def _overdue(profile: Profile, now: int) -> list[str]:
    return [leaf for leaf, due in profile.due.items() if due <= now]


def _judge(plan: Plan, profile: Profile, judged: Iterable[str], now: int) -> dict[str, bool]:
    """Brings `truth` and `due` up to date for these leaves. Returns the new truth of those that flipped, by id."""
    truth, due, leaves = profile.truth, profile.due, plan.leaves
    flipped: dict[str, bool] = {}
    for leaf in judged:
        holds, until = leaves[leaf].judge(profile, now)
        if until < FOREVER:
            due[leaf] = until
        elif leaf in due:
            del due[leaf]
        if holds is not (leaf in truth):
            flipped[leaf] = holds
            if holds:
                truth.add(leaf)
            else:
                truth.discard(leaf)
    return flipped


def _settle(
    plan: Plan, profile: Profile, flips: Flips, concerned: Collection[str] | None = None,
    also: Mapping[str, object] | None = None,
) -> list[Crossing]:
    """Evaluates these segments, by default those over flipped leaves, then those that use a segment that changed, each once.
    also: memberships that a crossing must agree with."""
    order, members = plan.order, profile.members
    if concerned is None:
        concerned = {segment for leaf in (*flips.by_event, *flips.by_time) for segment in plan.over[leaf]}
    waiting = [(order[segment], segment) for segment in concerned]
    if len(waiting) > 1:
        waiting.sort()
    crossings: list[Crossing] = []
    last = ""
    while waiting:
        _, name = heappop(waiting)
        if name == last:
            continue
        last, segment = name, plan.segments[name]
        holds = segment.holds(profile.truth, members)
        if holds is (name in members) or (also is not None and holds is not (name in also)):
            continue
        crossings.append(_cross(profile, segment, flips))
        for user in plan.users.get(name, ()):
            heappush(waiting, (order[user], user))
    return _in_order(plan, crossings)


def _in_order(plan: Plan, crossings: list[Crossing]) -> list[Crossing]:
    """In the order of the definitions."""
    if len(crossings) > 1:
        crossings.sort(key=lambda crossing: plan.segments[crossing.segment_id].position)
    return crossings


def _cross(profile: Profile, segment: CompiledSegment, flips: Flips) -> Crossing:
    """Over the border of a segment, in or out."""
    because = because_of(segment.formula, segment.decide, profile.truth, profile.members, flips)
    entered = segment.id not in profile.members
    if entered:
        profile.members[segment.id] = [segment.version, flips.now, because]
    else:
        del profile.members[segment.id]
    return Crossing(segment.id, segment.version, entered, because)
