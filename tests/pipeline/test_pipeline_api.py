"""`streams.testing.Pipeline` as a notebook uses it: INTERFACES, section 5."""
from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from streams.core.errors import Misconfigured
from streams.moments import moment, span
from streams.testing import Pipeline

DAY = 86_400_000
MARCH = 1_772_323_200_000
DEFINITIONS = {"segment/s": {"kind": "segment", "id": "s", "rule": {"performed": {"event": "A", "within": "1d"}}}}


def said(event: str, time: str, **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "anonymousId": "c", "timestamp": time, **fields}


def test_the_clock_is_that_of_the_messages_as_in_a_backtest() -> None:
    """They all were of 1970: no time passed between them."""
    pipeline = Pipeline(DEFINITIONS)
    pipeline.send(said("A", "2026-03-01T00:00:00Z"))
    assert pipeline.members("s") == {"cookie:c"}
    pipeline.send(said("B", "2026-03-01T01:00:00Z", receivedAt="2026-03-02T00:00:00Z"))
    assert pipeline.now == MARCH + DAY
    pipeline.advance(by=0)
    assert [(each.change, each.at) for each in pipeline.memberships] == [("entered", MARCH), ("exited", MARCH + DAY)]


@pytest.mark.parametrize("stated", [{}, {"timestamp": "2026-02-01T00:00:00Z"}, {"timestamp": "soon"}])
def test_without_a_time_or_with_one_of_the_past_it_is_now(stated: dict[str, Any]) -> None:
    pipeline = Pipeline(DEFINITIONS, start="2026-03-01")
    pipeline.send({"type": "track", "event": "A", "anonymousId": "c", **stated})
    assert pipeline.now == MARCH


def test_the_time_given_goes_before_what_the_message_says() -> None:
    pipeline = Pipeline(DEFINITIONS, start="2026-03-01")
    pipeline.send(said("A", "2026-03-09T00:00:00Z"), at="2026-03-02T00:00:00Z")
    assert pipeline.now == MARCH + DAY


@pytest.mark.parametrize("stated", [
    MARCH, "2026-03-01", "2026-03-01T01:00:00+01:00", datetime.fromisoformat("2026-03-01"),
    datetime(2026, 3, 1, tzinfo=UTC),
    datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=1)))])
def test_a_moment(stated: Any) -> None:
    assert moment(stated) == MARCH == Pipeline(start=stated).now


@pytest.mark.parametrize("stated", [DAY, "1d", "24h", timedelta(days=1)])
def test_a_span(stated: Any) -> None:
    pipeline = Pipeline(DEFINITIONS, start=MARCH)
    pipeline.advance(by=stated)
    assert span(stated) == DAY == pipeline.now - MARCH


@pytest.mark.parametrize(("call", "said"), [
    (lambda: moment("soon"), "'soon': the moment is no time; expected ISO 8601 with zone or epoch milliseconds"),
    (lambda: span("3 days"), "'3 days' is no duration; expected ms, a timedelta, or a text such as 90s, 30m, 3h, 7d or 2w")])
def test_what_is_neither_is_said_so(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        call()


def test_a_folder_of_definitions_may_be_named_by_a_text(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("kind: segment\nid: s\nrule: {everyone: {}}\n")
    pipeline = Pipeline(str(tmp_path))
    pipeline.send({"type": "page", "anonymousId": "c"})
    assert pipeline.members("s") == {"cookie:c"}


def test_names_of_nothing_are_said() -> None:
    pipeline = Pipeline(DEFINITIONS)
    with pytest.raises(Misconfigured, match=r"there is no segment t; expected one of s$"):
        pipeline.members("t")
    with pytest.raises(Misconfigured, match=r"there is no campaign welcome; none is defined$"):
        pipeline.activate("welcome")
    with pytest.raises(ValueError, match="partitions is 0; expected a whole number, 1 or more"):
        Pipeline(DEFINITIONS, partitions=0)


def test_a_deleted_segment_has_no_members() -> None:
    pipeline = Pipeline(DEFINITIONS)
    pipeline.send(said("A", "2026-03-01T00:00:00Z"))
    pipeline.apply({})
    assert pipeline.members("s") == set()


def test_a_profile_is_found_however_its_identifier_is_spelled() -> None:
    pipeline = Pipeline(DEFINITIONS)
    pipeline.send(said("A", "2026-03-01T00:00:00Z", context={"traits": {"email": "Jane@Example.com"}}))
    for spelling in ("email:jane@example.com", "email:JANE@example.COM", "Email: jane@example.com "):
        assert (pipeline.profile(spelling) or {})["identifiers"]
    assert pipeline.profile("nobody") is None


@pytest.mark.parametrize("stated", [{}, {"to": 5, "by": 5}])
def test_time_passes_until_a_moment_or_for_a_span(stated: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="either to=, a moment, or by=, a span of time"):
        Pipeline().advance(**stated)


def test_a_moment_that_is_over_changes_nothing() -> None:
    pipeline = Pipeline(start=10)
    pipeline.advance(to=5)
    assert pipeline.now == 10


S = {"kind": "segment", "id": "s", "rule": {"performed": {"event": "A"}}}


@pytest.mark.parametrize("given", [S, [S], ({**S, "id": "t"}, S), {"segment/s": S}])
def test_definitions_as_values(given: Any) -> None:
    pipeline = Pipeline(given)
    pipeline.send(said("A", "2026-03-01T00:00:00Z"))
    assert pipeline.members("s") == {"cookie:c"}


@pytest.mark.parametrize(("given", "fault"), [
    ([{"kind": "segment"}, {"kind": "segment"}], "a document has no id"),
    ([S, {**S, "rule": {"everyone": {}}}], "segment/s a second time; expected each id once within its kind"),
    (["kind: segment"], "a document is str; expected a dict with kind and id"),
    ([{"id": "s"}], "a document has no kind"),
    ([{**S, "rule": {"evryone": {}}}], 'segment/s: unknown node "evryone" in rule')])
def test_definitions_as_values_that_are_refused(given: Any, fault: str) -> None:
    with pytest.raises(Misconfigured, match=re.escape(fault)):
        Pipeline(given)
