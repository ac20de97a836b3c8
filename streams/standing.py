"""How a task's segments stand, and the sum over tasks: for the status page, `audience segment list` and tests alike.

Counts only, no data of people.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentStanding:
    """A segment in one task. version: 0 for one that is no longer defined and whose members are about to leave.
    is_building: profiles are still being brought up to date with its present meaning."""

    version: int
    members: int
    is_building: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PressStanding:
    """How far the last press of a campaign's button is. revision: names the press. present: people meant, known once it has
    begun; reached: those decided about (the others have left, or have their turn to come); activated: those who were sent
    something. is_running: false also while the campaign is paused."""

    revision: int
    present: int
    reached: int
    activated: int
    is_over: bool
    is_running: bool

    @property
    def share(self) -> float:
        """The part of those present that has been reached, from 0 to 1."""
        return self.reached / self.present if self.present else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a task stands. profiles: people and lone cookies; rebuilt: those of them that are up to date with the definitions
    in force. seconds_left: of the backfill, None while there is none or its pace is not known. presses: by campaign."""

    profiles: int
    rebuilt: int
    is_building: bool
    seconds_left: float | None
    segments: Mapping[str, SegmentStanding]
    presses: Mapping[str, PressStanding] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """How much of the backfill is done, from 0 to 1."""
        return self.rebuilt / self.profiles if self.profiles else 1.0


def total(standings: Iterable[Standing]) -> Standing:
    """The sum over several tasks. They build side by side, so the last to end decides when a backfill is over."""
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
        is_building=bool(left), seconds_left=max(known) if known and len(known) == len(left) else None, segments=segments,
        presses=_presses(found))


def _presses(standings: Iterable[Standing]) -> dict[str, PressStanding]:
    """Summed over the tasks that have heard of the newest press of a campaign; it is over when it is over in all of
    those."""
    found: dict[str, PressStanding] = {}
    for each in standings:
        for name, row in each.presses.items():
            so_far = found.get(name, row)
            if so_far is row or so_far.revision != row.revision:
                found[name] = max(so_far, row, key=lambda press: press.revision)
            else:
                found[name] = PressStanding(
                    revision=row.revision, present=so_far.present + row.present, reached=so_far.reached + row.reached,
                    activated=so_far.activated + row.activated, is_over=so_far.is_over and row.is_over,
                    is_running=so_far.is_running or row.is_running)
    return found
