"""Cookies that leave and come back while their hits and hand-overs are under way."""
from __future__ import annotations

import pytest

from streams.core.messages import Adopt, Cut, Deliver
from streams.testing import Pipeline
from tests.pipeline.holding import holding
from tests.pipeline.mesh import unsettled
from tests.pipeline.worlds import START, event, people, send_all
from tests.strategies import DAY, HOUR


def test_a_cut_waits_for_what_the_absorbed_profile_itself_still_waits_for() -> None:
    """The cookie moves to a tablet's profile, which a person absorbs, who is split from it again; its hit comes last."""
    one = {"identity/one": {"kind": "identity", "id": "one", "namespaces": {"device_id": {"limit": {"at_most": 1}}}}}
    pipeline = send_all(
        Pipeline(one, partitions=1), event(1, userId="ann", anonymousId="c1", context={"device": {"id": "d0"}}),
        event(2, userId="bob"), event(5, anonymousId="c1"))
    with holding(pipeline, lambda sent: isinstance(sent, Adopt) or (isinstance(sent, Cut) and not sent.is_split)) as held:
        tablet = {"device": {"id": "d1"}}
        send_all(pipeline, event(3, anonymousId="c1", context=tablet), event(6, userId="bob", context=tablet))
        pipeline.split("customer_id:bob", "cookie:c1")
    moved, absorbed = held.words
    held.come(absorbed)
    held.come(moved)
    assert not unsettled(pipeline)
    assert people(pipeline) == {
        frozenset({"customer_id:ann", "device_id:d0"}): ["m1"], frozenset({"cookie:c1"}): ["m5"],
        frozenset({"customer_id:bob", "device_id:d1"}): ["m2", "m3", "m6"]}


def test_a_hit_under_way_while_its_cookie_leaves_and_comes_back_is_of_the_later_ownership() -> None:
    """The hit was sent to ann as of her first ownership; carl's log-in then takes the cookie from her second one."""
    pipeline = send_all(Pipeline(partitions=1), event(1, userId="ann", anonymousId="c1"))
    with holding(pipeline, lambda sent: isinstance(sent, Deliver) and sent.event.message_id == "m30") as held:
        for message in (event(30, anonymousId="c1"), event(10, userId="bob", anonymousId="c1"),
                        event(20, userId="ann", anonymousId="c1")):
            pipeline.send(message, START + 40)
    held.come()
    pipeline.send(event(25, userId="carl", anonymousId="c1"), START + 41)
    assert people(pipeline) == {frozenset({"customer_id:ann"}): ["m1", "m20"], frozenset({"customer_id:bob"}): ["m10"],
                                frozenset({"customer_id:carl", "cookie:c1"}): ["m30", "m25"]}


def test_who_had_a_cookie_for_no_time_at_all_does_not_remember_it() -> None:
    """Two log-ins at one instant: the later to come has the cookie; what is erased with them is nowhere else."""
    pipeline = send_all(Pipeline({}, partitions=1), event(1, userId="ann", anonymousId="c1"),
                        event(2, userId="bob"), event(3, userId="bob", anonymousId="c1"),
                        event(4, userId="ann") | {"anonymousId": "c1", "timestamp": START + 3})
    persons = pipeline.tasks[0].state.persons
    bob = persons.get("customer_id:bob")
    assert bob is not None and "cookie:c1" not in bob.identifiers and not bob.former


@pytest.mark.parametrize("weeks", [0, 1, 3])
def test_a_forward_stays_until_the_fragments_have_come_that_the_absorbed_profile_waited_for(weeks: int) -> None:
    """The cookie is split off and taken in by bob before its events have come to it; they take their time."""
    pipeline = send_all(Pipeline(partitions=1), event(1, anonymousId="c1"), event(2, userId="ann", anonymousId="c1"),
                        event(3, userId="bob"))
    with holding(pipeline, lambda sent: isinstance(sent, Adopt) and sent.source.startswith("split")) as held:
        pipeline.split("customer_id:ann", "cookie:c1")
        send_all(pipeline, event(4, userId="bob", anonymousId="c1"))
        pipeline.advance(by=weeks * 7 * DAY + HOUR)
    held.come()
    assert not unsettled(pipeline)
    assert people(pipeline) == {
        frozenset({"customer_id:ann"}): ["m2"], frozenset({"customer_id:bob", "cookie:c1"}): ["m1", "m3", "m4"]}
    pipeline.advance(by=8 * DAY)
    keys = {key for store in pipeline.stores for key in store.keys("profiles")}
    assert keys == {profile.key.encode() for profile in pipeline.profiles()}
