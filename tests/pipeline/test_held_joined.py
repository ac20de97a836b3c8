"""Two who turn out to be one, and what each had heard, or waits to hear: one message, whichever of them survives."""
from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from streams.core.campaigns.messaging import LEFT
from streams.testing import Pipeline
from tests.strategies import LIMITS_LIFTED

MINUTE = 60_000
HALVES = ("survivor", "absorbed")
STANDINGS = ("out", "suppressed", "sent", "waits")
HAD, WAITS = "sent before they were joined", "waits already, since before they were joined"


def clock(text: str) -> int:
    hours, minutes = text.split(":")
    return (int(hours) * 60 + int(minutes)) * MINUTE


def world(partitions: int, within: str = "3d", quiet: tuple[str, str] = ("11:00", "17:00"), **fields: Any) -> Pipeline:
    """The survivor is older; both have an address."""
    pipeline = Pipeline(LIMITS_LIFTED | {
        "segment/s": {"kind": "segment", "id": "s", "rule": {"performed": {"event": "E", "within": within}}},
        "campaign/k": {"kind": "campaign", "id": "k", "segment": "s", "status": "live",
                       "channels": {"email": {"subject": "s", "text": "t", "purpose": "mail"}},
                       "quiet_hours": {"from": quiet[0], "to": quiet[1], "time_zone": "UTC"}, **fields},
    }, partitions)
    for number, half in enumerate(HALVES):
        says(pipeline, half, f"10:0{number}", event="A")
    return pipeline


def says(pipeline: Pipeline, half: str, at: str, event: str = "E", mail: bool | None = None, join: str = "") -> None:
    """join: whose address it names too."""
    consent = {} if mail is None else {"consent": {"purposes": {"mail": mail}}}
    pipeline.send({"type": "track", "event": event, "messageId": f"{half} {at}", "timestamp": clock(at), "anonymousId": half,
                   "context": {"traits": {"email": f"{join or half}@example.org"}, **consent}})


def become(pipeline: Pipeline, half: str, standing: str) -> None:
    match standing:
        case "suppressed":
            says(pipeline, half, "10:30")
        case "sent":
            says(pipeline, half, "10:31", mail=True)
        case "waits":
            says(pipeline, half, "11:40", mail=True)


def mailed(pipeline: Pipeline) -> list[int]:
    return [activation.at for activation in pipeline.activations("email")]


def reasons(pipeline: Pipeline) -> list[str]:
    return [suppressed.reason for suppressed in pipeline.suppressed]


@pytest.mark.parametrize("partitions", [1, 5])
@pytest.mark.parametrize(("survivor", "absorbed"), [*product(STANDINGS, STANDINGS)])
def test_what_waits_goes_out_unless_the_person_has_had_it(survivor: str, absorbed: str, partitions: int) -> None:
    pipeline = world(partitions)
    standings = [survivor, absorbed]
    for half, standing in sorted(zip(HALVES, standings, strict=True), key=lambda each: each[1]):
        become(pipeline, half, standing)
    says(pipeline, "survivor", "12:50", event="A", join="absorbed")
    pipeline.advance(to=clock("23:00"))
    is_due = "waits" in standings and "sent" not in standings
    assert mailed(pipeline) == [clock("10:31")] * standings.count("sent") + [clock("17:00")] * is_due
    told = [reason for reason in reasons(pipeline) if not reason.startswith("no consent")]
    assert told == [HAD] * ({"sent", "waits"} == set(standings)) + [WAITS] * (standings == ["waits", "waits"])


@pytest.mark.parametrize("partitions", [1, 5])
@pytest.mark.parametrize(("survivor", "absorbed"), [("sent", "suppressed"), ("suppressed", "sent"), ("out", "sent")])
def test_that_it_was_sent_is_known_after_a_further_merge(survivor: str, absorbed: str, partitions: int) -> None:
    pipeline = world(partitions)
    become(pipeline, "survivor", survivor)
    become(pipeline, "absorbed", absorbed)
    says(pipeline, "survivor", "11:10", event="A", join="absorbed")
    become(pipeline, "third", "waits")
    says(pipeline, "survivor", "12:50", event="A", join="third")
    pipeline.advance(to=clock("23:00"))
    assert mailed(pipeline) == [clock("10:31")]
    assert reasons(pipeline)[-1] == HAD


