"""A request that comes again does nothing and gets its first receipt."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.receipts import REMEMBERED_FOR
from streams.testing import Pipeline
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
    assert not [key for store in pipeline.stores for key in store.keys("identities") if key[:1] == b"r"]
    pipeline.request("split", JANE, request_id="r1", split_off=[COOKIE])
    assert [receipt.outcome for receipt in pipeline.receipts] == ["done", "done", "refused"]
