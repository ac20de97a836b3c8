"""Campaigns on virtual time: caps, priorities, quiet hours, pause and resume."""
from __future__ import annotations

from datetime import datetime

import pytest

from streams.core.values import Json
from streams.testing import Pipeline

HOUR = 3_600_000
DAY = 24 * HOUR
EMAIL = {"email": {"subject": "Hello", "text": "{{ event.properties.n | default('-') }}", "purpose": "mail"}}
PUSH = {"each": "Order *"}
QUIET = {"from": "21:00", "to": "08:00", "time_zone": "Europe/Amsterdam"}


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


START = ms("2026-01-12T12:00:00+01:00")


def campaign(name: str, **fields: Json) -> dict[str, Json]:
    return {f"campaign/{name}": {"kind": "campaign", "id": name, "segment": "fans", "trigger": PUSH, "channels": EMAIL,
                                 "status": "live"} | fields}


def world(*campaigns: dict[str, Json], rule: Json = None, partitions: int = 3) -> Pipeline:
    documents: dict[str, Json] = {"segment/fans": {
        "kind": "segment", "id": "fans", "rule": rule or {"trait": {"name": "fan", "is": True}}}}
    for each in campaigns:
        documents |= each
    return Pipeline(documents, partitions, start=START)


class Person:
    """Sends messages of one customer with an address and consent, numbered."""

    def __init__(self, pipeline: Pipeline, name: str = "u", **context: Json) -> None:
        self.pipeline, self.name, self.number = pipeline, name, 0
        self.context = context

    def says(self, kind: str = "track", **fields: Json) -> None:
        self.number += 1
        context = {"consent": {"purposes": {"mail": True}}} | self.context | fields.pop("context", {})
        self.pipeline.send({"type": kind, "userId": self.name, "messageId": f"{self.name}{self.number}",
                            "timestamp": self.pipeline.now, "context": context, **fields})

    def becomes(self, **traits: Json) -> None:
        self.says("identify", traits={"email": f"{self.name}@example.org"} | traits)

    def orders(self, n: int = 0) -> None:
        self.says(event="Order Completed", properties={"n": n})


def sent(pipeline: Pipeline, campaign_id: str | None = None) -> list[str]:
    return [a.content["text"] for a in pipeline.activations("email") if campaign_id in (None, a.campaign_id)]


def reasons(pipeline: Pipeline) -> list[str]:
    return [each.reason for each in pipeline.suppressed]


def test_each_names_events_as_rules_do() -> None:
    """A list of names and patterns; `*` for any."""
    listed, any_event = {"each": ["Order *", "Refunded"]}, {"each": "*"}
    pipeline = world(campaign("listed", trigger=listed), campaign("any", trigger=any_event), rule={"everyone": {}})
    person = Person(pipeline)
    person.becomes(fan=True)
    person.orders(1)
    for name in ("Refunded", "Refund", "order Completed"):
        person.says(event=name)
    assert [len(sent(pipeline, name)) for name in ("listed", "any")] == [2, 5]


