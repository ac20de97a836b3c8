"""The person's own clock: which time zone, which calendar day, and when quiet hours end.

Zone data comes with the standard library; an instant goes to local time and back through it, so days of 23 and 25
hours are what they are.
"""
from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from streams.core.definitions import QuietHours
from streams.core.precedence import Order, in_force
from streams.core.profile import VALUE, Profile
from streams.core.values import EPOCH, epoch_ms

TIME_ZONE = "timezone"
"""The trait that says where a person lives."""


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """None if there is no such time zone: the name comes from outside."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


def zone_of(profile: Profile, otherwise: str, believed: Order = ()) -> ZoneInfo:
    """The trait `timezone`, else the `context.timezone` seen last, else `otherwise`."""
    statement = in_force(profile, TIME_ZONE, believed)
    stated = statement[VALUE] if statement else None
    found = zone(stated) if isinstance(stated, str) else None
    if found is None:
        seen = [fragment.time_zone for fragment in profile.fragments.values() if fragment.time_zone]
        _, name = max(((event_time, name) for name, event_time in seen), default=(None, None))
        found = zone(name) if name else None
    return found or zone_named(otherwise)


def zone_named(name: str) -> ZoneInfo:
    """That of a definition; UTC if this machine has no zone of that name."""
    return zone(name) or ZoneInfo("UTC")


def day(at: int, where: ZoneInfo) -> int:
    """The local calendar day, as a number; day 1 was a Monday, so whole weeks begin on Mondays."""
    return _local(at, where).date().toordinal()


def midnight(number: int, where: ZoneInfo) -> int:
    """The first instant of that calendar day, or of the one after it where the clock skips it; where the clock is put back
    over midnight, so that the day before comes again, the one after which it does not."""
    starts = (datetime.combine(date.fromordinal(number), time(fold=fold), where) for fold in (0, 1))
    return max(instant for instant in map(_instant, starts) if day(instant - 1, where) < number <= day(instant, where))


def quiet_until(hours: QuietHours, where: ZoneInfo, at: int) -> int | None:
    """When the quiet hours that `at` lies in end; None if it lies in none. An end that the clock skips in spring comes when
    the clock skips it: at the first instant after it that there is."""
    local, start, end = _local(at, where), time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    now = local.time()
    is_over_midnight = start > end
    is_quiet = (now >= start or now < end) if is_over_midnight else start <= now < end
    if not is_quiet:
        return None
    last = local.date() + timedelta(days=1) if is_over_midnight and now >= start else local.date()
    first, second = (_instant(datetime.combine(last, end.replace(fold=fold), where)) for fold in (0, 1))
    if first > second:
        skipped = range(second, first)
        return second + bisect_left(skipped, (last, end), key=lambda instant: _date_and_time(instant, where))
    return first if first > at else second


def _date_and_time(at: int, where: ZoneInfo) -> tuple[date, time]:
    local = _local(at, where)
    return local.date(), local.time()


def _local(at: int, where: ZoneInfo) -> datetime:
    return (EPOCH + timedelta(milliseconds=at)).astimezone(where)


def _instant(local: datetime) -> int:
    return epoch_ms(local.astimezone(UTC))
