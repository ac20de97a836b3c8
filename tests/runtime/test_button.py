"""What the button of a campaign takes over HTTP, and what it refuses before anything is pressed."""
from __future__ import annotations

from typing import Any

import pytest

from streams.runtime.outside.button import progress
from streams.runtime.status.button import pace_of
from streams.runtime.status.views import RequestRefused
from streams.task.publishing import Published


@pytest.mark.parametrize(("body", "pace"), [({}, None), ({"per_second": 500}, 500.0), ({"per_second": 0.5}, 0.5)])
def test_a_pace_is_a_number_or_none(body: dict[str, Any], pace: float | None) -> None:
    assert pace_of(body) == pace


@pytest.mark.parametrize("pace", [0, -1, True, "5", [], float("inf"), float("nan"), 1e9])
def test_what_is_no_pace_is_refused(pace: object) -> None:
    with pytest.raises(RequestRefused, match="per_second: expected a number above 0"):
        pace_of({"per_second": pace})


@pytest.mark.parametrize("name", ["perSecond", "per_seconds", "rate"])
def test_a_mistyped_pace_does_not_press_at_full_speed(name: str) -> None:
    with pytest.raises(RequestRefused, match=f"{name}: no such field; expected per_second") as refused:
        pace_of({name: 5})
    assert refused.value.status == 400


def test_of_a_campaign_never_pressed_nobody_is_waited_for() -> None:
    found = progress("c", Published(document={}, version=1, state="draft"), [], tasks=2)
    assert (found.is_over, found.silent) == (True, 0)
