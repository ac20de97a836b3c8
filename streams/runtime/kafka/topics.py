"""Creates the declared topics, and says everything that is wrong with those that exist.

Faust's own declaration knows neither `max.message.bytes` nor tombstone retention, creates topics one by one while a worker
starts, and does not look at those that exist. Partition counts are fixed when the first worker starts: with another count
keys would change their partitions, away from their state.
"""
from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from time import monotonic, sleep
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its own re-exports are untyped
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from streams.core.errors import Misconfigured, Unreachable
from streams.runtime.kafka.beginning import begin
from streams.runtime.kafka.calls import CALL
from streams.runtime.kafka.declared import Declared, declared_topics
from streams.runtime.kafka.errors import error_of, in_words, is_passing
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.topic_faults import Shape, differences, misshapen, missing
from streams.runtime.settings import Settings

T = TypeVar("T")
log = logging.getLogger(__name__)

ANSWER_WITHIN = 10.0
"""Seconds for one answer of the broker: one that was started a moment ago is waited for."""
NO_ID = "A" * 22
"""A topic id of zeros, in base 64."""
SETTLED_WITHIN = 30.0
"""Seconds for a cluster to have a controller again, and for what that decides to reach each broker."""
SAY_AFTER = 2.0
"""Seconds after which that wait is said."""


def ensure_topics(settings: Settings) -> tuple[str, ...]:
    """Creates what is missing, then checks everything; returns the names it created.

    Safe to run side by side. Existing topics are never changed; if one has another number of partitions, or too few copies,
    nothing is created. Misconfigured lists all faults; Unreachable if the cluster does not answer.
    """
    found = _shapes(_admin(settings), settings.broker)
    declared = declared_topics(settings)
    lacking = [topic for topic in declared if topic.name not in found]
    _refuse(misshapen(declared, found))
    if 0 < len(lacking) < len(declared):
        names = {topic.name for topic in lacking}
        lost = tuple(begin(settings, names))
        # A worker that began beside this one may have created them since, and worked: then nothing was deleted.
        if lost and not names <= _shapes(_admin(settings), settings.broker).keys():
            _refuse(lost)
    _refuse(_patiently(settings, lambda admin: _create(admin, lacking)))
    _refuse(_faults(settings, declared, _shapes_once_known(settings, declared)))
    return tuple(topic.name for topic in lacking)


def check_topics(settings: Settings) -> None:
    """Misconfigured with everything that is wrong with the cluster's topics, or with the broker itself."""
    _refuse(_faults(settings, declared_topics(settings), _shapes(_admin(settings), settings.broker)))


def require_topic(settings: Settings, name: str) -> None:
    """For a process that needs no other topic. Unreachable if no broker answers, Misconfigured if the topic is not there."""
    if Names(settings).on_cluster(name) not in _shapes(_admin(settings), settings.broker):
        _refuse((f"there is no topic {Names(settings).on_cluster(name)} on {settings.broker}; start a worker, which creates "
                 "it, or run `audience topics --create`; is AUDIENCE_PREFIX that of the workers?",))


def gone_after(settings: Settings, names: Iterable[str]) -> dict[str, int]:
    """By topic, the ms after which a record is certainly gone, by the settings on the cluster; topics that it does not
    describe are left out. Unreachable if the cluster does not answer."""
    on_cluster = {Names(settings).on_cluster(name): name for name in names}
    described = _patiently(settings, lambda admin: dict(_configs(admin, on_cluster)))
    return {on_cluster[name]: int(found["retention.ms"]) + int(found["segment.ms"])
            for name, found in described.items() if isinstance(found, dict)}


def _refuse(faults: Iterable[str]) -> None:
    if found := tuple(faults):
        raise Misconfigured(found)


def topic_id(settings: Settings, on_cluster: str) -> str:
    """What Kafka tells a topic from a later one of the same name by; empty where it does not say: a cluster older than 2.8
    has `NO_ID` for all of them, and gives them ids when it is upgraded."""
    admin = _admin(settings)  # the answer dies with its client
    try:
        found = admin.describe_topics(TopicCollection([on_cluster]), request_timeout=CALL)[on_cluster].result(CALL)
    except (KafkaException, TimeoutError):
        return ""
    return str(found.topic_id).replace(NO_ID, "")


