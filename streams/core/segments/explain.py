"""Why somebody is or is not in a segment: the rule as a tree, with what decided each node and when it will change.

Computed from the same leaves and formulas that decide membership, so it cannot tell another story. When a node will change
is found by letting the clock run over the state, from one instant at which a leaf could change to the next."""
from __future__ import annotations

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
    compile_formula,
    leaves_of,
    segments_of,
)
from streams.core.segments.leaves.leaf import Evidence
from streams.core.segments.plan import Plan

UNFOLDED_TO = 50
"""Levels of the tree down to which it shows the rules of segments that it uses."""
MOST_STEPS = 1_000
"""Instants tried in search of the change; beyond them it is unknown."""


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
    """version, since, because: of the membership; None and empty for who is not in."""

    segment_id: str
    holds: bool
    version: int | None
    since: int | None
    because: str
    changes_at: int | None
    rule: Finding


def explain(plan: Plan, profile: Profile, segment_id: str, now: int) -> Explanation:
    """Raises KeyError for a segment that the plan does not have. `profile` must be complete for the plan."""
    version, since, because = profile.members.get(segment_id) or (None, None, "")
    finding = _Tree(plan, profile, now, {segment_id}).finding(plan.segments[segment_id].formula)
    return Explanation(
        segment_id=segment_id, holds=finding.holds, version=version, since=since, because=because,
        changes_at=finding.changes_at, rule=finding,
    )


@dataclass(frozen=True, slots=True)
class _Tree:
    """Findings as of `now`. shown: segments whose rule is in the tree already; where two ways lead to one, only the first
    shows it, for the tree would double with each such segment."""

    plan: Plan
    profile: Profile
    now: int
    shown: set[str]

    def finding(self, formula: Formula, depth: int = 0) -> Finding:
        match formula:
            case LeafHolds(leaf=leaf):
                return self._finding(formula, depth, leaf.text, evidence=leaf.evidence(self.profile, self.now))
            case MemberOf(segment=segment):
                return self._member_of(formula, segment, depth)
            case Every(parts=parts):
                return self._finding(formula, depth, "all of", parts)
            case Some(parts=parts):
                return self._finding(formula, depth, "any of", parts)
            case Inverse(part=part):
                return self._finding(formula, depth, "not", (part,))
            case Anyone():
                return Finding(text="everyone", holds=True)
            case _ as unknown:
                assert_never(unknown)

    def _member_of(self, formula: MemberOf, segment: str, depth: int) -> Finding:
        if segment in self.shown:
            return self._finding(formula, depth, f"in segment {segment} (see above)")
        if depth >= UNFOLDED_TO:
            return self._finding(formula, depth, f"in segment {segment} (see its own explanation)")
        self.shown.add(segment)
        return self._finding(formula, depth, f"in segment {segment}", (self.plan.segments[segment].formula,))

    def _finding(
        self, formula: Formula, depth: int, text: str, parts: tuple[Formula, ...] = (), evidence: tuple[Evidence, ...] = (),
    ) -> Finding:
        holds, changes_at = self._outlook(formula)
        return Finding(text=text, holds=holds, evidence=evidence, changes_at=changes_at,
                       parts=tuple(self.finding(part, depth + 1) for part in parts))

    def _outlook(self, formula: Formula) -> tuple[bool, int | None]:
        """Whether the formula holds, and when time alone will turn it."""
        used, holds = self.plan.with_used(segments_of(formula)), compile_formula(formula)
        leaves = {leaf.id: leaf for leaf in leaves_of(formula)}
        leaves |= {leaf: self.plan.leaves[leaf] for segment in used for leaf in self.plan.segments[segment].leaves}

        def judge(instant: int) -> tuple[bool, int]:
            judged = {name: leaf.judge(self.profile, instant) for name, leaf in leaves.items()}
            truth = {name for name, (is_true, _) in judged.items() if is_true}
            following = min((until for _, until in judged.values()), default=FOREVER)
            return holds(truth, self.plan.members(used, truth)), following

        present, instant = judge(self.now)
        for _ in range(MOST_STEPS):
            if instant >= FOREVER:
                break
            then, following = judge(instant)
            if then is not present:
                return present, instant
            instant = following
        return present, None
