"""Identity where messages cross: what is decided while other messages about the same identifiers are under way."""
from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.core.campaigns import hand_over
from streams.core.endings import Expire
from streams.core.messages import Cut, Decide, Deliver, Point
from streams.core.profile import Profile
from streams.task.partitioning import partition_of
from streams.testing import Pipeline
from streams.unit import Inbound
from tests.pipeline.holding import holding
from tests.pipeline.mesh import unsettled
from tests.pipeline.worlds import START, event, people, send_all

KEEPS = {"identity/one": {"kind": "identity", "id": "one", "namespaces": {
    "cookie": {"limit": {"at_most": 1}, "on_conflict": "keep"}}}}


def test_a_refused_cookie_stays_undecided_until_its_own_event_is_decided() -> None:
    pipeline = send_all(
        Pipeline(KEEPS, partitions=4), event(1, userId="u1", anonymousId="c1"), event(2, userId="u1", anonymousId="c2"))
    assert people(pipeline) == {frozenset({"customer_id:u1", "cookie:c1"}): ["m1", "m2"]}
    home = pipeline.tasks[partition_of("cookie:c2", 4)]
    pointer = home.state.pointers.get("cookie:c2")
    assert pointer is not None and pointer.owners == []
    send_all(pipeline, event(3, anonymousId="c2"), event(4, userId="u2", anonymousId="c2"))
    assert people(pipeline)[frozenset({"customer_id:u2", "cookie:c2"})] == ["m3", "m4"]


def test_no_profile_begins_between_a_refusal_and_a_decision_that_attaches() -> None:
    """m2 is refused cookie c2 while m4 is on its way to attach it; m3, of c2 alone, comes between the two words."""
    pipeline = send_all(Pipeline(KEEPS, partitions=1), event(1, userId="u1", anonymousId="c1"))
    batch = [event(2, userId="u1", anonymousId="c2"), event(4, userId="u2", anonymousId="c2"), event(3, anonymousId="c2")]
    records = [Inbound("events.hits", 0, n, None, orjson.dumps(m), START + 9) for n, m in enumerate(batch)]
    with holding(
        pipeline, lambda sent: isinstance(sent, Point) and sent.identifier == "cookie:c2" and sent.owners != [],
    ) as held:
        pipeline.stores[0].write(pipeline.tasks[0].run(records, START + 9, 0).changes)
    held.come()
    assert people(pipeline)[frozenset({"customer_id:u2", "cookie:c2"})] == ["m4", "m3"]
    assert len(pipeline.profiles()) == 2


def test_an_identifier_left_out_comes_along_when_its_owner_is_absorbed_all_the_same() -> None:
    """The cookie is left out before the device that is one too many; but its owner joins by the e-mail."""
    one = {"identity/one": {"kind": "identity", "id": "one", "namespaces": {"device_id": {"limit": {"at_most": 1}}}}}
    mail, tablet = {"traits": {"email": "ann@example.org"}}, {"device": {"id": "d1"}}
    pipeline = send_all(
        Pipeline(one, partitions=2), event(1, userId="u1", context={"device": {"id": "d2"}}),
        event(2, anonymousId="c2", context=tablet), event(3, anonymousId="c1", context=mail),
        event(4, userId="u1", anonymousId="c1", context={**mail, **tablet}))
    assert people(pipeline) == {
        frozenset({"customer_id:u1", "email:ann@example.org", "cookie:c1", "device_id:d2"}): ["m1", "m3", "m4"],
        frozenset({"cookie:c2", "device_id:d1"}): ["m2"]}


@pytest.mark.parametrize("partitions", [1, 4])
def test_an_alias_without_user_goes_to_its_strongest_identifier(partitions: int) -> None:
    pipeline = send_all(
        Pipeline(partitions=partitions), event(1, userId="u1"),
        {"type": "alias", "previousId": "u1", "anonymousId": "c1", "messageId": "m2", "timestamp": START + 2})
    assert people(pipeline) == {frozenset({"customer_id:u1", "cookie:c1"}): ["m1", "m2"]}
    (profile,) = pipeline.profiles()
    assert set(profile.fragments) == {"customer_id:u1"}


