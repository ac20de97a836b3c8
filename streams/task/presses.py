"""Carries out presses of campaigns' buttons: a walk over this task's profiles between batches, at the press's pace.

The cursor and what may be spent are state, written with what the walk caused; after a crash or on another worker it goes on
where it was committed. Each task has its share of the pace, kept on its own clock."""
from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from streams.core import campaigns, lapsing
from streams.core.context import Context
from streams.core.definitions import Campaign, Status
from streams.core.intervals import DAY_MS
from streams.core.press import Press, Pressed
from streams.core.profile import Profile, home
from streams.standing import PressStanding
from streams.task.prefixes import Meta
from streams.task.rows import PRESS
from streams.task.state import State
from streams.task.turns import Turn
from streams.task.working import WholeTable
from streams.unit import LAST, Change, Store

END = "\U0010ffff"
"""A cursor behind every key."""
PEOPLE_A_SLICE = 50
"""Profiles looked at in a unit of work: so few that events hardly wait for them."""
SLICES_A_SECOND = 4
"""Of a press with a pace: its people come a few at a time, not all at once each second."""
LATEST = 1_000
"""ms of a pace that are made up for after a delay; beyond it the delay is lost, so that no flood follows an outage."""
LONGEST = 366 * DAY_MS
"""ms until the next, however slow the pace: the instant is to fit in a row."""


class Presses:
    """The presses of one task. `rows` are those of campaigns that are defined, including presses that are over."""

    def __init__(self, store: Store, state: State, partitions: int) -> None:
        self._store, self._state, self._partitions = store, state, partitions
        self._table: WholeTable[Press] = WholeTable(store, "meta", PRESS, Meta.PRESSES)
        self.rows: dict[str, Press] = dict(self._table.rows())
        self._walking: list[tuple[Campaign, Press]] = []

    def resume(self, context: Context) -> None:
        """These definitions are in force from now on."""
        self._walking = [
            (campaign, self.rows[campaign.id]) for campaign in context.plan.definitions.campaigns
            if campaign.status is Status.LIVE and campaign.id in self.rows and self.rows[campaign.id].cursor is not None]

    def begin(self, context: Context, pressed: Mapping[str, Pressed], now: int) -> None:
        """A revision came in force at `now`: presses that came with it begin (when their campaign starts, if that is later),
        or change their pace."""
        definitions = {campaign.id: campaign for campaign in context.plan.definitions.campaigns}
        for campaign_id in self.rows.keys() - pressed.keys():
            self._table.delete(campaign_id)
            del self.rows[campaign_id]
        for campaign_id, order in pressed.items():
            press, share = self.rows.get(campaign_id), order.per_second and order.per_second / self._partitions
            if press is None or press.revision != order.revision:
                begins = max(now, definitions[campaign_id].starts or now)
                press = self.rows[campaign_id] = Press(order.revision, at=begins, due=begins)
            if press.per_second != share:
                if press.per_second and share and press.due > max(press.at, now):
                    press.due = now + ceil((press.due - now) * press.per_second / share)
                press.per_second = share
            self._table.put(campaign_id, press)
        self.resume(context)

    def is_pending(self, now: int) -> bool:
        """Whether a press without a pace has somebody to reach now."""
        return any(press.per_second is None and press.due <= now for _, press in self._walking)

    def next_due(self) -> int | None:
        """When a press with a pace may go on."""
        return min((press.due for _, press in self._walking if press.per_second), default=None)

    def slice(self, turn: Turn) -> bool:
        """Bring one press on by a slice, if one is due: a press without a pace by the task's clock, one with a pace by the
        instant up to which timers may fire. True if there was one."""
        for campaign, press in self._walking:
            if press.due <= (turn.until if press.per_second else turn.now):
                at = max(press.due, turn.until - LATEST) if press.per_second else turn.now
                self._walk(turn, campaign, press, at)
                self._table.put(campaign.id, press)
                self.resume(turn.context)
                return True
        return False

    def _walk(self, turn: Turn, campaign: Campaign, press: Press, at: int) -> None:
        if campaign.ends is not None and at >= campaign.ends:
            press.cursor = None
            return
        if not press.cursor:
            self._state.profiles.count()
            press.present = self._state.profiles.census.counts().get(campaign.segment, 0)
        people = turn.share(PEOPLE_A_SLICE)
        before, most = press.reached, people
        if press.per_second:
            most = max(1, min(most, int(press.per_second / SLICES_A_SECOND)))
        rows = self._store.scan("profiles", (press.cursor or "").encode(), LAST, people)
        for key, _ in rows:
            self._reach(turn, key.decode(), campaign, press, at)
            press.cursor = f"{key.decode()}\x00"
            if press.reached - before == most:
                break
        if len(rows) < people and press.reached - before < most:
            press.cursor = None
        if press.per_second:
            press.due = at + ceil(min((press.reached - before) * 1_000 / press.per_second, LONGEST))

    def _reach(self, turn: Turn, key: str, campaign: Campaign, press: Press, at: int) -> None:
        row = self._state.profiles.get(key)
        if not isinstance(row, Profile) or row.handovers:
            return
        context, before, at = turn.context, row.now, max(at, row.now)
        sends = lapsing.catch_up(context, row, at)
        is_meant = press.means(row, campaign.segment)
        if is_meant:
            sends += campaigns.reach(context, row, campaign, press, at)
        if is_meant or row.now != before:
            self._state.profiles.put(key, row)
            lapsing.arm(context, row)
        turn.follow(sends)

    def forget(self, identifier: str) -> None:
        """No cursor may name somebody who is erased: it moves to the next profile that exists, which comes to the same."""
        for name, press in self.rows.items():
            if press.cursor and home(press.cursor) == identifier:
                following = [key.decode() for key, _ in self._store.scan("profiles", press.cursor.encode(), LAST, 1)]
                press.cursor = following[0] if following else END
                self._table.put(name, press)

    def standing(self) -> dict[str, PressStanding]:
        """From any thread."""
        walking = {campaign.id for campaign, _ in self._walking}
        return {name: PressStanding(
            revision=press.revision, present=press.present, reached=press.reached, activated=press.activated,
            is_over=press.cursor is None, is_running=name in walking) for name, press in sorted(self.rows.items())}

    def changes(self) -> list[Change]:
        return self._table.changes()
