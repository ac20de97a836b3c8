"""Messages that wait for quiet hours to end or a cap to free. They are rows on the profile, so they travel with it when
it merges.

A row is [due, campaign, channel, kind, segment, because, arrival of the deciding event or 0, since, why]; the event
itself is in the timeline. A membership has at most one waiting message a campaign and channel; all of a profile are bounded.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from streams.core.definitions import Trigger
from streams.core.profile import Profile

MOST = 50


class HeldMessage(NamedTuple):
    """kind: what triggered it, `both` is entered or exited here. since: when. why: what it waits for, in words."""

    due: int
    campaign: str
    channel: str
    kind: Trigger
    segment: str
    because: str
    arrival: int
    since: int
    why: str

    @property
    def occasion(self) -> tuple[str, str, Trigger, str]:
        """What it waits with: two of one occasion are one message."""
        return self.campaign, self.channel, self.kind, self.segment


def hold(profile: Profile, row: HeldMessage) -> bool:
    """Keep it until it is due; False if the profile holds as many as it may."""
    if len(profile.held) >= MOST:
        return False
    profile.held.append(_row(row))
    return True


def first_due(profile: Profile) -> int:
    """When the next is due, of a profile that holds some."""
    due: int = min(due for due, *_ in profile.held)
    return due


def take_due(profile: Profile, at: int) -> list[HeldMessage]:
    """The rows that are due, taken off, in the order in which they came."""
    return _take(profile, lambda row: row.due <= at)


def take_reversed(profile: Profile, segment: str, *, entered: bool) -> list[HeldMessage]:
    """Take off the rows whose occasion is undone by a change the other way."""
    undone = Trigger.EXITED if entered else Trigger.ENTERED
    return _take(profile, lambda row: row.segment == segment and row.kind is undone)


def take_strayed(profile: Profile, segments: Mapping[str, str]) -> list[HeldMessage]:
    """Take off the rows of campaigns that have another segment now; `segments`: each campaign's."""
    return _take(profile, lambda row: segments.get(row.campaign, row.segment) != row.segment)


def rows(profile: Profile) -> list[HeldMessage]:
    return [_held(row) for row in profile.held]


def keep(profile: Profile, held: Iterable[HeldMessage]) -> None:
    """Replace all rows by these."""
    profile.held = [_row(row) for row in held]


def _take(profile: Profile, is_taken: Callable[[HeldMessage], bool]) -> list[HeldMessage]:
    found = rows(profile)
    keep(profile, (row for row in found if not is_taken(row)))
    return [row for row in found if is_taken(row)]


def _row(held: HeldMessage) -> list[Any]:
    due, campaign, channel, kind, *others = held
    return [due, campaign, channel, kind.value, *others]


def _held(row: list[Any]) -> HeldMessage:
    due, campaign, channel, kind, *others = row
    return HeldMessage(due, campaign, channel, Trigger(kind), *others)
