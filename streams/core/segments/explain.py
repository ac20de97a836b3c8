"""Why somebody is or is not in a segment: the rule as a tree, with what decided each node and when it will
change.

Computed from the same leaves that decide membership, so it cannot tell another story. When it will change is
found by letting the clock run over the state: each leaf says when it could change next, until the answer
does.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from streams.core.intervals import FOREVER
from streams.core.profile import Profile
from streams.core.segments.formula import (
    Anyone,
    Every,
    Formula,
    Inverse,
    LeafHolds,
    MemberOf,
    Some,
    leaves_of,
    segments_of,
)
from streams.core.segments.leaves.leaf import Evidence, Leaf
from streams.core.segments.plan import Plan

MOST_STEPS = 1_000
"""Instants that are tried in search of the change; beyond them it is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A node of the rule. changes_at: when time alone will turn it, None if never (as far as is known)."""

    text: str
    holds: bool
    evidence: tuple[Evidence, ...] = ()
    changes_at: int | None = None
    parts: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """version, since, because: of the membership, None and empty for who is not in."""

    segment_id: str
    holds: bool
    version: int | None
    since: int | None
    because: str
    changes_at: int | None
    rule: Finding


def explain(plan: Plan, profile: Profile, segment_id: str, now: int) -> Explanation:
    """Raises KeyError for a segment that the plan does not have. `profile` must be complete for the plan."""
    segment = plan.segments[segment_id]
    membership = profile.members.get(segment_id)
    finding = _find(_Moment(plan, profile, now), segment.formula)
    return Explanation(
        segment_id=segment_id, holds=finding.holds, version=membership[0] if membership else None,
        since=membership[1] if membership else None, because=membership[2] if membership else "",
        changes_at=finding.changes_at, rule=finding,
    )


@dataclass(slots=True)
class _Moment:
    """Leaves and segments as of one instant, present or future, judged when asked for."""

    plan: Plan
    profile: Profile
    now: int

    def holds(self, formula: Formula) -> bool:
        match formula:
            case LeafHolds(leaf=leaf):
                return leaf.judge(self.profile, self.now)[0]
            case MemberOf(segment=segment):
                return self.holds(self.plan.segments[segment].formula)
            case Every(parts=parts):
                return all(map(self.holds, parts))
            case Some(parts=parts):
                return any(map(self.holds, parts))
            case Inverse(part=part):
                return not self.holds(part)
            case Anyone():
                return True
            case _ as unknown:
                assert_never(unknown)

    def next(self, leaves: Iterable[Leaf]) -> int:
        return min((leaf.judge(self.profile, self.now)[1] for leaf in leaves), default=FOREVER)


def _find(moment: _Moment, formula: Formula) -> Finding:
    match formula:
        case LeafHolds(leaf=leaf):
            return _finding(moment, formula, leaf.text, leaf.evidence(moment.profile, moment.now))
        case MemberOf(segment=segment):
            return _finding(moment, formula, f"in segment {segment}", (), (moment.plan.segments[segment].formula,))
        case Every(parts=parts):
            return _finding(moment, formula, "all of", (), parts)
        case Some(parts=parts):
            return _finding(moment, formula, "any of", (), parts)
        case Inverse(part=part):
            return _finding(moment, formula, "not", (), (part,))
        case Anyone():
            return Finding(text="everyone", holds=True)
        case _ as unknown:
            assert_never(unknown)


def _finding(
    moment: _Moment, formula: Formula, text: str, evidence: tuple[Evidence, ...], parts: tuple[Formula, ...] = (),
) -> Finding:
    return Finding(
        text=text, holds=moment.holds(formula), evidence=evidence, changes_at=_changes_at(moment, formula),
        parts=tuple(_find(moment, part) for part in parts),
    )


def _changes_at(moment: _Moment, formula: Formula) -> int | None:
    leaves = _reach(moment.plan, formula)
    present, ahead = moment.holds(formula), _Moment(moment.plan, moment.profile, moment.now)
    for _ in range(MOST_STEPS):
        ahead.now = ahead.next(leaves)
        if ahead.now >= FOREVER:
            return None
        if ahead.holds(formula) is not present:
            return ahead.now
    return None


def _reach(plan: Plan, formula: Formula) -> list[Leaf]:
    """The leaves under a formula, those of the segments that it uses too."""
    found = {leaf.id: leaf for leaf in leaves_of(formula)}
    for segment in segments_of(formula):
        found.update((leaf.id, leaf) for leaf in _reach(plan, plan.segments[segment].formula))
    return list(found.values())
