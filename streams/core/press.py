"""One press of a campaign's button, as the state of one task: who is meant by it, and who of them has been reached.

A cursor over the keys of profiles instead of a list of people: one small row however many are meant, which survives restarts
with the task's state; who leaves meanwhile is simply not met. Pace is time of the task's clock, so a replay reaches the same
people at the same instants."""
from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from streams.core.profile import SINCE, Profile


class Pressed(NamedTuple):
    """That a button was pressed, with which revision, and at most how many people a second are to be activated."""

    revision: int
    per_second: float | None = None


@dataclass(slots=True)
class Press:
    """revision: of the definitions that it came with. at: meant is everybody who has been in the segment since then or
    longer. per_second: people of this task a second, None for no limit. due: when the next may be reached. cursor: profiles
    with smaller keys have been reached; None once all have. present: people meant; reached: those decided about; activated:
    those of them to whom something was sent."""

    revision: int
    at: int
    per_second: float | None = None
    due: int = 0
    cursor: str | None = ""
    present: int = 0
    reached: int = 0
    activated: int = 0

    def is_waiting(self, profile: Profile, segment: str) -> bool:
        """Whether this profile is meant and has its turn still to come."""
        return self.cursor is not None and profile.key >= self.cursor and self.means(profile, segment)

    def means(self, profile: Profile, segment: str) -> bool:
        """Whether the profile has been in the segment since the press."""
        member = profile.members.get(segment)
        return member is not None and bool(member[SINCE] <= self.at)