def _admin(settings: Settings) -> AdminClient:
    return AdminClient({"bootstrap.servers": settings.broker, "log_level": 0, "socket.timeout.ms": 10_000})


def _patiently(settings: Settings, ask: Callable[[AdminClient], T]) -> T:
    """The answer, asked for again while a broker is away or the cluster has no controller; Unreachable if that lasts. Each
    time by a new client: one that knows a controller which is gone goes on asking it."""
    deadline = monotonic() + SETTLED_WITHIN
    while True:
        try:
            return ask(_admin(settings))
        except KafkaException as failure:
            error = error_of(failure)
            if monotonic() > deadline:
                raise Unreachable((
                    f"Kafka at {settings.broker} said nothing of its topics within {SETTLED_WITHIN:g} s "
                    f"({in_words(error)}); see that its brokers run, and try again",)) from failure
            sleep(0.2)


def _shapes(admin: AdminClient, broker: str) -> dict[str, Shape]:
    try:
        topics = _metadata(admin, broker).topics
    except KafkaException as failure:
        raise Unreachable((
            f"no Kafka broker at {broker} answered within {ANSWER_WITHIN:g} s ({in_words(error_of(failure))}); set "
            "AUDIENCE_BROKER or --broker to one that runs, or start one on this machine with `audience broker`",
        )) from failure
    return {
        name: Shape(len(found.partitions), min((len(each.replicas) for each in found.partitions.values()), default=0))
        for name, found in topics.items() if found.error is None
    }


def _metadata(admin: AdminClient, broker: str) -> ClusterMetadata:
    """Asked in a thread: Ctrl-C must not wait for a broker that is not there."""
    answer: Future[ClusterMetadata] = Future()

    def ask() -> None:
        try:
            answer.set_result(admin.list_topics(timeout=ANSWER_WITHIN))
        except Exception as failure:
            answer.set_exception(failure)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answer.result(SAY_AFTER)
    except TimeoutError:
        log.warning("waiting for a Kafka broker at %s", broker)
        return answer.result()


def _create(admin: AdminClient, missing: Iterable[Declared]) -> list[str]:
    """The faults of topics that could not be created. KafkaException if trying again may help."""
    wanted = [NewTopic(topic.name, topic.partitions, topic.replication, config=dict(topic.config)) for topic in missing]
    faults: list[str] = []
    if not wanted:
        return faults
    for name, created in admin.create_topics(wanted, operation_timeout=ANSWER_WITHIN).items():
        try:
            created.result(ANSWER_WITHIN * 2)
        except KafkaException as failure:
            error = error_of(failure)
            if is_passing(error):
                raise
            if error.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                faults.append(f"Topic {name} could not be created: {error.str()}")
    return faults


def _shapes_once_known(settings: Settings, declared: Sequence[Declared]) -> Mapping[str, Shape]:
    """A created topic reaches the metadata of each broker a little later."""
    admin = _admin(settings)
    deadline, names = monotonic() + SETTLED_WITHIN, {topic.name for topic in declared}
    while not names <= (found := _shapes(admin, settings.broker)).keys() and monotonic() < deadline:
        sleep(0.05)
    return found


def _faults(settings: Settings, declared: Sequence[Declared], found: Mapping[str, Shape]) -> list[str]:
    present = [topic for topic in declared if topic.name in found]
    return [*missing(declared, found), *misshapen(declared, found),
            *_patiently(settings, lambda admin: _config_faults(admin, present))]


def _config_faults(admin: AdminClient, topics: Iterable[Declared]) -> list[str]:
    """KafkaException where the answer may come later."""
    declared = {topic.name: topic for topic in topics}
    faults: list[str] = []
    for name, found in _configs(admin, declared):
        if isinstance(found, KafkaError):
            faults.append(f"Topic {name} cannot be described: {found.str()}")
        else:
            faults += differences(declared[name], found)
    return faults


def _configs(admin: AdminClient, names: Iterable[str]) -> Iterator[tuple[str, dict[str, str] | KafkaError]]:
    """Each topic's settings by their names at Kafka, or why they are not told. KafkaException if asking again may help."""
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    for resource, described in (admin.describe_configs(resources) if resources else {}).items():
        try:
            yield resource.name, {name: entry.value for name, entry in described.result(ANSWER_WITHIN * 2).items()}
        except KafkaException as failure:
            error = error_of(failure)
            if is_passing(error):
                raise
            yield resource.name, error
