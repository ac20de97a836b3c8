"""Which failing calls to Kafka are made again, and for how long: a minute while Kafka is away, less where it is there
for others."""
from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.runtime.exits import Exit, Stop
from streams.runtime.kafka import calls
from streams.runtime.kafka.calls import PATIENCE, STUCK, Aborted, persistently


@pytest.mark.parametrize(("is_there_from", "ends_after"), [(None, PATIENCE), (0, STUCK), (30, 30 + STUCK), (50, PATIENCE)])
def test_a_client_that_is_stuck_is_given_up_sooner_than_a_broker_that_is_away(
    is_there_from: float | None, ends_after: float, monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(calls, "monotonic", lambda: clock[0])
    monkeypatch.setattr(calls, "sleep", lambda _: None)

    def fails() -> None:
        clock[0] += 1
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    with pytest.raises(Stop) as ended:
        persistently("offsets", fails, lambda: is_there_from is not None and clock[0] > is_there_from)
    assert ended.value.code is Exit.BROKER
    assert ends_after < clock[0] <= ends_after + 2


@pytest.mark.parametrize("code", [
    KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC, KafkaError.LEADER_NOT_AVAILABLE, KafkaError._DESTROY_BROKER,
    KafkaError._WAIT_COORD])
def test_a_client_that_does_not_know_the_cluster_yet_is_asked_again(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker ended so on a machine that halted between its connecting and its first question, and on a cluster of which
    one broker was killed just then; and a destination, after a minute without a broker."""
    monkeypatch.setattr(calls, "sleep", lambda _: None)
    answers = [KafkaException(KafkaError(code))]

    def ends() -> int:
        if answers:
            raise answers.pop()
        return 7

    assert persistently("ends", ends) == 7


def test_who_is_fenced_while_records_are_under_way_is_told_so() -> None:
    """confluent-kafka calls back for the records that are lost though it has just raised why, which Python calls an error of
    the system. The worker ended as by a bug."""
    def flush() -> None:
        raise SystemError("on_delivery returned a result with an exception set") from KafkaException(
            KafkaError(KafkaError._FENCED))

    with pytest.raises(Stop) as ended:
        persistently("flush", flush)
    assert ended.value.code is Exit.FENCED


def test_what_will_not_pass_ends_the_worker_at_once() -> None:
    def refused() -> None:
        raise KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))

    with pytest.raises(Stop, match="Topic authorization failed; do its settings allow") as ended:
        persistently("ends", refused)
    assert ended.value.code is Exit.BROKER


def test_a_transaction_that_kafka_asks_to_abort_is_not_asked_for_again() -> None:
    asked: list[None] = []

    def fails() -> None:
        asked.append(None)
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "late", False, True, True))

    with pytest.raises(Aborted, match="commit_transaction: no answer in time"):
        persistently("commit_transaction", fails)
    assert len(asked) == 1


def test_what_ended_a_client_for_good_is_not_asked_for_again() -> None:
    asked: list[None] = []

    def fails() -> None:
        asked.append(None)
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "late", True))

    with pytest.raises(Stop) as ended:
        persistently("offsets", fails)
    assert ended.value.code is Exit.BROKER and len(asked) == 1
