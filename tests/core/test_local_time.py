"""Quiet hours and calendar days where clocks are put forward and back."""
from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from streams.core.campaigns.local_time import day, midnight, quiet_until, zone, zone_of
from streams.core.definitions import QuietHours
from streams.core.profile import Fragment, Profile

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NIGHT = QuietHours(start="21:00", end="08:00", time_zone="Europe/Amsterdam")
NOON = QuietHours(start="12:00", end="13:30", time_zone="Europe/Amsterdam")
EARLY = QuietHours(start="00:00", end="02:30", time_zone="Europe/Amsterdam")
LATE = QuietHours(start="21:00", end="02:30", time_zone="Europe/Amsterdam")
HOUR = 3_600_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(("hours", "at", "ends"), [
    (NIGHT, "2026-01-10T20:59:59.999+01:00", None),
    (NIGHT, "2026-01-10T21:00:00+01:00", "2026-01-11T08:00:00+01:00"),
    (NIGHT, "2026-01-11T07:59:59.999+01:00", "2026-01-11T08:00:00+01:00"),
    (NIGHT, "2026-01-11T08:00:00+01:00", None),
    (NOON, "2026-01-10T13:29:00+01:00", "2026-01-10T13:30:00+01:00"),
    (NOON, "2026-01-10T13:30:00+01:00", None),
    (NIGHT, "2026-03-28T22:00:00+01:00", "2026-03-29T08:00:00+02:00"),
    (NIGHT, "2026-10-24T22:00:00+02:00", "2026-10-25T08:00:00+01:00"),
    (EARLY, "2026-03-29T01:59:00+01:00", "2026-03-29T03:00:00+02:00"),
    (LATE, "2026-03-28T22:00:00+01:00", "2026-03-29T03:00:00+02:00"),
    (LATE, "2026-03-29T03:00:00+02:00", None),
    (EARLY, "2026-10-25T02:15:00+02:00", "2026-10-25T02:30:00+02:00"),
    (EARLY, "2026-10-25T02:15:00+01:00", "2026-10-25T02:30:00+01:00"),
])
def test_quiet_hours_end_on_the_local_clock(hours: QuietHours, at: str, ends: str | None) -> None:
    assert quiet_until(hours, AMSTERDAM, ms(at)) == (None if ends is None else ms(ends))


@pytest.mark.parametrize("hours", [NIGHT, NOON, EARLY, LATE])
@pytest.mark.parametrize("around", ["2026-03-28T00:00:00+00:00", "2026-10-24T00:00:00+00:00"])
def test_an_end_is_always_later_so_that_what_waits_comes_to_an_end(hours: QuietHours, around: str) -> None:
    for minutes in range(0, 3 * 24 * 60, 7):
        at = ms(around) + minutes * 60_000
        ends = quiet_until(hours, AMSTERDAM, at)
        assert ends is None or (at < ends <= at + 12 * HOUR and quiet_until(hours, AMSTERDAM, ends) is None)


def test_days_are_the_calendars_and_weeks_begin_on_monday() -> None:
    assert day(ms("2026-01-10T23:59:59+01:00"), AMSTERDAM) + 1 == day(ms("2026-01-11T00:00:00+01:00"), AMSTERDAM)
    assert (day(ms("2026-11-23T12:00:00+01:00"), AMSTERDAM) - 1) % 7 == 0


def profile(trait: object, *seen: tuple[str, int]) -> Profile:
    found = Profile("cookie:c", "pid")
    for number, (name, at) in enumerate(seen):
        found.fragments[str(number)] = Fragment(str(number), time_zone=[name, at])
    if trait is not None:
        found.fragments["t"] = Fragment("t", traits={"timezone": [trait, 1, 1, ""]})
    return found


@pytest.mark.parametrize(("person", "zone_name"), [
    (profile(None), "UTC"),
    (profile(None, ("Asia/Tokyo", 1), ("America/Lima", 2)), "America/Lima"),
    (profile("Europe/Paris", ("Asia/Tokyo", 1)), "Europe/Paris"),
    (profile("Nowhere/Land", ("Asia/Tokyo", 1)), "Asia/Tokyo"),
    (profile(7, ("../../etc/passwd", 1)), "UTC"),
])
def test_the_trait_then_the_newest_context_then_the_campaigns(person: Profile, zone_name: str) -> None:
    assert zone_of(person, "UTC").key == zone_name


def test_what_is_no_time_zone_is_none() -> None:
    assert [zone(name) for name in ("", "/etc/localtime", "x" * 64, "Europe")] == [None] * 4


@pytest.mark.parametrize("name", ["Europe/Amsterdam", "America/Havana", "Asia/Beirut", "Africa/Cairo", "Pacific/Apia"])
def test_midnight_is_the_first_instant_of_its_day(name: str) -> None:
    where = ZoneInfo(name)
    for number in range(date(1996, 1, 1).toordinal(), date(2026, 1, 1).toordinal()):
        starts = midnight(number, where)
        assert day(starts - 1, where) < number <= day(starts, where)


@pytest.mark.parametrize(("name", "back"), [
    ("America/Moncton", "2000-10-29T00:01:00-03:00"), ("America/St_Johns", "2006-10-29T00:01:00-02:30"),
    ("Antarctica/Casey", "2010-03-05T02:00:00+11:00")])
def test_a_day_that_comes_again_is_over_when_it_does_not_any_more(name: str, back: str) -> None:
    """The clock is put back over midnight: who waits for the next day would be decided about, and wait, for ever."""
    where = ZoneInfo(name)
    for minutes in range(-180, 360):
        at = ms(back) + minutes * 60_000
        starts = midnight(day(at, where) + 1, where)
        assert at < starts and all(day(starts + later * 60_000, where) > day(at, where) for later in range(240))