def test_a_cut_does_not_wait_for_itself_when_the_profile_it_feeds_is_back_before_it() -> None:
    """The cookie is split off and joined again at once; its profile comes home before the two words to the owner."""
    mail = {"traits": {"email": "ann@example.org"}}
    pipeline = send_all(Pipeline(partitions=1), event(1, anonymousId="c1", context=mail))
    with holding(pipeline, lambda sent: isinstance(sent, Cut) or (isinstance(sent, Deliver) and sent.decided)) as held:
        pipeline.split("email:ann@example.org", "cookie:c1")
        send_all(pipeline, event(2, anonymousId="c1", context={**mail, "device": {"id": "d1"}}))
        assert [type(each) for each in held.words] == [Cut, Deliver]
    held.come()
    assert people(pipeline) == {frozenset({"email:ann@example.org", "cookie:c1", "device_id:d1"}): ["m1", "m2"]}
    assert not unsettled(pipeline)


def test_a_moved_cookie_takes_its_own_sequence_numbers_and_no_others() -> None:
    mine = {"#cookie:a": [3], "ads|display|cookie:a": ["carts", "p"], "=memberships|cookie:a": ["carts"]}
    others = {"#cookie:a|b": [5], "ads|display|cookie:a|b": ["carts", "p"], "mails|email": [7]}
    profile = Profile("customer_id:u", "pid", told={**mine, **others})
    assert hand_over(profile, "cookie:a") == mine
    assert profile.told == others


def test_a_profile_does_not_end_while_a_decision_about_it_is_on_its_way() -> None:
    """m3 moves the cookie to the tablet's profile, is older than m4, which that profile has; m5, a week later, ends it."""
    week, tablet = 7 * 86_400_000, {"context": {"device": {"id": "d1"}}}
    rules = {"identity/one": {"kind": "identity", "id": "one", "anonymous_expire_after": "7d", "namespaces": {
        "device_id": {"limit": {"at_most": 1}}}}}
    pipeline = send_all(Pipeline(rules, partitions=1), event(1, anonymousId="c2", **tablet),
                        event(2, anonymousId="c1", context={"device": {"id": "d2"}}))
    def keeps(sent: Any) -> bool:
        return isinstance(sent, Expire) or (isinstance(sent, Decide) and sent.event.message_id != "m4")

    with holding(pipeline, keeps) as held:
        send_all(pipeline, event(3, anonymousId="c1", **tablet), event(4, **tablet))
        batch = [Inbound("events.hits", 0, 9, None, orjson.dumps(event(week + 5, **tablet)), START + week + 5)]
        pipeline.stores[0].write(pipeline.tasks[0].run(batch, START + week + 5, 0).changes)
        assert [type(each) for each in held.words] == [Decide, Expire, Decide]
    held.come(at=START + week + 5)
    assert not unsettled(pipeline)
    assert people(pipeline)[frozenset({"device_id:d1", "cookie:c2", "cookie:c1"})][:3] == ["m1", "m3", "m4"]


def test_who_was_split_off_without_an_event_ends_by_the_one_that_was_under_way() -> None:
    """m2, a week on its way, names the cookie; meanwhile the cookie, of which nothing else is known, was split off."""
    week = 7 * 86_400_000
    rules = {"identity/one": {"kind": "identity", "id": "one", "anonymous_expire_after": "7d"}}
    pipeline = send_all(Pipeline(rules, partitions=1), event(1, userId="u1", anonymousId="c1"))
    with holding(pipeline, lambda sent: isinstance(sent, Decide)) as held:
        send_all(pipeline, event(2, anonymousId="c1", context={"device": {"id": "d1"}}))
    pipeline.advance(to=START + week + 1)
    pipeline.split("customer_id:u1", "cookie:c1")
    held.come()
    assert people(pipeline)[frozenset({"cookie:c1", "device_id:d1"})] == ["m2"]
    pipeline.advance(by=1)
    assert set(people(pipeline)) == {frozenset({"customer_id:u1"})}
