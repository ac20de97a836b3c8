"""Touches, sessions, days, platforms and devices: the boundary of each."""
from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.core.basics import SESSION, Basics, basics, known_since
from streams.core.events import Event
from streams.core.identifiers import Namespaces
from streams.core.intake import Intake
from streams.core.profile import Fragment, Profile
from streams.core.tables import Entry

UTC = ZoneInfo("UTC")
DAY = 86_400_000
INTAKE = Intake(Namespaces(), lambda text: text)


def event(at: int, **fields: Any) -> Event:
    message = {"type": "page", "anonymousId": "c", "timestamp": at, **fields}
    return INTAKE.read(message, b"", 10 * DAY, at)


def on(platform: str, at: int, **fields: Any) -> Event:
    return event(at, context={"source": {"type": platform}}, **fields)


def of(*events: Event, zone: ZoneInfo = UTC) -> Basics:
    return basics(events, zone)


@pytest.mark.parametrize(("gap", "sessions"), [(SESSION - 1, 1), (SESSION, 3)])
def test_a_session_ends_with_half_an_hour_without_an_event(gap: int, sessions: int) -> None:
    told = of(event(2 * gap), event(0), event(gap), event(2 * gap))
    assert len(told.sessions) == sessions
    assert sum(session.events for session in told.sessions) == 4


def test_days_are_those_of_the_given_time_zone() -> None:
    hour = DAY // 24
    evening = event(22 * hour), event(23 * hour)
    assert of(*evening).visit_days == 1
    assert of(*evening, zone=ZoneInfo("Europe/Amsterdam")).visit_days == 2


def test_who_is_only_reached_does_not_visit() -> None:
    told = of(on("ad_server", 0), on("email", DAY), on("crm", 2 * DAY))
    assert (told.sessions, told.visit_days, told.moves) == ((), 0, ())
    assert set(told.platforms) == {"ad_server", "email", "crm"}
    assert told.first_touch is not None and told.first_touch.platform == "ad_server"


def test_moves_are_between_one_visiting_event_and_the_next() -> None:
    told = of(on("web", 1), on("app", 2), on("ad_server", 3), on("app", 4), on("web", 5), on("app", 6))
    assert [(move.origin, move.to, move.times, move.last) for move in told.moves] == [
        ("web", "app", 2, 6), ("app", "web", 1, 5)]
    assert told.sessions[0].platforms == ("web", "app")


@pytest.mark.parametrize(("fields", "platform"), [
    ({"type": "page"}, "web"), ({"type": "screen"}, "app"), ({"type": "track", "event": "A"}, "unknown"),
    ({"type": "track", "event": "A", "context": {"page": {"path": "/"}}}, "web"),
    ({"type": "track", "event": "A", "context": {"app": {"name": "shop"}}}, "app"),
    ({"type": "page", "context": {"source": {"type": "pos"}}}, "pos"),
    ({"type": "page", "context": {"source": {"type": 7}}}, "web")])
def test_a_platform_is_where_the_source_says_else_what_was_looked_at(fields: dict[str, Any], platform: str) -> None:
    assert list(of(event(0, **fields)).platforms) == [platform]


def test_touches_say_campaign_page_and_referrer() -> None:
    told = of(event(5), event(1, context={
        "campaign": {"source": "news"}, "page": {"path": "/shoes", "referrer": "https://example.org"}}))
    first, last = told.first_touch, told.last_touch
    assert first is not None and last is not None
    assert (first.event_time, first.campaign, first.page, first.referrer) == (
        1, {"source": "news"}, "/shoes", "https://example.org")
    assert (last.event_time, last.campaign, last.page) == (5, None, None)


def test_a_device_is_described_as_it_said_last() -> None:
    old, new = {"name": "Android", "version": "15"}, {"name": "Android", "version": "16"}
    told = of(event(3, context={"device": {"id": "d"}, "os": new}), event(9, userId="u"),
              event(1, context={"device": {"id": "d", "model": "P9"}, "os": old}))
    assert [(d.identifier, d.model, d.os, d.seen.events) for d in told.devices] == [
        ("device_id:d", "P9", "Android 16", 2), ("cookie:c", None, None, 1)]


def test_an_alias_is_evidence_and_no_event() -> None:
    told = of(event(1, type="alias", userId="u", previousId="c"))
    assert told.first_touch is None and not told.counters


def entry(at: int, fragment: str) -> Entry:
    return Entry(at << 20, at, at, fragment, (fragment,), b"")


def test_what_is_complete_is_known_since_ever_and_what_forgot_since_its_oldest() -> None:
    whole, short = Fragment("a", events=1, last_seen=5), Fragment("b", events=3, last_seen=9)
    gone = Fragment("c", events=2, last_seen=4)
    entries = [entry(5, "a"), entry(7, "b"), entry(9, "b")]
    assert known_since(Profile("p", "", fragments={"a": whole}), entries) is None
    assert known_since(Profile("p", "", fragments={"a": whole, "b": short}), entries) == 8
    assert known_since(Profile("p", "", fragments={"a": whole, "c": gone}), entries) == 5
