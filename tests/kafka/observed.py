"""What the outside sees of a deployment: its topics read_committed, its changelog, and the state on disk."""
from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Message, TopicPartition

from streams.runtime.clock import wall_ms
from streams.runtime.kafka.consumers import at_end, committed_only
from streams.runtime.settings import Settings
from streams.runtime.state.changelog import NAMES
from streams.runtime.state.memory import Memory
from streams.runtime.state.store import RESERVED, TaskStore
from streams.unit import TABLES
from tests.kafka.deployment import Deployment

State = dict[tuple[str, bytes], bytes]
"""Table and key to value; what the runtime keeps for itself is left out."""


def standing(settings: Settings, topics: Iterable[str]) -> Iterator[Message]:
    """Every committed record that stands on these topics (by their names on the cluster), up to where they end now."""
    consumer = Consumer(committed_only(settings, "standing") | {"enable.partition.eof": True, "fetch.wait.max.ms": 10})
    places = [TopicPartition(topic, partition, 0) for topic in topics for partition in range(settings.partitions)]
    consumer.assign(places)
    ended, deadline = 0, time.monotonic() + 30
    while ended < len(places):
        assert time.monotonic() < deadline, "the broker is silent"
        for message in consumer.consume(10_000, 0.05):
            if message.error() is None:
                yield message
            else:
                ended += at_end(message)
    consumer.close()


class View:
    """Follows topics and the changelog from the beginning. Not a member of any group."""

    def __init__(self, deployment: Deployment, topics: Iterable[str]) -> None:
        names = deployment.names
        self._logical = {names.on_cluster(topic): topic for topic in topics} | {names.changelog: ""}
        self.records: dict[str, list[tuple[bytes, bytes]]] = defaultdict(list)
        """By topic, as read: key and value."""
        self.state: State = {}
        """What the changelog says."""
        self._consumer = Consumer({
            "bootstrap.servers": deployment.settings.broker, "group.id": "view", "isolation.level": "read_committed",
            "enable.auto.commit": False, "auto.offset.reset": "earliest", "log_level": 0, "fetch.wait.max.ms": 50,
        })
        self._consumer.assign([
            TopicPartition(topic, partition, 0)
            for topic in self._logical for partition in range(deployment.settings.partitions)
        ])

    def refresh(self) -> int:
        """Reads on; returns how many records came."""
        messages = self._consumer.consume(10_000, 0.2)
        message: Any
        for message in messages:
            if message.error():
                continue
            topic = self._logical[message.topic()]
            if topic:
                self.records[topic].append((message.key() or b"", message.value()))
            else:
                self._change(message.key(), message.value())
        return len(messages)

    def _change(self, key: bytes, value: bytes | None) -> None:
        table, own = NAMES[key[0]], key[1:]
        if table == "meta" and own.startswith(RESERVED):
            return
        if value is None:
            self.state.pop((table, own), None)
        else:
            self.state[table, own] = value


def stored(deployment: Deployment, folders: Iterable[Path]) -> State:
    """The state on the disks, each partition from the worker that got furthest. All workers must have ended."""
    found: dict[str, tuple[int, State]] = {}
    memory = Memory(32)
    for path in (path for folder in folders for path in (folder / "state").glob("*") if path.is_dir()):
        store = TaskStore(path, memory, wall=wall_ms())
        if store.position >= found.get(path.name, (0, {}))[0]:
            found[path.name] = (store.position, _content(store))
        store.close()
    return {key: value for _, state in found.values() for key, value in state.items()}


def _content(store: TaskStore) -> State:
    return {
        (table, key): value
        for table in TABLES for key, value in store.scan(table, b"", b"\xff" * 8, 1 << 30)
    }
