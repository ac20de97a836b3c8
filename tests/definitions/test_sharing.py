"""Which campaigns take people out of each other's audience, and that they are accepted all the same."""
from __future__ import annotations

from typing import Any

import pytest

from streams.definitions import build
from streams.definitions.sharing import shared_audiences

AT = 1_800_000_000_000
"""2027-01-15."""
BUYERS = {"kind": "segment", "id": "buyers", "rule": {"performed": {"event": "Order Completed", "within": "1d"}}}
HTTP = {"kind": "destination", "channel": "display", "connector": "http", "settings": {"url": "https://example.org"}}
MAIL = {"kind": "destination", "id": "post", "channel": "email", "connector": "http", "settings": HTTP["settings"]}


def campaign(name: str, display: dict[str, Any], **given: Any) -> dict[str, Any]:
    channels = {"display": {"audience": "cart", "purpose": "personalised-ads", **display}}
    return {"kind": "campaign", "id": name, "segment": "buyers", "channels": channels, **given}


def documents(one: dict[str, Any], other: dict[str, Any]) -> list[dict[str, Any]]:
    return [BUYERS, HTTP | {"id": "ads"}, HTTP | {"id": "meta"}, MAIL,
            campaign("one", **one), campaign("other", **other)]


def told(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    given = {f"{each['kind']}/{each['id']}": each for each in documents(one, other)}
    return list(shared_audiences(build(given, 0, {}), AT))


EVERYWHERE: dict[str, Any] = {"display": {}}
META: dict[str, Any] = {"display": {"destinations": ["meta"]}}
SPLIT = {"variants": [{"id": "a", "percent": 100, "channels": {"display": {"audience": "cart"}}}]}


@pytest.mark.parametrize(("one", "other", "where"), [
    (EVERYWHERE, EVERYWHERE, "ads, meta"),
    (META, EVERYWHERE, "meta"),
    (META | {"ends": "2027-02-01T00:00:00Z"}, META | {"starts": "2027-01-31T23:59:59Z"}, "meta"),
    (META | {"status": "live"}, META | {"status": "paused"}, "meta"),
    ({"display": {"audience": "else"}, "split": SPLIT}, META, "meta"),
    ({"display": {"identifiers": ["cookie", "email"], "destinations": ["ads", "meta"]}}, META, "meta"),
])
def test_two_that_share_an_audience_at_a_destination(one: dict[str, Any], other: dict[str, Any], where: str) -> None:
    (sentence,) = told(one, other)
    assert sentence.startswith(f"campaigns one and other share the audience cart at {where}: ") and "`any`" in sentence
    assert told(other, one) == [sentence]


@pytest.mark.parametrize("other", [
    {"display": {"audience": "else"}},
    {"display": {"destinations": ["ads"]}},
    META | {"status": "draft"},
    META | {"ends": "2027-01-15T08:00:00Z"},
    META | {"starts": "2027-02-01T00:00:00Z"},
    META | {"split": {"variants": [{"id": "a", "percent": 100, "channels": {"display": {"audience": "else"}}}]}},
    {"display": {"identifiers": ["email"], "destinations": ["meta"]}},
])
def test_two_that_do_not_get_in_each_other_s_way(other: dict[str, Any]) -> None:
    assert told(META | {"ends": "2027-02-01T00:00:00Z"}, other) == []


def test_the_variants_of_one_campaign_may_share_its_audience() -> None:
    """A person is in one of them for good."""
    both = {"variants": [{"id": "a", "percent": 50}, {"id": "b", "percent": 50}]}
    assert told(META | {"split": both}, {"display": {"audience": "else"}}) == []
