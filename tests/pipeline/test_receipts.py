"""A request that comes again does nothing and gets its first receipt."""
from __future__ import annotations

from random import Random
from typing import Any

import pytest

from schemas.codec import Codec
from streams.core.endings import Report, Wipe
from streams.core.receipts import GIVEN_UP_AFTER, REMEMBERED_FOR, UNANSWERED
from streams.core.requests import Receipt
from streams.task.outputs import AvroSink
from streams.testing import Pipeline
from tests.pipeline.holding import holding
from tests.pipeline.mesh import Mesh
from tests.pipeline.worlds import people
from tests.strategies import START

PARTITIONS = pytest.mark.parametrize("partitions", [1, 4])
JANE, COOKIE = "customer_id:jane", "cookie:c1"


def joined(partitions: int) -> Pipeline:
    pipeline = Pipeline(partitions=partitions)
    login(pipeline, 1)
    return pipeline


def login(pipeline: Pipeline, number: int) -> None:
    message: dict[str, Any] = {"type": "track", "event": "A", "userId": "jane", "anonymousId": "c1"}
    pipeline.send({**message, "messageId": f"m{number}", "timestamp": START + number}, START + number)


@PARTITIONS
def test_a_repeated_split_gets_the_first_receipt_and_splits_nothing(partitions: int) -> None:
    pipeline = joined(partitions)
    for _ in range(3):
        pipeline.request("split", JANE, request_id="r1", split_off=[COOKIE])
        pipeline.advance(by=1_000)
    first, *again = pipeline.receipts
    assert (first.outcome, first.at) == ("done", START + 1) and again == [first, first]
    assert set(people(pipeline)) == {frozenset({JANE})} and len(pipeline.profiles()) == 2


@PARTITIONS
def test_a_repeated_split_does_not_part_whom_new_evidence_joined(partitions: int) -> None:
    pipeline = joined(partitions)
    pipeline.request("split", JANE, request_id="r1", split_off=[COOKIE])
    login(pipeline, 2)
    pipeline.request("split", JANE, request_id="r1", split_off=[COOKIE])
    assert set(people(pipeline)) == {frozenset({JANE, COOKIE})}
    pipeline.request("split", JANE, request_id="r2", split_off=[COOKIE])
    assert [receipt.request_id for receipt in pipeline.receipts] == ["r1", "r1", "r2"]
    assert set(people(pipeline)) == {frozenset({JANE})}


@PARTITIONS
def test_a_refusal_is_given_again_even_if_it_could_be_done_by_now(partitions: int) -> None:
    pipeline = Pipeline(partitions=partitions, start=START)
    pipeline.request("split", JANE, request_id="r1", split_off=[COOKIE])
    login(pipeline, 1)
    pipeline.request("split", JANE, request_id="r1", split_off=[COOKIE])
    assert [receipt.outcome for receipt in pipeline.receipts] == ["refused", "refused"]
    assert set(people(pipeline)) == {frozenset({JANE, COOKIE})}


@PARTITIONS
def test_a_replayed_suppression_does_not_undo_a_later_lifting(partitions: int) -> None:
    pipeline = joined(partitions)
    pipeline.request("suppress", COOKIE, "bounced", "r1")
    pipeline.request("unsuppress", COOKIE, None, "r2")
    pipeline.request("suppress", COOKIE, "bounced", "r1")
    first, _, again = pipeline.receipts
    assert again == first
    (profile,) = pipeline.profiles()
    assert profile.suppressed[COOKIE][1] is None


@PARTITIONS
def test_the_same_id_for_something_else_is_another_request(partitions: int) -> None:
    pipeline = joined(partitions)
    pipeline.request("suppress", COOKIE, "bounced", "r1")
    pipeline.request("suppress", JANE, "bounced", "r1")
    (profile,) = pipeline.profiles()
    assert set(profile.suppressed) == {COOKIE, JANE}


