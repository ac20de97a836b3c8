"""Creates the declared topics, and says everything that is wrong with those that exist.

Not left to Faust's own declaration: that knows neither `max.message.bytes` nor tombstone retention, creates
topics one by one while a worker starts, and does not look at topics that exist. Partition counts are fixed
when the first worker starts: a key would change its partition, and with it its state.
"""
from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic, sleep
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its own re-exports are untyped
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from streams.core.errors import Misconfigured, Unreachable
from streams.runtime.kafka.errors import error_of, is_passing
from streams.runtime.kafka.names import Names
from streams.runtime.settings import Settings
from streams.topology import COMPACTED_VALUES_LAST, MIB, TOMBSTONES_LAST, TOPICS, Topic

T = TypeVar("T")
log = logging.getLogger(__name__)

ANSWER_WITHIN = 10.0
"""Seconds for one answer of the broker: one that was started a moment ago is waited for."""
SETTLED_WITHIN = 30.0
"""Seconds for a cluster to have a controller again, and for what that decides to reach each broker."""
SAY_AFTER = 2.0
"""Seconds after which that wait is said."""
LARGEST_RECORD = 8 * MIB
"""Bytes; what our producers and consumers are set to. No topic may hold larger ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A topic as it has to be on the cluster."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


def declared_topics(settings: Settings) -> tuple[Declared, ...]:
    """Every topic of this deployment, the changelog last."""
    names = Names(settings)
    configs = {names.on_cluster(topic.name): _config(topic) for topic in TOPICS}
    configs[names.changelog] = _compacted() | {"max.message.bytes": str(LARGEST_RECORD)}
    durable = {"min.insync.replicas": str(max(1, settings.replication - 1))}
    return tuple(
        Declared(
            name=name, partitions=settings.partitions, replication=settings.replication,
            config=config | durable,
        )
        for name, config in configs.items()
    )


def ensure_topics(settings: Settings) -> tuple[str, ...]:
    """Creates what is missing, then checks everything; returns the names it created.

    Safe to run side by side. Existing topics are never changed, and if they have another number of partitions
    nothing is created beside them. Misconfigured lists all faults; Unreachable if the cluster does not answer.
    """
    counts = _partition_counts(_admin(settings), settings.broker)
    declared = declared_topics(settings)
    missing = [topic for topic in declared if topic.name not in counts]
    _refuse(_count_faults([topic for topic in declared if topic.name in counts], counts))
    _refuse(_patiently(settings, lambda admin: _create(admin, missing)))
    _refuse(_faults(settings, declared, _counts_once_known(settings, declared)))
    return tuple(topic.name for topic in missing)


def check_topics(settings: Settings) -> None:
    """Misconfigured with everything that is wrong with the cluster's topics, or with the broker itself."""
    _refuse(_faults(settings, declared_topics(settings), _partition_counts(_admin(settings), settings.broker)))


def require_topic(settings: Settings, name: str) -> None:
    """For whoever needs no other. Unreachable if no broker answers, Misconfigured if it has no topic so declared."""
    if Names(settings).on_cluster(name) not in _partition_counts(_admin(settings), settings.broker):
        _refuse((f"there is no topic {Names(settings).on_cluster(name)} on {settings.broker}; start a worker, which creates "
                 "it, or run `audience topics --create`; is AUDIENCE_PREFIX that of the workers?",))


def _refuse(faults: Iterable[str]) -> None:
    if found := tuple(faults):
        raise Misconfigured(found)


def _admin(settings: Settings) -> AdminClient:
    return AdminClient({"bootstrap.servers": settings.broker, "log_level": 0, "socket.timeout.ms": 10_000})


def _patiently(settings: Settings, ask: Callable[[AdminClient], T]) -> T:
    """The answer, asked for again while a broker is away or the cluster has no controller. Unreachable if it stays so.

    A client each time: one that knows a controller which is gone goes on asking it."""
    deadline = monotonic() + SETTLED_WITHIN
    while True:
        try:
            return ask(_admin(settings))
        except KafkaException as failure:
            error = error_of(failure)
            if monotonic() > deadline:
                raise Unreachable((
                    f"Kafka at {settings.broker} said nothing of its topics within {SETTLED_WITHIN:g} s ({error.name()}: "
                    f"{error.str()}); see that its brokers run, and try again",)) from failure
            sleep(0.2)


def _partition_counts(admin: AdminClient, broker: str) -> dict[str, int]:
    try:
        topics = _metadata(admin, broker).topics
    except KafkaException as failure:
        raise Unreachable((
            f"no Kafka broker at {broker} answered within {ANSWER_WITHIN:g} s ({error_of(failure).name()}); set "
            "AUDIENCE_BROKER or --broker to one that runs, or start one on this machine with `audience broker`",
        )) from failure
    return {name: len(found.partitions) for name, found in topics.items() if found.error is None}


def _metadata(admin: AdminClient, broker: str) -> ClusterMetadata:
    """Asked in a thread: Ctrl-C must not wait for a broker that is not there."""
    answer: Future[ClusterMetadata] = Future()
    threading.Thread(target=_ask, args=(admin, answer), daemon=True).start()
    try:
        return answer.result(SAY_AFTER)
    except TimeoutError:
        log.warning("waiting for a Kafka broker at %s", broker)
        return answer.result()


