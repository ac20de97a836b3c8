"""The backfill of a task: brings profiles up to date slice by slice between batches, behind a cursor in state.

Whom an event touches meanwhile is brought up to date with it, so the cursor only has to pass everybody once."""
from __future__ import annotations

from collections.abc import Mapping

from streams.core import lapsing, upgrade
from streams.core.context import Context
from streams.core.profile import Profile
from streams.core.segments.differences import changed_segments
from streams.core.segments.plan import Plan
from streams.standing import SegmentStanding, Standing
from streams.task.census import EDITION, edition_of
from streams.task.revisions import Revisions
from streams.task.state import State
from streams.task.turns import Turn
from streams.unit import LAST, Store

PROFILES_A_SLICE, EVENTS_A_SLICE = 150, 500
"""A slice ends with whichever comes first. Some 30 ms of CPU, since events wait for it (`tests/bench/segments.py`)."""
LEAST_TO_JUDGE_BY = 1_000
"""ms of a backfill before its pace says anything about its end."""


class Sweep:
    """Of one task, for as long as the task lives; what must survive is in `Revisions`."""

    def __init__(self, store: Store, state: State, revisions: Revisions) -> None:
        self._store, self._state, self._revisions = store, state, revisions
        self._began: tuple[int, int, int] | None = None

    def is_pending(self) -> bool:
        return self._revisions.numbers.get("sweep") is not None

    def slice(self, turn: Turn) -> None:
        """Bring a slice of the profiles up to date with a new revision, or with a campaign that started or ended."""
        context, numbers = turn.context, self._revisions.numbers
        cursor: bytes | str | None = numbers.get("sweep")
        if cursor is None:
            return
        self._note_pace(context)
        start = cursor.encode() if isinstance(cursor, str) else cursor
        most = turn.share(PROFILES_A_SLICE)
        keys = [key for key, _ in self._store.scan("profiles", start, LAST, most)]
        enough = context.rebuilt["events"] + turn.share(EVENTS_A_SLICE)
        done = 0
        while done < len(keys) and context.rebuilt["events"] < enough:
            row = self._state.profiles.get(keys[done].decode())
            if isinstance(row, Profile) and row.edition != context.edition:
                turn.follow(upgrade.bring_up_to_date(context, row, max(turn.now, row.now)))
                lapsing.arm(context, row)
            done += 1
        if done == len(keys) < most:
            self._revisions.complete()
        else:
            numbers.put("sweep", keys[done - 1] + b"\x00")

    def begin(self, old: Plan, new: Plan) -> None:
        """A revision came in force: note which segments are built from now on."""
        self._revisions.note_changed(changed_segments(old, new), new.segments)

    def standing(self, context: Context) -> Standing:
        """From any thread: it reads what the unit that runs has so far, and changes nothing."""
        counts = self._state.profiles.census.counts()
        profiles = sum(count for name, count in counts.items() if edition_of(name) is not None)
        rebuilt, is_building = counts.get(f"{EDITION}{context.edition}", 0), self.is_pending()
        return Standing(
            profiles=profiles, rebuilt=rebuilt if is_building else profiles, is_building=is_building,
            seconds_left=self._seconds_left(context, profiles, rebuilt) if is_building else None,
            segments=self._segments(context.plan, counts))

    def _segments(self, plan: Plan, counts: Mapping[str, int]) -> dict[str, SegmentStanding]:
        members = {name: count for name, count in counts.items() if edition_of(name) is None}
        building = self._revisions.building()
        defined = {name: SegmentStanding(
            version=segment.version, members=members.pop(name, 0), is_building=name in building)
            for name, segment in plan.segments.items()}
        return defined | {
            name: SegmentStanding(version=0, members=count, is_building=True) for name, count in members.items()}

    def _note_pace(self, context: Context) -> None:
        edition, _, _ = self._began or (None, 0, 0)
        if edition != context.edition:
            rebuilt = self._state.profiles.census.counts().get(f"{EDITION}{context.edition}", 0)
            self._began = (context.edition, context.wall, rebuilt)

    def _seconds_left(self, context: Context, profiles: int, rebuilt: int) -> float | None:
        edition, began_at, from_there = self._began or (0, 0, 0)
        elapsed, done = context.wall - began_at, rebuilt - from_there
        if edition != context.edition or elapsed < LEAST_TO_JUDGE_BY or done <= 0:
            return None
        return (profiles - rebuilt) * elapsed / 1000 / done