def test_a_request_is_remembered_for_thirty_days_and_no_longer() -> None:
    pipeline = joined(4)
    pipeline.request("split", JANE, request_id="r1", split_off=[COOKIE])
    pipeline.advance(by=REMEMBERED_FOR, including=False)
    pipeline.request("split", JANE, request_id="r1", split_off=[COOKIE])
    assert [receipt.outcome for receipt in pipeline.receipts] == ["done", "done"]
    pipeline.advance(by=1)
    assert not remembered(pipeline)
    pipeline.request("split", JANE, request_id="r1", split_off=[COOKIE])
    assert [receipt.outcome for receipt in pipeline.receipts] == ["done", "done", "refused"]


def remembered(pipeline: Pipeline) -> list[bytes]:
    return [key for store in pipeline.stores for key in store.keys("identities") if key[:1] == b"r"]


@pytest.mark.parametrize(("action", "late"), [("erase", Wipe), ("export", Report)])
def test_a_receipt_that_is_longer_in_coming_than_one_is_kept_comes_all_the_same(action: str, late: type) -> None:
    pipeline = joined(1)
    with holding(pipeline, lambda sent: isinstance(sent, late)) as held:
        pipeline.request(action, JANE, request_id="r1")
        pipeline.advance(by=2 * REMEMBERED_FOR)
        pipeline.request(action, JANE, request_id="r1")
    assert pipeline.receipts == [] and len(held.words) == 1
    held.come()
    assert [receipt.outcome for receipt in pipeline.receipts] == ["done"]
    pipeline.advance(by=REMEMBERED_FOR)
    assert not remembered(pipeline)


@pytest.mark.parametrize(("action", "lost"), [("erase", Wipe), ("export", Report)])
def test_a_request_that_is_never_answered_is_given_up_after_360_days_and_says_so(action: str, lost: type) -> None:
    """Its row was kept for ever."""
    pipeline = joined(1)
    with holding(pipeline, lambda sent: isinstance(sent, lost)) as held:
        pipeline.request(action, JANE, request_id="r1")
        pipeline.advance(by=GIVEN_UP_AFTER, including=False)
        assert pipeline.receipts == []
        pipeline.advance(by=1)
        (receipt,) = pipeline.receipts
        assert (receipt.request_id, receipt.outcome, receipt.reason) == ("r1", "refused", UNANSWERED)
        pipeline.advance(by=REMEMBERED_FOR)
        assert not remembered(pipeline)
    held.come()
    assert len(pipeline.receipts) == 1


@PARTITIONS
def test_a_request_of_before_an_outage_is_remembered_for_thirty_days_from_when_it_was_heard(partitions: int) -> None:
    pipeline, after = Pipeline(partitions=partitions), START + 2 * REMEMBERED_FOR
    request = {"type": "suppress", "identifier": COOKIE, "messageId": "r1", "receivedAt": START}
    lifting = {**request, "type": "unsuppress", "messageId": "r2"}
    visit = {"type": "track", "event": "A", "userId": "jane", "receivedAt": after}
    mesh = Mesh(pipeline, Random(1), timers=1.0).run([request, visit]).run([lifting]).run([request])
    first, _, again = [output for _, output in mesh.outputs if isinstance(output, Receipt)]
    assert first == again and first.request_id == "r1"
    pipeline.advance(to=after + REMEMBERED_FOR)
    assert not remembered(pipeline)


@pytest.mark.parametrize(("identifier", "gone"), [(JANE, {"events.hits", "what others said"}), ("nonsense", set())])
def test_only_of_who_is_erased_it_is_said_when_the_topics_have_forgotten(identifier: str, gone: set[str]) -> None:
    pipeline = joined(1)
    pipeline.request("erase", identifier)
    sink = AvroSink(Codec(), "test", {"events.hits": 1_000})
    (record,) = sink.records([pipeline.receipts[-1]], pipeline.plan, pipeline.now)
    assert record.value is not None
    places = Codec().decode("privacy_receipt", record.value)["places"]
    assert {each["place"] for each in places if each["gone_by"] is not None} == gone
