"""Who an identifier belongs to, by event time.

Owners are half-open intervals [from, profile key, epoch], oldest first, the first one from `BEGINNING`: an attached
identifier brings all its history. One that moves belongs to the new owner from the log-in on, and a late hit still finds who
had the cookie then. Each interval has an epoch, and so a fragment, of its own."""
from __future__ import annotations

from operator import itemgetter
from typing import Any, TypeAlias

from streams.core.intervals import BEGINNING

NOBODY = ""
"""Owner of an interval whose profile was forgotten: of the last interval, if others still have older ones; of any interval,
if its owner was erased."""
MOST_INTERVALS = 64
"""Of one identifier. After that many, late events of its oldest owner's time count for the next one."""
Owners: TypeAlias = list[list[Any]]
FROM, OWNER = range(2)
"""Places in an interval."""


def begins_erased(owners: Owners) -> bool:
    """Whether the oldest interval was an erased person's, whose events must never fall to somebody else."""
    return not owners[0][OWNER]


def owner_at(owners: Owners, event_time: int) -> tuple[str, int] | None:
    """(profile key, epoch) of the owner then; None where nobody did."""
    for since, profile, epoch in reversed(owners):
        if since <= event_time:
            return (profile, epoch) if profile else None
    return None


def present_owner(owners: Owners) -> str | None:
    """The profile key of whoever has the identifier now; None if nobody has."""
    return (owners[-1][OWNER] or None) if owners else None


def until(owners: Owners, event_time: int) -> int | None:
    """When the interval that holds this event time ends; None if it is the present one."""
    return next((since for since, _, _ in owners if since > event_time), None)


def move(owners: Owners, event_time: int, profile: str, epoch: int) -> Owners:
    """The owners once `profile` has it from this event time to the end of the interval it falls in."""
    kept = [interval for interval in owners if interval[FROM] != event_time]
    kept.append([event_time, profile, epoch])
    kept.sort(key=itemgetter(FROM))
    return kept


def shorten(owners: Owners) -> None:
    """Not more than `MOST_INTERVALS`: the next owner has the time of the oldest one too."""
    while len(owners) > MOST_INTERVALS:
        del owners[0]
        owners[0][FROM] = BEGINNING


def rename(owners: Owners, absorbed: str, survivor: str) -> None:
    """Intervals of the absorbed profile are the survivor's."""
    for interval in owners:
        if interval[OWNER] == absorbed:
            interval[OWNER] = survivor


def claim(owners: Owners, profile: str, epoch: int, earliest: int = BEGINNING) -> int:
    """Give what nobody owns to the profile, but nothing before `earliest`. Returns since when the profile owns it."""
    since: int = owners[-1][FROM] if owners else BEGINNING
    if since >= earliest:
        del owners[-1:]
    elif not owners:
        owners.append([BEGINNING, NOBODY, 0])
    since = max(since, earliest)
    owners.append([since, profile, epoch])
    return since


def ends(owners: Owners, profile: str) -> int | None:
    """When the last of the profile's intervals ends; None if that is the present one, or there is none."""
    mine = [since for since, owner, _ in owners if owner == profile]
    return until(owners, mine[-1]) if mine else None


def vacate(owners: Owners, forgotten: str) -> None:
    """Older intervals of the forgotten profile become the next owner's, for late events; its present one becomes nobody's.
    If no owner is left, the list is emptied."""
    kept: Owners = []
    begins = None
    for since, profile, epoch in owners:
        if profile == forgotten and owners[-1][FROM] != since:
            begins = since if begins is None else begins
            continue
        kept.append([since if begins is None else begins, NOBODY if profile == forgotten else profile, epoch])
        begins = None
    owners[:] = kept if any(profile for _, profile, _ in kept) else []
