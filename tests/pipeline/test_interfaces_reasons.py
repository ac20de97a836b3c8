"""INTERFACES: every change of an audience says because of what, and `campaign explain` says why nothing was sent.

As an outsider reads it, who knows only what was sent in. Times are hours since midnight (UTC) of the 1st of March.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from streams.core.campaigns.explaining import explain
from streams.testing import Pipeline

Step = Callable[[Pipeline], None]
START, HOUR = 1_772_323_200_000, 3_600_000
SEGMENT = {"kind": "segment", "id": "s", "rule": {"performed": {"event": "A", "within": "1d"}}}
CAMPAIGN = {"kind": "campaign", "id": "c", "segment": "s", "trigger": "entered", "status": "live"}
MAIL = {"channels": {"email": {"subject": "Hi", "text": "there", "purpose": "p"}}}
ADS = {"channels": {"display": {"audience": "a", "destinations": ["gam"], "purpose": "p"}}}
NIGHT = {"quiet_hours": {"from": "21:00", "to": "08:00", "time_zone": "Europe/Amsterdam"}}
GRANTED, DENIED = ({"context": {"consent": {"purposes": {"p": said}}}} for said in (True, False))
JANE, COOKIE, ADDRESS = "customer_id:jane", "cookie:c", "email:jane@example.org"


def did(hour: float, event: str = "A", **message: Any) -> Step:
    at = START + int(hour * HOUR)
    whole = {"type": "track", "event": event, "messageId": str(hour), "userId": "jane", "timestamp": at, **message}
    return lambda pipeline: pipeline.send(whole, at)


def known(hour: float, message: Mapping[str, Any] = GRANTED) -> Step:
    return did(hour, type="identify", traits={"email": "jane@example.org"}, **message)


def asked(action: str, identifier: str, reason: str | None = None) -> Step:
    return lambda pipeline: pipeline.request(action, identifier, reason)


def until(hour: float) -> Step:
    return lambda pipeline: pipeline.advance(to=START + int(hour * HOUR))


def split(pipeline: Pipeline) -> None:
    pipeline.split(JANE, COOKIE)


def played(campaign: Mapping[str, Any], steps: list[Step], partitions: int) -> Pipeline:
    pipeline = Pipeline([SEGMENT, {**CAMPAIGN, **campaign}], partitions, START)
    for step in steps:
        step(pipeline)
    return pipeline


JOE = did(3, "B", userId="joe", anonymousId="c")
"""The cookie logs in as somebody else, which moves it to them."""
AUDIENCES: dict[str, tuple[list[Step], str]] = {
    "the cookie comes to somebody who consents and is not in": (
        [did(2, "B", userId="joe", **GRANTED), JOE], "exited: not in segment s"),
    "the cookie comes to somebody who never said anything": ([JOE], "exited: no consent for p"),
    "the cookie is split off from what the customer said": ([split], "exited: no consent for p"),
    "the person is suppressed": ([asked("suppress", JANE, "complained")], "exited: suppressed"),
    "the cookie is suppressed": ([asked("suppress", COOKIE)], "exited: suppressed"),
    "the person is suppressed no longer": (
        [asked("suppress", JANE), asked("unsuppress", JANE)], "entered: suppression changed"),
    "consent is withdrawn": ([did(2, "B", **DENIED)], "exited: consent for p withdrawn"),
    "consent is given again": ([did(2, "B", **DENIED), did(3, "B", **GRANTED)], "entered: consent changed"),
    "time passes": ([until(25)], "exited: time: performed A within 1d ended"),
    "the person is erased": ([asked("erase", JANE)], "exited: erased on request"),
}


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize("case", AUDIENCES)
def test_an_audience_changes_because_of_what_happened(case: str, partitions: int) -> None:
    steps, expected = AUDIENCES[case]
    last = played(ADS, [did(1, anonymousId="c", **GRANTED), *steps], partitions).activations("display")[-1]
    assert (last.identifier, f"{last.change}: {last.because}") == (COOKIE, expected)


ENTERS = [known(1), did(2)]
NOT_SENT: dict[str, tuple[Mapping[str, Any], list[Step], list[str]]] = {
    "no consent": ({}, [known(1, {}), did(2)], ["not sent: no consent for p", "now: no consent for p"]),
    "consent comes later": (
        {}, [known(1, {}), did(2), known(3)], ["not sent: no consent for p", "now: nothing speaks against it"]),
    "a bounce": (
        {}, [known(1), asked("suppress", "email: Jane@Example.org", "bounced"), did(2)],
        ["not sent: suppressed: bounced", "now: suppressed: bounced"]),
    "a bounce of an address that nobody had yet": (
        {}, [asked("suppress", ADDRESS, "bounced"), *ENTERS],
        ["not sent: suppressed: bounced", "now: suppressed: bounced"]),
    "a complaint while it waits": (
        NIGHT, [*ENTERS, asked("suppress", JANE, "complained"), until(7)],
        ["not sent: suppressed: complained", "now: suppressed: complained"]),
    "its campaign ends while it waits": (
        NIGHT | {"ends": "2026-03-01T05:00:00Z"}, [*ENTERS, until(7)],
        ["not sent: expired while held: quiet hours", "now: the campaign has ended"]),
    "its campaign is paused when it is due": (
        NIGHT, [*ENTERS, lambda pipeline: pipeline.activate("c", "paused"), until(7)],
        ["not sent: campaign not live when due", "now: the campaign is paused"]),
    "the person leaves while it waits for the cap": (
        {"cap": {"at_most": 1, "per": "7d"}}, [*ENTERS, until(27), did(28), until(53)],
        ["not sent: left the segment while held", "now: not in segment s; cap reached: 1 in 604800 s over campaign"]),
}


@pytest.mark.parametrize("case", NOT_SENT)
def test_what_was_not_sent_says_why_and_what_speaks_against_it_now(case: str) -> None:
    campaign, steps, expected = NOT_SENT[case]
    pipeline = played(MAIL | campaign, steps, 4)
    [person] = (profile for profile in pipeline.profiles() if JANE in profile.identifiers)
    [defined] = pipeline.plan.definitions.campaigns
    assert [each.says for each in explain(person, defined, pipeline.now)] == expected
