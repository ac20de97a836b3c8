"""Why somebody is or is not in a segment: the rule as a tree, with what decided each node and when it will
change.

Computed from the same leaves that decide membership, so it cannot tell another story. When it will change is
found by letting the clock run over the state: each leaf says when it could change next, until the answer
does.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
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

UNFOLDED_TO = 50
"""Levels of the tree down to which segments in it are unfolded; those below are explained by themselves."""
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
    version, since, because = profile.members.get(segment_id) or (None, None, "")
    finding = _Telling(_Moment(plan, profile, now), {segment_id}).finding(segment.formula)
    return Explanation(
        segment_id=segment_id, holds=finding.holds, version=version, since=since, because=because,
        changes_at=finding.changes_at, rule=finding,
    )


@dataclass(slots=True)
class _Moment:
    """Leaves and segments as of one instant, present or future, judged when asked for."""

    plan: Plan
    profile: Profile
    now: int
    members: dict[str, bool] = field(default_factory=dict)
    """Of segments that were asked for: whether they hold. As many as a rule leads to, through however many ways."""

    def at(self, now: int) -> _Moment:
        return _Moment(self.plan, self.profile, now)

    def holds(self, formula: Formula) -> bool:
        match formula:
            case LeafHolds(leaf=leaf):
                holds, _ = leaf.judge(self.profile, self.now)
                return holds
            case MemberOf(segment=segment):
                return self._is_in(segment)
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

    def _is_in(self, segment: str) -> bool:
        if segment not in self.members:
            for each in self.plan.with_used((segment,)):
                if each not in self.members:
                    self.members[each] = self.holds(self.plan.segments[each].formula)
        return self.members[segment]

    def next(self, leaves: Iterable[Leaf]) -> int:
        judged = (leaf.judge(self.profile, self.now) for leaf in leaves)
        return min((until for _, until in judged), default=FOREVER)


@dataclass(frozen=True, slots=True)
class _Telling:
    """The tree of findings as of a moment. unfolded: segments that are unfolded already; where two ways lead to one it is
    unfolded at the first only, for the tree would double with each such segment."""

    moment: _Moment
    unfolded: set[str]

    def finding(self, formula: Formula, depth: int = 0) -> Finding:
        match formula:
            case LeafHolds(leaf=leaf):
                return self._finding(formula, depth, leaf.text, leaf.evidence(self.moment.profile, self.moment.now))
            case MemberOf(segment=segment):
                return self._member_of(formula, segment, depth)
            case Every(parts=parts):
                return self._finding(formula, depth, "all of", (), parts)
            case Some(parts=parts):
                return self._finding(formula, depth, "any of", (), parts)
            case Inverse(part=part):
                return self._finding(formula, depth, "not", (), (part,))
            case Anyone():
                return Finding(text="everyone", holds=True)
            case _ as unknown:
                assert_never(unknown)

    def _member_of(self, formula: MemberOf, segment: str, depth: int) -> Finding:
        if segment in self.unfolded:
            return self._finding(formula, depth, f"in segment {segment} (see above)", ())
        if depth >= UNFOLDED_TO:
            return self._finding(formula, depth, f"in segment {segment} (see its own explanation)", ())
        self.unfolded.add(segment)
        return self._finding(formula, depth, f"in segment {segment}", (), (self.moment.plan.segments[segment].formula,))

    def _finding(
        self, formula: Formula, depth: int, text: str, evidence: tuple[Evidence, ...], parts: tuple[Formula, ...] = (),
    ) -> Finding:
        return Finding(
            text=text, holds=self.moment.holds(formula), evidence=evidence, changes_at=_changes_at(self.moment, formula),
            parts=tuple(self.finding(part, depth + 1) for part in parts))


def _changes_at(moment: _Moment, formula: Formula) -> int | None:
    leaves = _reach(moment.plan, formula)
    present, ahead = moment.holds(formula), moment
    for _ in range(MOST_STEPS):
        ahead = moment.at(ahead.next(leaves))
        if ahead.now >= FOREVER:
            return None
        if ahead.holds(formula) is not present:
            return ahead.now
    return None


def _reach(plan: Plan, formula: Formula) -> list[Leaf]:
    """The leaves under a formula, those of the segments that it uses too."""
    leaves = {leaf.id: leaf for leaf in leaves_of(formula)}
    for segment in plan.with_used(segments_of(formula)):
        leaves |= {leaf: plan.leaves[leaf] for leaf in plan.segments[segment].leaves}
    return list(leaves.values())
