"""A cluster whose controller is just another one is asked again; one that stays silent is not called misconfigured."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Uuid

from streams.core.errors import Misconfigured, Unreachable
from streams.runtime.kafka import topics
from streams.runtime.settings import Settings

SETTINGS = Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"})
Answer = int | None


class Admin:
    """Knows every topic; `error` is what it says of their settings, or None if it says what was declared, and `other`."""

    def __init__(self, error: Answer, copies: int = 1, **other: str) -> None:
        self._error, self._copies = error, copies
        self._other = {name.replace("_", "."): text for name, text in other.items()}

    def list_topics(self, timeout: float) -> Any:
        partitions = dict.fromkeys(range(SETTINGS.partitions), SimpleNamespace(replicas=[*range(self._copies)]))
        return SimpleNamespace(topics={
            topic.name: SimpleNamespace(partitions=partitions, error=None) for topic in topics.declared_topics(SETTINGS)})

    def describe_configs(self, resources: Sequence[Any]) -> Mapping[Any, Future[Any]]:
        declared = {topic.name: topic.config for topic in topics.declared_topics(SETTINGS)}
        found = {resource: Future[Any]() for resource in resources}
        for resource, future in found.items():
            if self._error is None:
                told = declared[resource.name] | self._other
                entries = {name: SimpleNamespace(value=value) for name, value in told.items()}
                future.set_result(entries)
            else:
                future.set_exception(KafkaException(KafkaError(self._error)))
        return found


def asked(monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> Iterator[Answer]:
    """What clients that are made one after the other will say; the first is the one that lists topics."""
    left = iter((None, *answers))
    monkeypatch.setattr(topics, "_admin", lambda settings: Admin(next(left)))
    return left


def test_a_cluster_without_a_controller_is_asked_again_by_a_new_client(monkeypatch: pytest.MonkeyPatch) -> None:
    left = asked(monkeypatch, KafkaError._TIMED_OUT, KafkaError.NOT_COORDINATOR, None)
    topics.check_topics(SETTINGS)
    assert not list(left)


def test_one_that_stays_silent_is_unreachable_with_what_it_said_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "SETTLED_WITHIN", 0.0)
    asked(monkeypatch, KafkaError._TIMED_OUT)
    with pytest.raises(Unreachable, match=r"Kafka at 127\.0\.0\.1:9 said nothing .* within 0 s \(no answer in time\)"):
        topics.check_topics(SETTINGS)


def test_what_will_not_pass_is_a_fault_of_each_topic_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked(monkeypatch, KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(Misconfigured, match=r"Topic events\.hits cannot be described: ") as found:
        topics.check_topics(SETTINGS)
    assert not isinstance(found.value, Unreachable)
    assert len(found.value.faults) == len(topics.declared_topics(SETTINGS))


def test_too_few_copies_are_a_fault_of_all_topics_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one copy a broker's end takes what was committed with it."""
    monkeypatch.setattr(topics, "_admin", lambda settings: Admin(None, copies=2))
    topics.check_topics(replace(SETTINGS, replication=2))
    with pytest.raises(Misconfigured, match=r"Topics with 2 copies of .* expected 3: .*AUDIENCE_REPLICATION=2") as found:
        topics.check_topics(replace(SETTINGS, replication=3))
    assert [fault for fault in found.value.faults if "copies" in fault] == [found.value.faults[0]]


def test_copies_that_need_not_be_written_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "_admin", lambda settings: Admin(None, copies=3, min_insync_replicas="1"))
    topics.check_topics(replace(SETTINGS, replication=2))
    with pytest.raises(Misconfigured, match=r"insync\.replicas=1, expected at least 2, .*config min\.insync\.replicas=2"):
        topics.check_topics(replace(SETTINGS, replication=3))


def test_l7_a_record_is_gone_when_the_topic_as_it_is_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receipts said seven days, whatever somebody had set."""
    monkeypatch.setattr(topics, "_admin", lambda settings: Admin(None, retention_ms="100", segment_ms="10"))
    assert topics.gone_after(SETTINGS, ["events.hits"]) == {"events.hits": 110}
    monkeypatch.setattr(topics, "_admin", lambda settings: Admin(KafkaError.TOPIC_AUTHORIZATION_FAILED))
    assert topics.gone_after(SETTINGS, ["events.hits"]) == {}


def test_l7_who_is_erased_must_not_be_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "_admin", lambda settings: Admin(None, retention_ms="-1"))
    with pytest.raises(Misconfigured, match=r"Topic events\.hits has retention\.ms=-1, expected a time"):
        topics.check_topics(SETTINGS)


def test_l7_tombstones_that_go_before_every_store_has_seen_them_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "_admin", lambda settings: Admin(None, delete_retention_ms="1000"))
    with pytest.raises(Misconfigured, match=r"state-changelog has delete\.retention\.ms=1000, expected at least \d+"):
        topics.check_topics(SETTINGS)
    monkeypatch.setattr(topics, "_admin", lambda settings: Admin(None, delete_retention_ms="-1"))
    topics.check_topics(SETTINGS)


def test_a_topic_without_an_id_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else all would be one, and each another than before once the cluster is upgraded: workers refused their states."""
    class Describing:
        def __init__(self, found: Uuid) -> None:
            self._answer = Future[Any]()
            self._answer.set_result(SimpleNamespace(topic_id=found))

        def describe_topics(self, _: Any, request_timeout: float) -> Mapping[str, Future[Any]]:
            return {"t": self._answer}

    for found, said in ((Uuid(0, 0), ""), (Uuid(1, 2), str(Uuid(1, 2)))):
        monkeypatch.setattr(topics, "_admin", lambda settings, found=found: Describing(found))
        assert topics.topic_id(SETTINGS, "t") == said


@pytest.mark.parametrize("others_work", [True, False])
def test_what_a_worker_beside_this_one_has_created_and_used_meanwhile_was_not_deleted(
    monkeypatch: pytest.MonkeyPatch, others_work: bool,
) -> None:
    declared = topics.declared_topics(SETTINGS)
    there = {each.name: topics.Shape(each.partitions, each.replication) for each in declared}
    before = {name: shape for name, shape in there.items() if name != "commands"}
    looks = iter((before, there if others_work else before, there))
    monkeypatch.setattr(topics, "_admin", lambda settings: Admin(None))
    monkeypatch.setattr(topics, "_shapes", lambda admin, broker: next(looks))
    monkeypatch.setattr(topics, "_create", lambda admin, missing: [])
    monkeypatch.setattr(topics, "begin", lambda settings, lacking: iter(("They were deleted",)))
    if others_work:
        topics.ensure_topics(SETTINGS)
    else:
        with pytest.raises(Misconfigured, match="They were deleted"):
            topics.ensure_topics(SETTINGS)
