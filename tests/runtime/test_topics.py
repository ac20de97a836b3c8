"""A cluster whose controller is just another one is asked again; one that stays silent is not called misconfigured."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.core.errors import Misconfigured, Unreachable
from streams.runtime.kafka import topics
from streams.runtime.settings import Settings

SETTINGS = Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"})
Answer = int | None


class Admin:
    """Knows every topic; `error` is what it says of their settings, or None if it says what was declared."""

    def __init__(self, error: Answer) -> None:
        self._error = error

    def list_topics(self, timeout: float) -> Any:
        partitions = dict.fromkeys(range(SETTINGS.partitions))
        return SimpleNamespace(topics={
            topic.name: SimpleNamespace(partitions=partitions, error=None) for topic in topics.declared_topics(SETTINGS)})

    def describe_configs(self, resources: Sequence[Any]) -> Mapping[Any, Future[Any]]:
        declared = {topic.name: topic.config for topic in topics.declared_topics(SETTINGS)}
        found = {resource: Future[Any]() for resource in resources}
        for resource, future in found.items():
            if self._error is None:
                entries = {name: SimpleNamespace(value=value) for name, value in declared[resource.name].items()}
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
    with pytest.raises(Unreachable, match=r"Kafka at 127\.0\.0\.1:9 said nothing of its topics within 0 s \(_TIMED_OUT: "):
        topics.check_topics(SETTINGS)


def test_what_will_not_pass_is_a_fault_of_each_topic_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked(monkeypatch, KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(Misconfigured, match=r"Topic events\.hits cannot be described: ") as found:
        topics.check_topics(SETTINGS)
    assert not isinstance(found.value, Unreachable)
    assert len(found.value.faults) == len(topics.declared_topics(SETTINGS))
