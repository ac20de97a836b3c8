"""Which campaign is asked first when several have something to say, and what a pause leaves to the next press."""
from __future__ import annotations

import pytest

from streams.core.campaigns.messaging import STRAYED
from streams.core.campaigns.told import SENT, answer, forget_former, note_answer
from streams.core.profile import Profile
from tests.pipeline.test_campaigns import DAY, EMAIL, HOUR, QUIET, START, Person, campaign, ms, sent, world


def test_of_an_event_and_the_membership_it_gives_the_stronger_campaign_is_answered_first() -> None:
    once = {"at_most": 1, "per": "1d", "over": "everything"}
    pipeline = world(campaign("entering", trigger="entered", cap=once), campaign("ordering", cap=once, priority=1),
                     rule={"performed": {"event": "Order *"}})
    person = Person(pipeline)
    person.becomes()
    person.orders(1)
    assert [a.campaign_id for a in pipeline.activations("email")] == ["ordering"]
    person.orders(2)
    assert [row[1] for profile in pipeline.profiles() for row in profile.held] == ["entering", "ordering"]


def test_of_equally_strong_campaigns_what_waited_longer_goes_first() -> None:
    cap = {"at_most": 1, "per": "1d", "over": "channel"}
    pipeline = world(campaign("b", quiet_hours=QUIET, cap=cap),
                     campaign("a", quiet_hours=QUIET, cap=cap, trigger={"each": "Product Viewed"}))
    person = Person(pipeline)
    person.becomes(fan=True)
    pipeline.advance(to=ms("2026-01-12T22:00:00+01:00"))
    person.orders()
    pipeline.advance(by=HOUR)
    person.says(event="Product Viewed")
    pipeline.advance(to=ms("2026-01-13T08:00:00+01:00"))
    assert [a.campaign_id for a in pipeline.activations("email")] == ["b"]


def test_what_expired_while_its_campaign_was_paused_is_caught_up_on_by_the_next_press() -> None:
    pipeline = world(campaign("c", trigger="entered", quiet_hours=QUIET, valid_for="1h"))
    pipeline.advance(to=ms("2026-01-12T22:00:00+01:00"))
    Person(pipeline).becomes(fan=True)
    pipeline.activate("c", "paused")
    pipeline.advance(to=ms("2026-01-13T09:00:00+01:00"))
    assert not pipeline.activations() and [s.reason for s in pipeline.suppressed] == ["expired while held: quiet hours"]
    pipeline.activate("c")
    pipeline.activate("c")
    assert len(pipeline.activations()) == 1


@pytest.mark.parametrize(("first", "then"), [
    ("Europe/Amsterdam", "America/New_York"), ("America/New_York", "Nowhere/Land")], ids=["the newest", "what is one"])
def test_quiet_hours_are_those_of_the_time_zone_that_was_seen_last(first: str, then: str) -> None:
    pipeline = world(campaign("c", quiet_hours=QUIET | {"local": True}))
    person = Person(pipeline, timezone=first)
    person.becomes(fan=True)
    pipeline.advance(to=ms("2026-01-13T07:00:00+01:00"))
    person.context = person.context | {"timezone": then}
    person.orders()
    pipeline.advance(by=2 * 24 * HOUR)
    assert [a.at for a in pipeline.activations()] == [ms("2026-01-13T14:00:00+01:00")]


@pytest.mark.parametrize(("after", "event", "answers", "exits"), [
    (DAY - 1, "Order Completed", 1, [START + DAY]), (DAY, "Order Completed", 0, [START + DAY]), (DAY, "Viewed", 1, [])])
def test_an_event_at_the_instant_at_which_the_membership_ends_is_answered_only_if_it_renews_it(
    after: int, event: str, answers: int, exits: list[int],
) -> None:
    pipeline = world(campaign("c", trigger={"each": ["Order *", "Viewed"]}),
                     rule={"performed": {"event": "Viewed", "within": "1d"}})
    person = Person(pipeline)
    person.becomes()
    person.says(event="Viewed")
    pipeline.advance(by=after, including=False)
    person.says(event=event)
    pipeline.advance(to=START + DAY)
    assert len(pipeline.activations()) == 1 + answers
    assert [change.at for change in pipeline.memberships if change.change == "exited"] == exits


@pytest.mark.parametrize("addresses", ["ab", "ba", "aba", "bab"])
def test_of_two_addresses_of_one_instant_the_one_that_arrived_last_is_written_to(addresses: str) -> None:
    """A list of one day gives everybody's old and new address the same time."""
    pipeline = world(campaign("c"))
    person = Person(pipeline)
    for address in addresses:
        person.becomes(fan=True, email=f"{address}@example.org")
    pipeline.advance(by=HOUR)
    person.orders()
    assert [a.identifier for a in pipeline.activations("email")] == [f"email:{addresses[-1]}@example.org"]


