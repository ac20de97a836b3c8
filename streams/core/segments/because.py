"""`because`: one readable line on why somebody entered or left a segment.

Made of definition text and a message id, with nothing known about the person: it goes to topics that anyone may read."""
from __future__ import annotations

from collections.abc import Container, Set
from dataclasses import dataclass, field

from streams.core.segments.formula import Decide, Formula, LeafHolds, MemberOf, Part

MOST_REASONS = 4
"""Parts of a rule that one line names; beyond that nobody reads it."""


@dataclass(slots=True)
class Flips:
    """Leaves that flipped at the instant `now`, by an event and by time alone: leaf id -> whether it holds now."""

    now: int
    event_id: str = ""
    by_event: dict[str, bool] = field(default_factory=dict)
    by_time: dict[str, bool] = field(default_factory=dict)


def because_of(formula: Formula, decide: Decide, truth: Set[str], members: Container[str], flips: Flips) -> str:
    """The deciding parts that just changed; where none did (new definitions, a merge), all that decide."""
    if isinstance(formula, LeafHolds):
        if formula.leaf.id in flips.by_event and flips.event_id:
            return f"{_changed(formula, truth)} [message {flips.event_id}]"
        if formula.leaf.id in flips.by_time:
            return f"time: {formula.leaf.text} {_turned(formula, truth)}"
    _, parts = decide(truth, members)
    mark = f" [message {flips.event_id}]" if flips.event_id else ""
    by_event = [part for part in parts if isinstance(part, LeafHolds) and part.leaf.id in flips.by_event]
    if by_event:
        return _joined([_changed(part, truth) for part in by_event]) + mark
    by_time = [part for part in parts if isinstance(part, LeafHolds) and part.leaf.id in flips.by_time]
    if by_time:
        return "time: " + _joined([f"{part.leaf.text} {_turned(part, truth)}" for part in by_time])
    clock = "time: " if flips.by_time and not flips.by_event else ""
    return clock + _joined([_stated(part, truth, members) for part in parts]) + mark


def _changed(part: LeafHolds, truth: Set[str]) -> str:
    return part.leaf.text if part.leaf.id in truth else f"no longer {part.leaf.text}"


def _turned(part: LeafHolds, truth: Set[str]) -> str:
    return "began" if part.leaf.id in truth else "ended"


def _stated(part: Part, truth: Set[str], members: Container[str]) -> str:
    match part:
        case LeafHolds(leaf=leaf):
            return leaf.text if leaf.id in truth else f"not {leaf.text}"
        case MemberOf(segment=segment):
            return f"in segment {segment}" if segment in members else f"not in segment {segment}"
        case _:
            return "everyone"


def _joined(reasons: list[str]) -> str:
    distinct = list(dict.fromkeys(reasons))
    rest = len(distinct) - MOST_REASONS
    return "; ".join(distinct[:MOST_REASONS]) + (f"; and {rest} more" if rest > 0 else "")