def test_a_rolling_cap_opens_exactly_when_the_first_message_is_so_old() -> None:
    pipeline = world(campaign("c", cap={"at_most": 2, "per": "7d"}))
    person = Person(pipeline)
    person.becomes(fan=True)
    for wait, n in ((0, 1), (DAY, 2), (0, 3), (6 * DAY - 1, 4), (1, 5)):
        pipeline.advance(by=wait)
        person.orders(n)
    assert sent(pipeline) == ["1", "2", "3"]
    pipeline.advance(by=14 * DAY)
    assert [(a.at - START) // DAY for a in pipeline.activations()] == [0, 1, 7, 8, 14]
    assert sent(pipeline) == ["1", "2", "3", "4", "5"] and not reasons(pipeline)


@pytest.mark.parametrize(("context", "trait", "second_goes_out"), [
    ({}, {}, True), ({"timezone": "America/New_York"}, {}, False),
    ({"timezone": "America/New_York"}, {"timezone": "Europe/Amsterdam"}, True),
])
def test_a_calendar_cap_counts_the_days_of_the_person(context: Json, trait: Json, second_goes_out: bool) -> None:
    """From 23:30 to 00:30 in Amsterdam, which is one afternoon in New York."""
    hours = {"from": "03:00", "to": "04:00", "time_zone": "Europe/Amsterdam"}
    pipeline = world(campaign("c", cap={"at_most": 1, "per": "1d", "mode": "calendar"}, quiet_hours=hours))
    person = Person(pipeline, **context)
    person.becomes(fan=True, **trait)
    pipeline.advance(to=ms("2026-01-12T23:30:00+01:00"))
    person.orders(1)
    pipeline.advance(by=HOUR)
    person.orders(2)
    assert sent(pipeline) == (["1", "2"] if second_goes_out else ["1"])


def test_caps_over_a_channel_and_everything_let_the_stronger_campaign_go_first() -> None:
    over = [{"at_most": 5, "per": "1d"}, {"at_most": 1, "per": "1d", "over": "channel"}]
    pipeline = world(campaign("a-weak", cap=over), campaign("b-strong", cap=over, priority=1),
                     campaign("c-all", cap={"at_most": 2, "per": "1d", "over": "everything"}, priority=200))
    person = Person(pipeline)
    person.becomes(fan=True)
    person.orders(1)
    person.orders(2)
    assert [a.campaign_id for a in pipeline.activations("email")] == ["b-strong", "c-all"]


def test_caps_count_the_messages_of_everybody_merged() -> None:
    pipeline = world(campaign("c", cap={"at_most": 2, "per": "7d"}))
    one, other = Person(pipeline, "ann@example.org"), Person(pipeline, "u2")
    for person in (one, other):
        person.becomes(fan=True)
    anonymous = {"type": "track", "event": "Order Completed", "anonymousId": "c9", "properties": {"n": 1},
                 "context": {"consent": {"purposes": {"mail": True}}, "traits": {"email": "lone@example.org"}}}
    pipeline.send(anonymous | {"type": "identify", "traits": {"fan": True, "email": "lone@example.org"}, "messageId": "i"})
    pipeline.send(anonymous | {"messageId": "a1"})
    other.orders(2)
    pipeline.send({"type": "identify", "userId": "u2", "anonymousId": "c9", "messageId": "merge"})
    other.orders(3)
    assert sent(pipeline) == ["1", "2"]


def test_quiet_hours_hold_a_message_until_they_end_and_keep_its_event() -> None:
    pipeline = world(campaign("c", quiet_hours=QUIET))
    person = Person(pipeline)
    person.becomes(fan=True)
    pipeline.advance(to=ms("2026-01-12T23:00:00+01:00"))
    person.orders(1)
    person.orders(2)
    pipeline.advance(to=ms("2026-01-13T07:59:59.999+01:00"))
    assert sent(pipeline) == []
    pipeline.advance(by=1)
    assert sent(pipeline) == ["1", "2"]
    assert {a.at for a in pipeline.activations()} == {ms("2026-01-13T08:00:00+01:00")}


@pytest.mark.parametrize(("local", "hour"), [(False, "08:00:00+01:00"), (True, "14:00:00+01:00")])
def test_quiet_hours_are_the_campaigns_or_the_persons_own(local: bool, hour: str) -> None:
    pipeline = world(campaign("c", quiet_hours=QUIET | {"local": local}))
    person = Person(pipeline, timezone="America/New_York")
    person.becomes(fan=True)
    pipeline.advance(to=ms("2026-01-13T07:00:00+01:00"))
    person.orders(1)
    pipeline.advance(by=DAY)
    assert [a.at for a in pipeline.activations()] == [ms(f"2026-01-13T{hour}")]


NIGHT = ms("2026-01-12T23:00:00+01:00")
MORNING = ms("2026-01-13T08:00:00+01:00")


def held(**fields: Json) -> tuple[Pipeline, Person]:
    """Somebody entered in the night; the message waits."""
    pipeline = world(campaign("c", **({"trigger": "entered", "quiet_hours": QUIET} | fields)))
    person = Person(pipeline)
    pipeline.advance(to=NIGHT)
    person.becomes(fan=True)
    assert not pipeline.activations()
    return pipeline, person


def test_what_waited_is_not_sent_to_who_left_meanwhile() -> None:
    pipeline, person = held()
    person.becomes(fan=False)
    pipeline.advance(to=MORNING)
    assert not pipeline.activations()
    assert reasons(pipeline) == ["left the segment while held"]


def test_who_left_and_came_back_gets_one_message() -> None:
    pipeline, person = held()
    person.becomes(fan=False)
    person.becomes(fan=True)
    pipeline.advance(by=2 * DAY)
    assert len(pipeline.activations()) == 1


def test_what_waited_needs_consent_when_it_is_due() -> None:
    pipeline, person = held()
    person.says(event="Consent Preference Updated", properties={"purposes": {"mail": False}}, context={"consent": {}})
    pipeline.advance(to=MORNING)
    assert not pipeline.activations()
    assert reasons(pipeline) == ["consent for mail withdrawn"]


def test_what_waited_past_the_campaigns_end_is_not_sent() -> None:
    pipeline, _ = held(ends="2026-01-13T07:00:00Z")
    pipeline.advance(to=MORNING)
    assert not pipeline.activations()
    assert reasons(pipeline) == ["expired while held: quiet hours"]


@pytest.mark.parametrize("resumed_at", [NIGHT + HOUR, MORNING + HOUR])
def test_paused_and_resumed_while_a_message_waits_it_goes_out_once(resumed_at: int) -> None:
    pipeline, person = held()
    pipeline.activate("c", "paused")
    pipeline.advance(to=resumed_at)
    assert not pipeline.activations()
    pipeline.activate("c")
    pipeline.advance(by=2 * DAY)
    pipeline.activate("c", "paused")
    pipeline.activate("c")
    person.orders()
    assert len(pipeline.activations()) == 1


def test_a_message_that_waits_is_sent_once_after_a_merge() -> None:
    pipeline, _ = held()
    pipeline.send({"type": "identify", "anonymousId": "c9", "messageId": "x", "traits": {"fan": True},
                   "context": {"consent": {"purposes": {"mail": True}}, "traits": {"email": "n@example.org"}}})
    pipeline.send({"type": "identify", "anonymousId": "c9", "userId": "u", "messageId": "merge"})
    pipeline.advance(by=2 * DAY)
    assert len(pipeline.activations()) == 1
    assert not any(profile.held for profile in pipeline.profiles())


def test_an_event_after_the_end_of_quiet_hours_finds_the_held_message_sent() -> None:
    """A record that is handled late must not overtake what was due before it."""
    pipeline, person = held()
    pipeline.now = MORNING + HOUR
    person.becomes(fan=False)
    assert [a.at for a in pipeline.activations()] == [MORNING]


def test_more_than_the_profile_may_hold_is_suppressed_with_its_reason() -> None:
    pipeline = world(campaign("c", quiet_hours=QUIET))
    person = Person(pipeline)
    person.becomes(fan=True)
    pipeline.advance(to=NIGHT)
    for n in range(52):
        person.orders(n)
    assert reasons(pipeline) == ["quiet hours, and 50 messages wait already"] * 2
    pipeline.advance(to=MORNING)
    assert len(sent(pipeline)) == 50


FAN_AT_NIGHT = {"type": "identify", "anonymousId": "c9", "messageId": "x", "traits": {"fan": True},
                "context": {"consent": {"purposes": {"mail": True}}, "traits": {"email": "n@example.org"}}}
MEETS = {"type": "identify", "anonymousId": "c9", "userId": "u", "messageId": "merge"}


@pytest.mark.parametrize("was_told_by_day", [True, False])
def test_what_waited_when_its_profile_was_absorbed_is_sent_unless_the_survivor_had_it(was_told_by_day: bool) -> None:
    pipeline = world(campaign("c", trigger="entered", quiet_hours=QUIET))
    Person(pipeline).becomes(fan=was_told_by_day)
    pipeline.advance(to=NIGHT)
    pipeline.send(FAN_AT_NIGHT | {"timestamp": START - 1})
    pipeline.send(MEETS)
    pipeline.advance(by=2 * DAY)
    assert [a.at for a in pipeline.activations()] == ([START] if was_told_by_day else [])


def test_what_waited_is_sent_for_the_merged_person_who_is_in_by_it() -> None:
    pipeline = world(campaign("c", trigger="entered", quiet_hours=QUIET))
    Person(pipeline).becomes()
    pipeline.advance(to=NIGHT)
    pipeline.send(FAN_AT_NIGHT)
    pipeline.send(MEETS)
    pipeline.advance(by=2 * DAY)
    assert [a.at for a in pipeline.activations()] == [MORNING]


def test_a_withdrawal_empties_the_audience_of_a_paused_campaign_too() -> None:
    display = {"audience": "a", "destinations": ["gam"], "purpose": "ads"}
    pipeline = world(campaign("c", channels={"display": display}))
    person = Person(pipeline)
    person.says("identify", anonymousId="k", traits={"fan": True}, context={"consent": {"purposes": {"ads": True}}})
    pipeline.activate("c", "paused")
    person.says(event="Consent Preference Updated", properties={"purposes": {"ads": False}})
    changes = [(each.change, each.content.get("audience")) for each in pipeline.activations("display")]
    assert changes == [("entered", "a"), ("exited", "a")]
    pipeline.activate("c", "live")
    assert len(pipeline.activations("display")) == 2