@pytest.mark.parametrize("partitions", [1, 5])
@pytest.mark.parametrize(("early", "late"), [HALVES, HALVES[::-1]])
def test_of_two_that_wait_not_the_one_that_will_have_expired_stays(early: str, late: str, partitions: int) -> None:
    pipeline = world(partitions, valid_for="4h")
    says(pipeline, early, "11:10", mail=True)
    says(pipeline, late, "14:00", mail=True)
    says(pipeline, "survivor", "14:30", event="A", join="absorbed")
    pipeline.advance(to=clock("23:00"))
    assert mailed(pipeline) == [clock("17:00")]


@pytest.mark.parametrize("partitions", [1, 5])
@pytest.mark.parametrize(("ends", "stays"), [HALVES, HALVES[::-1]])
def test_it_waits_on_for_a_membership_that_goes_on_through_the_other_half(ends: str, stays: str, partitions: int) -> None:
    pipeline = world(partitions, within="3h")
    says(pipeline, ends, "11:40", mail=True)
    says(pipeline, stays, "14:20", mail=None)
    says(pipeline, "survivor", "14:40", event="A", join="absorbed")
    pipeline.advance(to=clock("23:00"))
    assert mailed(pipeline) == [clock("17:00")]


@pytest.mark.parametrize("partitions", [1, 5])
def test_who_had_left_and_is_in_again_by_a_merge_is_not_told_twice(partitions: int) -> None:
    pipeline = world(partitions, within="1h", quiet=("11:00", "11:30"), trigger="both")
    says(pipeline, "survivor", "10:05", mail=True)
    says(pipeline, "absorbed", "10:55", mail=True)
    says(pipeline, "survivor", "11:10", event="A", join="absorbed")
    assert reasons(pipeline) == ["entered again while held"]
    pipeline.advance(to=clock("23:00"))
    assert mailed(pipeline) == [clock("10:05"), clock("10:55"), clock("11:55")]


@pytest.mark.parametrize("partitions", [1, 5])
@pytest.mark.parametrize(("left", "stays"), [HALVES, HALVES[::-1]])
def test_that_one_half_left_is_not_said_of_who_is_in_through_the_other(left: str, stays: str, partitions: int) -> None:
    pipeline = world(partitions, within="1h", trigger="exited")
    says(pipeline, left, "10:05", mail=True)
    says(pipeline, stays, "16:55")
    says(pipeline, "survivor", "16:56", event="A", join="absorbed")
    pipeline.advance(to=clock("17:30"))
    assert not mailed(pipeline) and reasons(pipeline) == ["entered again while held"]


@pytest.mark.parametrize("partitions", [1, 5])
def test_more_than_may_wait_is_told(partitions: int) -> None:
    pipeline = world(partitions, trigger={"each": "E"})
    for half in HALVES:
        for number in range(30):
            says(pipeline, half, f"{12 if half == 'absorbed' else 11}:{number + 10}", mail=True)
    says(pipeline, "survivor", "13:00", event="A", join="absorbed")
    assert reasons(pipeline) == ["quiet hours, and 50 messages wait already"] * 10
    pipeline.advance(to=clock("23:00"))
    assert mailed(pipeline) == [clock("17:00")] * 50


@pytest.mark.parametrize("partitions", [1, 5])
def test_what_waits_with_a_part_for_a_membership_that_the_whole_does_not_have_is_given_up(partitions: int) -> None:
    """The survivor was never in, so no change of membership says that the absorbed part's is over."""
    pipeline = world(partitions)
    idle = {"all": [{"performed": {"event": "E"}}, {"not": {"performed": {"event": "E", "within": "1h"}}}]}
    campaign = {"kind": "campaign", "id": "k", "segment": "s", "status": "live",
                "channels": {"email": {"subject": "s", "text": "t", "purpose": "mail"}},
                "quiet_hours": {"from": "11:00", "to": "17:00", "time_zone": "UTC"}}
    pipeline.apply(LIMITS_LIFTED | {"segment/s": {"kind": "segment", "id": "s", "rule": idle}, "campaign/k": campaign})
    says(pipeline, "absorbed", "10:30", mail=True)
    says(pipeline, "survivor", "11:50", mail=True)
    says(pipeline, "survivor", "12:00", event="A", join="absorbed")
    assert reasons(pipeline) == [LEFT] and not pipeline.members("s")
    pipeline.advance(to=clock("23:00"))
    assert mailed(pipeline) == [clock("17:00")]