def _ask(admin: AdminClient, answer: Future[ClusterMetadata]) -> None:
    try:
        answer.set_result(admin.list_topics(timeout=ANSWER_WITHIN))
    except Exception as failure:
        answer.set_exception(failure)


def _create(admin: AdminClient, missing: Iterable[Declared]) -> list[str]:
    """The faults of those that could not be created; KafkaException where that may pass."""
    wanted = [
        NewTopic(topic.name, topic.partitions, topic.replication, config=dict(topic.config))
        for topic in missing
    ]
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


def _counts_once_known(settings: Settings, declared: Sequence[Declared]) -> Mapping[str, int]:
    """A created topic reaches the metadata of each broker a little later."""
    admin = _admin(settings)
    deadline, names = monotonic() + SETTLED_WITHIN, {topic.name for topic in declared}
    while not names <= (counts := _partition_counts(admin, settings.broker)).keys() and monotonic() < deadline:
        sleep(0.05)
    return counts


def _faults(settings: Settings, declared: Sequence[Declared], counts: Mapping[str, int]) -> list[str]:
    present = [topic for topic in declared if topic.name in counts]
    return [*_count_faults(declared, counts), *_patiently(settings, lambda admin: _config_faults(admin, present))]


def _count_faults(declared: Iterable[Declared], counts: Mapping[str, int]) -> Iterable[str]:
    """One fault for all topics of the same wrong number: usually they are all wrong together."""
    wrong: dict[int | None, list[Declared]] = {}
    for topic in declared:
        if counts.get(topic.name) != topic.partitions:
            wrong.setdefault(counts.get(topic.name), []).append(topic)
    for found, topics in wrong.items():
        listed = ", ".join(topic.name for topic in topics)
        if found is None:
            yield f"Missing topics: {listed}; start a worker, which creates them, or run `audience topics --create`"
        else:
            yield (
                f"Topics with {found} partitions, expected {topics[0].partitions}: {listed}. Every topic of "
                "a deployment has the same number, fixed at its first start: set "
                f"AUDIENCE_PARTITIONS={found} if they all have that, else create them anew, or choose "
                "another AUDIENCE_APP and AUDIENCE_PREFIX"
            )


def _config_faults(admin: AdminClient, topics: Iterable[Declared]) -> list[str]:
    """KafkaException where the answer may come later."""
    by_resource = {ConfigResource(ResourceType.TOPIC, topic.name): topic for topic in topics}
    if not by_resource:
        return []
    faults = []
    for resource, described in admin.describe_configs(list(by_resource)).items():
        try:
            found = {name: entry.value for name, entry in described.result(ANSWER_WITHIN * 2).items()}
        except KafkaException as failure:
            if is_passing(error_of(failure)):
                raise
            faults.append(f"Topic {resource.name} cannot be described: {error_of(failure).str()}")
            continue
        faults += _differences(by_resource[resource], found)
    return faults


def _differences(topic: Declared, found: Mapping[str, Any]) -> Iterable[str]:
    for option, is_fine, expected in _RULES:
        wanted = topic.config.get(option)
        if wanted is not None and not is_fine(str(found.get(option)), wanted):
            yield (
                f"Topic {topic.name} has {option}={found.get(option)}, expected {expected.format(wanted)}; "
                f"change it with `kafka-configs --alter --topic {topic.name} --add-config {option}={wanted}`"
            )


def _lasts(found: str, wanted: str) -> bool:
    return found == "-1" or int(found) >= int(wanted)


_RULES: tuple[tuple[str, Callable[[str, str], bool], str], ...] = (
    ("cleanup.policy", lambda found, wanted: found == wanted, "{}"),
    ("delete.retention.ms", _lasts, "at least {}"),
    ("max.compaction.lag.ms", lambda found, wanted: int(found) <= int(wanted),
     "at most {}, after which a value that was erased is gone"),
    ("max.message.bytes", lambda found, wanted: int(wanted) <= int(found) <= LARGEST_RECORD,
     f"at least {{}} and at most {LARGEST_RECORD}, the largest record a worker handles"),
)


def _config(topic: Topic) -> dict[str, str]:
    size = {"max.message.bytes": str(topic.max_bytes)}
    return size | (_compacted() if topic.compacted else _kept(topic.retention or timedelta(days=7)))


def _compacted() -> dict[str, str]:
    return {
        "cleanup.policy": "compact",
        "delete.retention.ms": _ms(TOMBSTONES_LAST),
        "max.compaction.lag.ms": _ms(COMPACTED_VALUES_LAST),
    }


def _kept(retention: timedelta) -> dict[str, str]:
    """A segment is deleted as a whole, so a day's segment makes the stated time true to a day."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": _ms(retention),
        "segment.ms": _ms(min(retention, timedelta(days=1))),
    }


def _ms(duration: timedelta) -> str:
    return str(duration // timedelta(milliseconds=1))