@pytest.mark.parametrize("goes_live", ["starts", "applied", "pressed"])
@pytest.mark.parametrize(("early", "told"), [(1, 1), (0, 0)])
def test_who_leaves_at_the_very_instant_at_which_a_campaign_goes_live_hears_nothing(
    goes_live: str, early: int, told: int,
) -> None:
    """An event counts for `within: 1d` while now < t + 1d; the timer that says so comes after what the instant brings."""
    rule = {"performed": {"event": "Viewed", "within": "1d"}}
    channels = EMAIL | {"display": {"audience": "fans", "destinations": ["gam"], "purpose": "mail"}}
    fields = {"trigger": "entered", "channels": channels}
    starts = {"starts": f"2026-01-13T{'10:59:59.999' if early else '11:00:00'}Z"} if goes_live == "starts" else {}
    pipeline = world(campaign("c", status="live" if starts else "paused", **fields, **starts), rule=rule)
    person = Person(pipeline)
    person.says(event="Viewed", anonymousId="c", context={"traits": {"email": "u@example.org"}})
    pipeline.advance(to=START + DAY - early, including=goes_live == "starts")
    if goes_live == "applied":
        segment = {"segment/fans": {"kind": "segment", "id": "fans", "rule": rule}}
        pipeline.apply(segment | campaign("d", **fields))
    elif goes_live == "pressed":
        pipeline.activate("c")
    pipeline.advance(to=START + 2 * DAY)
    assert len(pipeline.activations("email")) == told and len(pipeline.activations("display")) == 2 * told


@pytest.mark.parametrize(("traits", "told"), [({"fan": True}, 0), ({"fan": True, "vip": True}, 1)])
def test_what_waits_is_for_the_segment_that_its_campaign_has(traits: dict[str, bool], told: int) -> None:
    """An edit gives the campaign another segment meanwhile: only who is in that is written to, once."""
    fields = {"trigger": "entered", "quiet_hours": QUIET}
    vips = {"segment/vips": {"kind": "segment", "id": "vips", "rule": {"trait": {"name": "vip", "is": True}}}}
    fans = {"segment/fans": {"kind": "segment", "id": "fans", "rule": {"trait": {"name": "fan", "is": True}}}}
    pipeline = world(campaign("c", **fields), vips)
    pipeline.advance(to=ms("2026-01-12T22:00:00+01:00"))
    Person(pipeline).becomes(**traits)
    pipeline.apply(fans | vips | campaign("c", segment="vips", **fields))
    pipeline.advance(by=DAY)
    assert [a.at for a in pipeline.activations()] == [ms("2026-01-13T08:00:00+01:00")] * told
    assert STRAYED in {each.reason for each in pipeline.suppressed}


@pytest.mark.parametrize("apart", [0, HOUR])
@pytest.mark.parametrize("joined", [False, True])
def test_each_of_two_segments_is_answered_once_however_an_edit_goes_back_and_forth(apart: int, joined: bool) -> None:
    """INTERFACES section 3: whoever is in the segment is activated once, also where both memberships began at one instant,
    and where somebody older turns out to be the same person."""
    vips = {"segment/vips": {"kind": "segment", "id": "vips", "rule": {"trait": {"name": "vip", "is": True}}}}
    fans = {"segment/fans": {"kind": "segment", "id": "fans", "rule": {"trait": {"name": "fan", "is": True}}}}
    older = {"traits": {"email": "older@example.org"}}
    pipeline, counts = world(campaign("c", trigger="entered"), vips), []
    person = Person(pipeline)
    pipeline.send({"type": "track", "event": "X", "context": older})
    person.becomes(fan=True, **{} if apart else {"vip": True})
    pipeline.advance(by=apart)
    person.becomes(vip=True)
    for segment in ("vips", "fans", "vips"):
        counts.append(len(sent(pipeline)))
        pipeline.apply(fans | vips | campaign("c", trigger="entered", segment=segment))
        pipeline.advance(by=HOUR)
        if joined:
            person.says(event="X", context=older)
    assert [*counts, len(sent(pipeline))] == [1, 2, 2, 2]
    person.becomes(fan=False)
    pipeline.apply(fans | vips | campaign("c", segment="vips"))
    assert all(":" in key for profile in pipeline.profiles() for key in profile.told if key.startswith("#"))


def test_an_answer_that_names_no_segment_is_that_of_the_segment_asked_about() -> None:
    """As the state has it that was written before answers named theirs."""
    profile = Profile("k", "p", members={"fans": [1, 5, ""], "vips": [1, 6, ""]}, told={"c|email": [5, SENT], "c|sms": [5]})
    assert [answer(profile, "fans", key) for key in ("c|email", "c|sms", "d|email")] == [[SENT], [], None]
    assert answer(profile, "vips", "c|email") is None
    note_answer(profile, "vips", "c|email")
    assert profile.told["c|email"] == [6, "@vips"]


def test_what_a_former_segment_was_answered_is_forgotten_with_the_membership() -> None:
    profile = Profile("k", "p", members={"fans": [1, 5, ""], "vips": [1, 5, ""]}, told={"#crm:a|b": [3]})
    for segment in ("fans", "vips"):
        note_answer(profile, segment, "c|email", SENT)
    forget_former(profile)
    assert answer(profile, "fans", "c|email") == [SENT]
    del profile.members["fans"]
    forget_former(profile)
    assert profile.told == {"#crm:a|b": [3], "c|email": [5, SENT, "@vips"]}
