"""What marketers may write that nobody thought of: each of these once broke a promise."""
from __future__ import annotations

import pytest

from streams.core.values import Json
from tests.pipeline.test_campaigns import DAY, EMAIL, Person, campaign, sent, world


@pytest.mark.parametrize("name", ["memberships", "display", "fans", "everybody"])
def test_a_campaign_may_have_any_name_and_is_taken_back_whatever_it_is(name: str) -> None:
    """One called `memberships` was once taken for the records of that topic, and never emptied."""
    display = {"display": {"audience": "x", "purpose": "mail"}}
    documents = campaign(name, trigger="entered", channels=display)
    pipeline = world(documents)
    for who in ("u", "v"):
        Person(pipeline, who).says("identify", anonymousId=f"c-{who}", traits={"fan": True})
    pipeline.activate(name, "paused")
    no = {"consent": {"purposes": {"mail": False}}}
    Person(pipeline, "v").says("identify", anonymousId="c-v", messageId="no", context=no)
    pipeline.apply({key: row.document for key, row in pipeline._standing.items() if not key.startswith("campaign/")})
    told = [(a.identifier, a.change) for a in pipeline.activations("display")]
    assert sorted(told) == sorted((f"cookie:c-{who}", change) for who in "uv" for change in ("entered", "exited"))


def test_a_large_cap_over_everything_counts_what_other_campaigns_sent_and_survives_a_merge() -> None:
    """Instants were once kept for the caps of the campaign that sends, so that another's larger cap forgot."""
    large = {"at_most": 150, "per": "300d", "over": "everything"}
    pipeline = world(campaign("a", cap=large), campaign("b", trigger={"each": "Other"}))
    person, permits = Person(pipeline), {"consent": {"purposes": {"mail": True}}}
    person.becomes(fan=True)
    pipeline.send({"type": "identify", "anonymousId": "k", "messageId": "k", "timestamp": pipeline.now, "context": permits,
                   "traits": {"fan": True, "email": "k@example.org"}})
    for number in range(75):
        person.says(event="Other")
        pipeline.send({"type": "track", "event": "Other", "anonymousId": "k", "messageId": f"k{number}",
                       "timestamp": pipeline.now, "context": permits})
    assert len(sent(pipeline, "b")) == 150
    person.says(event="Joined", anonymousId="k")
    person.orders()
    assert not sent(pipeline, "a")
    pipeline.advance(by=300 * DAY)
    assert len(sent(pipeline, "a")) == 1


def test_l5_a_campaign_of_another_segment_takes_people_out_of_the_one_they_were_told_for_in_rising_sequence() -> None:
    """Those removals once named the new segment, and were numbered from one."""
    everyone = {"segment/new": {"kind": "segment", "id": "new", "rule": {"trait": {"name": "new", "is": True}}}}

    def of(segment: str, audience: str) -> dict[str, Json]:
        display = {"display": {"audience": audience, "purpose": "mail"}}
        return everyone | campaign("c", trigger="entered", channels=display, segment=segment)

    pipeline = world(of("fans", "x"))
    person = Person(pipeline)
    for number in range(2):
        person.says("identify", anonymousId="k", messageId=f"in{number}", traits={"fan": True})
        person.says("identify", anonymousId="k", messageId=f"out{number}", traits={"fan": number == 1, "new": True})
    standing = {key: row.document for key, row in pipeline._standing.items()}
    pipeline.apply(standing | of("new", "y"))
    pipeline.apply(standing | of("fans", "y") | {"segment/fans": {
        "kind": "segment", "id": "fans", "rule": {"trait": {"name": "nobody", "is": True}}}})
    told = pipeline.activations("display")
    assert [activation.sequence for activation in told] == [1, 2, 3, 4, 5, 6]
    assert [(a.segment_id, a.change) for a in told] == [
        (segment, change) for segment in ("fans", "fans", "new") for change in ("entered", "exited")]


def test_an_activation_of_who_left_names_the_version_that_decided() -> None:
    """It said version 0."""
    both = campaign("leavers", trigger="exited", channels=EMAIL | {"display": {"audience": "a", "purpose": "mail"}})

    def within(duration: str) -> dict[str, Json]:
        return both | {"segment/fans": {
            "kind": "segment", "id": "fans", "rule": {"performed": {"event": "Order Completed", "within": duration}}}}

    pipeline = world(within("1d"))
    person = Person(pipeline, device={"id": "d"})
    person.becomes()
    person.orders()
    pipeline.apply(within("2d"))
    pipeline.advance(by=3 * DAY)
    told = sorted((each.channel, each.change, each.segment_version) for each in pipeline.activations())
    assert told == [("display", "entered", 1), ("display", "exited", 2), ("email", "message", 2)]


@pytest.mark.parametrize("state", ["live", "paused"])
def test_who_leaves_a_segment_that_is_removed_leaves_by_the_version_they_were_in_under(state: str) -> None:
    """With its campaign, whether that runs or not; it said version 0."""
    pipeline = world(campaign("c", channels={"display": {"audience": "a", "purpose": "mail"}}))
    standing = {key: row.document for key, row in pipeline._standing.items()}
    Person(pipeline, device={"id": "d"}).becomes(fan=True)
    pipeline.apply(standing | {"segment/fans": {"kind": "segment", "id": "fans", "rule": {"everyone": {}}}})
    if state == "paused":
        pipeline.activate("c", "paused")
    pipeline.apply({})
    assert [(each.change, each.segment_version) for each in pipeline.activations()] == [("entered", 1), ("exited", 2)]


def test_who_left_while_the_campaign_was_paused_left_by_the_version_that_decided_even_if_all_is_removed_then() -> None:
    """It said the version of the entry."""
    pipeline = world(campaign("c", channels={"display": {"audience": "a", "purpose": "mail"}}))
    standing = {key: row.document for key, row in pipeline._standing.items()}
    Person(pipeline, device={"id": "d"}).becomes(fan=True)
    pipeline.activate("c", "paused")
    pipeline.apply(standing | {"segment/fans": {"kind": "segment", "id": "fans", "rule": {"not": {"everyone": {}}}}})
    assert [(each.change, each.segment_version) for each in pipeline.memberships] == [("entered", 1), ("exited", 2)]
    pipeline.apply({})
    assert [(each.change, each.segment_version) for each in pipeline.activations()] == [("entered", 1), ("exited", 2)]
