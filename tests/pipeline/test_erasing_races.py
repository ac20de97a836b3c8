"""Erasure where messages cross: whoever is erased while a merge or a move is under way goes with all that is to come."""
from __future__ import annotations

import pytest

from streams.core.endings import Wipe
from streams.core.messages import Adopt, Deliver, Release
from streams.core.outputs import MembershipChanged, ProfileGone
from streams.testing import Pipeline
from tests.pipeline.erased import STATED, found_in, kept
from tests.pipeline.holding import holding
from tests.pipeline.mesh import unsettled
from tests.pipeline.worlds import START, event, people, send_all

PERMITTED = {"consent": {"purposes": {"personalised-ads": True}}}
ADS = {"segment/all": {"kind": "segment", "id": "all", "rule": {"everyone": {}}},
       "campaign/ads": {"kind": "campaign", "id": "ads", "segment": "all", "status": "live", "channels": {
           "display": {"audience": "a", "destinations": ["gam"], "purpose": "personalised-ads"}}}}


@pytest.mark.parametrize("late", [(Adopt,), (Release,), (Deliver, Wipe)], ids=["given", "asked for", "announced"])
def test_who_is_erased_while_a_merge_is_under_way_goes_with_what_is_still_to_come(
    late: tuple[type, ...],
) -> None:
    """u1 and the cookie's visitor are one person since m3; whichever word of it is late, none of it outlives the erasure."""
    pipeline = send_all(Pipeline(ADS, partitions=1), event(1, anonymousId="c1", context=PERMITTED),
                        event(2, userId="u1", context={"device": {"id": "d1"}, **PERMITTED}))
    with holding(pipeline, lambda sent: isinstance(sent, late) and getattr(sent, "decided", True)) as held:
        send_all(pipeline, event(3, userId="u1", anonymousId="c1"))
        pipeline.request("erase", "customer_id:u1", request_id="r1")
        assert held.words and pipeline.receipts == []
    held.come()
    assert [receipt.outcome for receipt in pipeline.receipts] == ["done"]
    assert pipeline.receipts[0].places["timeline"] == 3 and pipeline.profiles() == []
    told = {activation.identifier: activation.change for activation in pipeline.activations("display")}
    assert told == {"cookie:c1": "exited", "device_id:d1": "exited"}


def test_who_is_erased_while_a_cookie_of_theirs_waits_to_be_given_away_gives_it_all_the_same() -> None:
    """c1 joins u1, moves on to u2, and u1 is erased, all before the events of c1 have come to u1."""
    pipeline = send_all(Pipeline(ADS, partitions=1), event(1, anonymousId="c1"), event(2, userId="u1"),
                        event(3, userId="u2"))
    with holding(pipeline, lambda sent: isinstance(sent, Adopt) and sent.source == "cookie:c1") as held:
        send_all(pipeline, event(4, userId="u1", anonymousId="c1"), event(6, userId="u2", anonymousId="c1"),
                 {**event(7, anonymousId="c1"), "timestamp": START + 7})
        pipeline.request("erase", "customer_id:u1")
        assert len(held.words) == 1 and pipeline.receipts == []
    held.come()
    assert people(pipeline) == {frozenset({"customer_id:u2", "cookie:c1"}): ["m3", "m6", "m7"]}
    assert not [fault for fault in unsettled(pipeline) if "waits" in fault]
    assert [receipt.outcome for receipt in pipeline.receipts] == ["done"]


def test_who_is_erased_waits_for_the_last_of_several_parts() -> None:
    pipeline = send_all(Pipeline(ADS, partitions=1), event(1, anonymousId="c1"), event(2, anonymousId="c2"),
                        event(3, userId="u1"))
    with holding(pipeline, lambda sent: isinstance(sent, Adopt)) as held:
        send_all(pipeline, event(4, userId="u1", anonymousId="c1"), event(5, userId="u1", anonymousId="c2"))
        pipeline.request("erase", "customer_id:u1")
    for expected in ([], ["done"]):
        held.come(held.words.pop())
        assert [receipt.outcome for receipt in pipeline.receipts] == expected
    assert pipeline.receipts[0].places["timeline"] == 5 and pipeline.profiles() == []


@pytest.mark.parametrize("partitions", [1, 4, 16])
def test_l7_who_comes_back_by_an_identifier_that_was_absorbed_is_not_put_under_the_erased_name(partitions: int) -> None:
    """What the absorbed profile left behind still says where it went."""
    pipeline = send_all(Pipeline(ADS, partitions), event(1, anonymousId="c1"), event(2, userId="jane-77"),
                        event(3, userId="jane-77", anonymousId="c1"))
    pipeline.erase("customer_id:jane-77")
    pipeline.request("unsuppress", "cookie:c1")
    pipeline.advance(by=1_000)
    send_all(pipeline, event(4, anonymousId="c1") | {"timestamp": pipeline.now})
    assert [profile.key.partition("\x00")[0] for profile in pipeline.profiles()] == ["cookie:c1"]
    pipeline.advance(by=STATED)
    assert found_in(kept(pipeline), ["jane-77"]) == [] and people(pipeline) == {frozenset({"cookie:c1"}): ["m4"]}


@pytest.mark.parametrize("partitions", [1, 4, 16])
def test_who_begins_again_by_an_identifier_that_was_absorbed_has_its_id_and_lines_of_their_own(partitions: int) -> None:
    """Whoever was absorbed is told by a tombstone alone; what is said after it under the same id is of who comes later."""
    pipeline = send_all(Pipeline(ADS, partitions), event(1, anonymousId="c1"))
    (first,) = pipeline.profiles()
    send_all(pipeline, event(2, userId="u1"), event(3, userId="u1", anonymousId="c1"))
    pipeline.erase("customer_id:u1")
    pipeline.request("unsuppress", "cookie:c1")
    pipeline.advance(by=STATED)
    send_all(pipeline, event(4, anonymousId="c1") | {"timestamp": pipeline.now})
    (again,) = pipeline.profiles()
    said = [line for line in pipeline.collected.outputs if getattr(line, "profile_id", "") == first.profile_id
            and isinstance(line, ProfileGone | MembershipChanged)]
    assert again.profile_id == first.profile_id and people(pipeline) == {frozenset({"cookie:c1"}): ["m4"]}
    assert [getattr(line, "change", "gone") for line in said] == ["entered", "gone", "entered"]
