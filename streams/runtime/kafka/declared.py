"""The topics of a deployment as they have to be on its cluster."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from streams.runtime.kafka.names import Names
from streams.runtime.settings import Settings
from streams.topology import COMPACTED_VALUES_LAST, MIB, TOMBSTONES_LAST, TOPICS, Topic, log_segment_of

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
        Declared(name=name, partitions=settings.partitions, replication=settings.replication, config=config | durable)
        for name, config in configs.items()
    )


def _config(topic: Topic) -> dict[str, str]:
    kept = _compacted() if topic.retention is None else {
        "cleanup.policy": "delete", "retention.ms": _ms(topic.retention), "segment.ms": _ms(log_segment_of(topic.retention))}
    return kept | {"max.message.bytes": str(topic.max_bytes)}


def _compacted() -> dict[str, str]:
    return {
        "cleanup.policy": "compact", "delete.retention.ms": _ms(TOMBSTONES_LAST),
        "max.compaction.lag.ms": _ms(COMPACTED_VALUES_LAST)}


def _ms(duration: timedelta) -> str:
    return str(duration // timedelta(milliseconds=1))
