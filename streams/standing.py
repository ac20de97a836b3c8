"""How a task's segments stand, and the sum over tasks: for the status page, `audience segment list` and tests alike.

Counts only, no data of people (law L6).
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentStanding:
    """A segment in one task. version: 0 for one that is no longer defined and whose members are about to leave.
    is_building: profiles are still being brought up to date with its present meaning."""

    version: int
    members: int
    is_building: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a task stands. profiles: people and lone cookies; rebuilt: those of them that are up to date with the
    definitions in force. seconds_left: of the backfill, None while there is none or its pace is not known."""

    profiles: int
    rebuilt: int
    is_building: bool
    seconds_left: float | None
    segments: Mapping[str, SegmentStanding]

    @property
    def share(self) -> float:
        """Of the backfill, from 0 to 1."""
        return self.rebuilt / self.profiles if self.profiles else 1.0


def total(standings: Iterable[Standing]) -> Standing:
    """Of several tasks, which build side by side: the last to end decides when it is over."""
    found = list(standings)
    left = [each.seconds_left for each in found if each.is_building]
    known = [seconds for seconds in left if seconds is not None]
    segments: dict[str, SegmentStanding] = {}
    for each in found:
        for name, row in each.segments.items():
            so_far = segments.get(name, row)
            segments[name] = row if so_far is row else SegmentStanding(
                version=max(so_far.version, row.version), members=so_far.members + row.members,
                is_building=so_far.is_building or row.is_building)
    return Standing(
        profiles=sum(each.profiles for each in found), rebuilt=sum(each.rebuilt for each in found),
        is_building=bool(left), seconds_left=max(known) if known and len(known) == len(left) else None, segments=segments)
