"""Erasure: whoever is forgotten on request is gone from everything, and nothing old brings them back (law L7)."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.messages import Adopt
from streams.testing import Pipeline
from tests.pipeline.erased import DAY, STATED, assert_end_is_told, found_in, kept
from tests.pipeline.holding import holding
from tests.pipeline.worlds import people
from tests.strategies import EVERYTHING, START

Message = dict[str, Any]
JANE, MAIL, COOKIE, LONE = "customer_id:jane-77", "email:jane@example.org", "cookie:janes-cookie", "cookie:lone-cookie"
VALUES = ("jane-77", "jane@example.org", "janes-cookie")
PURPOSES: Message = {"purposes": {"personalised-ads": True, "email-marketing": True}}
PERSON: Message = {"userId": "jane-77", "anonymousId": "janes-cookie",
                   "context": {"traits": {"email": "Jane@Example.org "}, "consent": PURPOSES}}


@pytest.fixture(params=[1, 4, 16])
def partitions(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def event(number: int, at: int, who: Message, **fields: Any) -> Message:
    return {"type": "track", "event": "Order Completed", "messageId": f"m{number}", "timestamp": at, **who, **fields}


def jane(partitions: int) -> Pipeline:
    """Jane, who began as a cookie, and in whose segments, audiences and messages she is; and Bob."""
    pipeline = Pipeline(EVERYTHING, partitions, start=START)
    pipeline.send(event(1, START, {"anonymousId": "janes-cookie", "context": {"consent": PURPOSES}}, event="Seen"))
    pipeline.send(event(2, START + 1, PERSON))
    pipeline.send(event(3, START + 2, {"userId": "bob-1", "anonymousId": "bobs-cookie"}))
    pipeline.advance(by=1_000)
    return pipeline


def bobs(pipeline: Pipeline) -> dict[frozenset[str], list[str]]:
    return {who: ids for who, ids in people(pipeline).items() if "customer_id:bob-1" in who}


def test_everything_is_told_and_deleted_at_once(partitions: int) -> None:
    pipeline = jane(partitions)
    seen = pipeline.profile(JANE)
    assert seen is not None
    told = len(pipeline.collected.outputs)
    receipt = pipeline.erase(MAIL, "r1")
    assert (receipt.request_id, receipt.outcome, receipt.profile_id) == ("r1", "done", seen["profile_id"])
    assert receipt.places == {
        "identities": 3, "pointers": 3, "profiles": 1, "timeline": 2, "audiences.changes": 4, "audiences.memberships": 3,
        "activations.display": 2}
    lines = [line for line in pipeline.memberships if line.at == pipeline.now]
    assert {(line.segment_id, line.change, line.cause) for line in lines} == {
        (segment, "exited", "erasure") for segment in ("everybody", "once", "browsers", "reached")}
    assert_end_is_told(pipeline, (JANE, MAIL, COOKIE), pipeline.collected.outputs[told:])
    (line,) = [line for line in pipeline.identity if line.change == "erased"]
    assert (line.identifiers, line.evidence, line.reason) == ([], [], "request r1")
    assert len(people(pipeline)) == 1 and bobs(pipeline)


def test_nothing_of_them_is_left_after_the_stated_time(partitions: int) -> None:
    pipeline = jane(partitions)
    pipeline.erase(COOKIE)
    assert not [row for row in found_in(kept(pipeline), VALUES) if row[0] in ("profiles", "timeline")]
    pipeline.advance(by=STATED)
    assert found_in(kept(pipeline), VALUES) == []
    assert all(task.next_timer() is None or task.next_timer() > pipeline.now for task in pipeline.tasks)


@pytest.mark.parametrize("after", [0, STATED])
def test_old_events_bring_nobody_back_however_often_and_new_ones_only_once_unsuppressed(partitions: int, after: int) -> None:
    pipeline = jane(partitions)
    pipeline.erase(JANE)
    erased_at = pipeline.now
    pipeline.advance(by=after + 1)
    for number in (1, 2, 2, 10):
        pipeline.send(event(number, START + 1, PERSON), pipeline.now)
        pipeline.send(event(100 + number, erased_at, {"anonymousId": "janes-cookie"}), pipeline.now)
    reasons = [reason for _, reason in pipeline.rejected]
    assert reasons == ["before its identifiers were erased"] * 8
    pipeline.send(event(20, erased_at + 1, PERSON), pipeline.now)
    assert pipeline.rejected[-1][1] == "its identifiers were erased and are not taken off the list"
    assert not any(value in str(refused) for refused in pipeline.rejected for value in VALUES)
    assert len(people(pipeline)) == 1
    for identifier in (JANE, MAIL, COOKIE):
        pipeline.request("unsuppress", identifier)
    pipeline.send(event(30, erased_at, PERSON), pipeline.now)
    assert len(people(pipeline)) == 1 and len(pipeline.rejected) == 10
    pipeline.send(event(31, erased_at + 1, PERSON), pipeline.now)
    pipeline.send(event(32, erased_at + 1, {"anonymousId": "janes-cookie"}), pipeline.now)
    assert people(pipeline)[frozenset({JANE, MAIL, COOKIE})] == ["m31", "m32"]
    pipeline.send(event(33, erased_at, {"anonymousId": "janes-cookie"}), pipeline.now)
    assert people(pipeline)[frozenset({JANE, MAIL, COOKIE})] == ["m31", "m32"]


def test_a_lone_cookie_too(partitions: int) -> None:
    pipeline = Pipeline(EVERYTHING, partitions, start=START)
    hit = {"anonymousId": "lone-cookie"}
    pipeline.send(event(1, START, hit))
    receipt = pipeline.erase(LONE)
    assert receipt.places["timeline"] == receipt.places["profiles"] == 1
    pipeline.advance(by=STATED)
    assert found_in(kept(pipeline), ["lone-cookie"]) == []
    pipeline.send(event(1, START, hit), pipeline.now)
    pipeline.send(event(2, pipeline.now, hit))
    assert pipeline.profiles() == [] and len(pipeline.rejected) == 2
    pipeline.request("unsuppress", LONE)
    pipeline.send(event(3, START, hit), pipeline.now)
    pipeline.send(event(4, pipeline.now, hit))
    pipeline.send(event(5, START, hit), pipeline.now)
    assert people(pipeline) == {frozenset({LONE}): ["m4"]}


def test_an_event_that_names_others_too_stays_with_those_without_what_was_erased(partitions: int) -> None:
    pipeline = jane(partitions)
    pipeline.erase(JANE)
    at = pipeline.now
    for number, when in enumerate((START + 1, at + 1)):
        both = {"userId": "bob-1", "anonymousId": "janes-cookie", "context": {"traits": {"email": "jane@example.org"}}}
        pipeline.send(event(40 + number, when, both), at + 2)
        both = {"userId": "jane-77", "anonymousId": "bobs-cookie"}
        pipeline.send(event(50 + number, when, both), at + 2)
    assert list(bobs(pipeline).items()) == [
        (frozenset({"customer_id:bob-1", "cookie:bobs-cookie"}), ["m3", "m40", "m50", "m41", "m51"])]
    assert pipeline.rejected == []
    pipeline.advance(by=STATED)
    assert found_in(kept(pipeline), VALUES) == []


def test_what_others_said_of_them_is_taken_out_and_what_it_counted_stays(partitions: int) -> None:
    """Bob named Jane's address, which stayed hers, and as the friend who sent him; Ann's device was hers before a split."""
    limits = {"identity/one": {"kind": "identity", "id": "one", "namespaces": {"email": {"limit": {"at_most": 1}}}}}
    pipeline = Pipeline(EVERYTHING | limits, partitions, start=START)
    pipeline.send(event(1, START, PERSON))
    mail = {"context": {"traits": {"email": "bob@example.org"}}}
    pipeline.send(event(2, START + 1, {"userId": "bob-1", **mail}))
    pipeline.send({"type": "identify", "messageId": "m3", "timestamp": START + 2, "userId": "bob-1", "traits": {
        "email": "JANE@example.org", "friend": "jane@example.org", "note": "by Jane@example.org, thanks",
        "plan": "paid"}})
    before = pipeline.profile("customer_id:bob-1")
    assert before is not None and found_in(kept(pipeline), VALUES)
    pipeline.erase(JANE)
    pipeline.advance(by=STATED)
    assert found_in(kept(pipeline), VALUES) == []
    found = pipeline.profile("customer_id:bob-1")
    assert found is not None and found["events"] == before["events"] == 2 and found["traits"]["plan"] == "paid"
    assert found["traits"]["note"].startswith("by erased-") and found["traits"]["note"].endswith(", thanks")
    assert {s["id"] for s in found["segments"]} == {s["id"] for s in before["segments"]} >= {"everybody", "paying"}


def test_a_profile_named_after_a_cookie_that_was_split_off_and_erased_gets_another_name(partitions: int) -> None:
    pipeline = jane(partitions)
    before = pipeline.profile(JANE)
    assert before is not None
    pipeline.split(JANE, COOKIE)
    pipeline.erase(COOKIE)
    assert people(pipeline)[frozenset({JANE, MAIL})] == ["m2"]
    pipeline.send(event(60, pipeline.now, {"userId": "jane-77"}))
    assert people(pipeline)[frozenset({JANE, MAIL})] == ["m2", "m60"]
    pipeline.advance(by=STATED)
    assert found_in(kept(pipeline), ["janes-cookie"]) == []
    after = pipeline.profile(JANE)
    assert after is not None and after["profile_id"] != before["profile_id"] and after["events"] == 2
    pipeline.erase(JANE)
    pipeline.advance(by=STATED)
    assert found_in(kept(pipeline), VALUES) == []


def test_a_tablet_that_was_anothers_before_stays_theirs_of_that_time(partitions: int) -> None:
    pipeline = Pipeline(EVERYTHING, partitions, start=START)
    for number, who in enumerate(("jane-77", "john-88")):
        pipeline.send(event(number, START + number, {"userId": who, "anonymousId": "tablet"}), START + number)
    pipeline.erase("customer_id:john-88")
    pipeline.advance(by=STATED)
    assert found_in(kept(pipeline), ["john-88"]) == []
    pipeline.send(event(10, START, {"anonymousId": "tablet"}), pipeline.now)
    pipeline.send(event(11, START + 1, {"anonymousId": "tablet"}), pipeline.now)
    assert list(people(pipeline).values()) == [["m0", "m10"]] and len(pipeline.rejected) == 1
    pipeline.request("unsuppress", "cookie:tablet")
    pipeline.send(event(12, START + 1, {"anonymousId": "tablet"}), pipeline.now)
    assert len(pipeline.rejected) == 2
    pipeline.send(event(13, pipeline.now, {"userId": "jane-77", "anonymousId": "tablet"}))
    assert people(pipeline) == {frozenset({JANE, "cookie:tablet"}): ["m0", "m10", "m13"]}


def test_what_the_erased_did_on_a_tablet_does_not_fall_to_who_has_it_since(partitions: int) -> None:
    """Replayed by itself or with their own id, it is refused; what the next owner did comes late and counts."""
    pipeline = Pipeline(EVERYTHING, partitions, start=START)
    hers = {"userId": "jane-77", "anonymousId": "tablet"}
    pipeline.send(event(0, START, hers))
    pipeline.send(event(1, START + DAY, {"userId": "john-88", "anonymousId": "tablet"}), START + DAY)
    pipeline.erase(JANE)
    for after in (0, STATED):
        pipeline.advance(by=after)
        refused = len(pipeline.rejected)
        pipeline.send(event(0, START, hers), pipeline.now)
        pipeline.send(event(10 + after, START, hers), pipeline.now)
        pipeline.send(event(11 + after, START + DAY - 1, {"anonymousId": "tablet"}), pipeline.now)
        pipeline.send(event(12 + after, START + 5, {"userId": "john-88", "anonymousId": "tablet"}), pipeline.now)
        pipeline.send(event(13 + after, START + DAY + 1, {"anonymousId": "tablet"}), pipeline.now)
        assert len(pipeline.rejected) == refused + 3
    johns = frozenset({"customer_id:john-88", "cookie:tablet"})
    assert people(pipeline) == {johns: ["m1", "m12", "m13", f"m{12 + STATED}", f"m{13 + STATED}"]}


def test_nobody_and_nonsense_get_a_receipt_that_says_so(partitions: int) -> None:
    pipeline = Pipeline(EVERYTHING, partitions, start=START)
    receipt = pipeline.erase("email:Nobody@example.org")
    assert receipt.outcome == "done" and receipt.profile_id is None
    assert receipt.reason is not None and receipt.reason.startswith("nobody has this identifier")
    for nonsense in ("", "jane@example.org", "email:", ":x", "cookie:null", "cookie:a\x00b", "phone:0612345678",
                     "phone:+99912", "an id:x", "=1+1:x", f"cookie:{'x' * 513}"):
        for action in ("erase", "export", "suppress", "unsuppress"):
            pipeline.request(action, nonsense)
            receipt = pipeline.receipts[-1]
            assert (receipt.action, receipt.outcome, receipt.places) == (action, "refused", {})
            assert receipt.reason is not None and "expected namespace:value" in receipt.reason
    pipeline.advance(by=STATED)
    pipeline.send(event(1, pipeline.now, {"traits": {}, "context": {"traits": {"email": "nobody@example.org"}}}))
    assert len(pipeline.rejected) == 1 and pipeline.profiles() == []
    assert found_in(kept(pipeline), ["nobody@example.org"]) == []


def test_whose_identifier_is_blocked_by_now_is_erased_all_the_same(partitions: int) -> None:
    """However it is spelled: it was theirs before."""
    pipeline = Pipeline(EVERYTHING, partitions, start=START)
    pipeline.send(event(1, START, {"traits": {}, "context": {"traits": {"email": "desk@example.org"}}}))
    rules = {"kind": "identity", "id": "rules", "namespaces": {"email": {"blocked": ["desk@example.org"]}}}
    pipeline.apply({**EVERYTHING, "identity/rules": rules})
    receipt = pipeline.erase("Email: Desk@example.org")
    assert receipt.outcome == "done" and receipt.places["profiles"] == 1 and pipeline.profiles() == []


def test_the_same_request_gets_the_first_receipt_and_erases_nobody_else(partitions: int) -> None:
    pipeline = jane(partitions)
    first = pipeline.erase(JANE, "r1")
    pipeline.request("unsuppress", JANE)
    pipeline.advance(by=DAY)
    pipeline.send(event(70, pipeline.now, {"userId": "jane-77"}))
    assert pipeline.erase(JANE, "r1") == first
    assert pipeline.profile(JANE) is not None
    again = pipeline.erase(JANE, "r2")
    assert again.request_id == "r2" and again.places["timeline"] == 1 and pipeline.profile(JANE) is None


def test_who_is_erased_is_not_written_down_again_by_a_bounce_or_an_alias(partitions: int) -> None:
    pipeline = jane(partitions)
    pipeline.request("suppress", MAIL, "complained")
    pipeline.erase(JANE)
    pipeline.advance(by=STATED)
    pipeline.request("suppress", MAIL, "bounced")
    assert pipeline.receipts[-1].outcome == "done" and "erased" in str(pipeline.receipts[-1].reason)
    assert found_in(kept(pipeline), VALUES) == []
    pipeline.send({"type": "alias", "userId": "bob-1", "previousId": "jane-77", "messageId": "m80", "timestamp": START})
    assert list(bobs(pipeline).values()) == [["m3", "m80"]]
    assert found_in(kept(pipeline), VALUES) == []


def test_what_is_handed_over_while_the_walk_passes_is_looked_at_when_it_comes() -> None:
    """Bob, who named Jane as a friend, becomes one with a cookie; his part is under way for as long as the walk."""
    pipeline = jane(1)
    pipeline.send({"type": "identify", "messageId": "m90", "timestamp": START, "anonymousId": "friends-cookie",
                   "traits": {"friend": "jane@example.org"}})
    with holding(pipeline, lambda sent: isinstance(sent, Adopt)) as held:
        pipeline.send(event(91, START, {"userId": "bob-1", "anonymousId": "friends-cookie"}))
    assert len(held.words) == 1
    pipeline.erase(JANE)
    pipeline.advance(by=7 * DAY)
    held.come()
    pipeline.advance(by=2 * DAY)
    pipeline.send(event(92, START, {"userId": "bob-1"}))
    assert list(bobs(pipeline).values()) == [["m3", "m90", "m91", "m92"]]
    assert found_in(kept(pipeline), VALUES) == []


def test_a_press_that_stands_at_somebody_who_is_erased_goes_on_behind_them(partitions: int) -> None:
    pipeline = Pipeline(EVERYTHING, partitions, start=START)
    consent = {"context": {"consent": PURPOSES}}
    for number in range(40):
        pipeline.send(event(number, START, {"anonymousId": f"visitor-{number}", **consent}, event="Product Added"))
    pipeline.activate("ads", "paused")
    pipeline.advance(by=1_000)
    pipeline.activate("ads", per_second=8.0)
    pipeline.advance(by=1_000)
    pipeline.activate("ads", "paused")
    cursors = [press.cursor for task in pipeline.tasks for press in task._presses.rows.values() if press.cursor]
    at_cursors = {cursor.partition("\x00")[0] for cursor in cursors}
    assert at_cursors
    for identifier in at_cursors:
        pipeline.erase(identifier)
    pipeline.advance(by=STATED)
    assert found_in(kept(pipeline), [f"{each}\x00" for each in at_cursors]) == []
