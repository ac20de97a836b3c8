"""The state of a task, read from its changelog: as anybody can have it, without disturbing the worker.

As exact as the last commit, wherever the worker runs. A look at one person costs a pass over one partition of the changelog
(about 200,000 records a second).
"""
from __future__ import annotations

from collections.abc import Iterator

from streams.core.context import Context
from streams.core.homes import REALM
from streams.core.intervals import FOREVER
from streams.core.ownership import owner_at
from streams.core.profile import Forward, Profile, home
from streams.memory import MemoryStore
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.topics import check_topics
from streams.runtime.outside.reading import committed
from streams.runtime.processor import task_factory
from streams.runtime.settings import Settings
from streams.runtime.state.changelog import NAMES
from streams.runtime.state.store import VERSION, refuse_other
from streams.task import Task
from streams.task.partitioning import partition_of
from streams.unit import Change


class StateReader:
    """Looks identifiers up; a partition is read once."""

    def __init__(self, settings: Settings) -> None:
        check_topics(settings)
        self._settings = settings
        self._tasks: dict[int, Task] = {}

    def find(self, identifier: str) -> tuple[Task, Profile] | None:
        """The profile that has the identifier now, and the task it lives in; None if nobody has it."""
        task = self._task_of(identifier)
        pointer = task.state.pointers.get(identifier)
        owner = owner_at(pointer.owners, FOREVER) if pointer else None
        key, _ = owner or (identifier, None)
        for _ in range(100):
            task = self._task_of(home(key))
            row = task.state.profiles.get(key)
            if row is None:
                return None
            if isinstance(row, Profile):
                return task, row
            assert isinstance(row, Forward)
            key = row.to
        return None

    def context(self) -> Context:
        """The definitions in force, and what derives profile ids."""
        return self._task_of(REALM).context

    def stores(self) -> Iterator[MemoryStore]:
        """The state of every task, one after the other: only one at a time is in memory."""
        for partition in range(self._settings.partitions):
            yield read_state(self._settings, partition)

    def _task_of(self, key: str) -> Task:
        partition = partition_of(key, self._settings.partitions)
        if partition not in self._tasks:
            store = read_state(self._settings, partition)
            found = task_factory(self._settings)(partition, self._settings.partitions, store)
            assert isinstance(found, Task)
            self._tasks[partition] = found
        return self._tasks[partition]


def read_state(settings: Settings, partition: int) -> MemoryStore:
    """All tables of one task, as committed. Misconfigured where the broker or the changelog cannot be had, Stop where
    another version of this program wrote it."""
    changelog = committed(settings, Names(settings).changelog, [partition])
    rows = {message.key() or b"": message.value() for message in changelog}
    store = MemoryStore()
    store.write(Change(NAMES[key[0]], key[1:], value) for key, value in sorted(rows.items()) if key[0] in NAMES)
    (version,) = store.get(VERSION.table, [VERSION.key])
    refuse_other(version[0] if version else 0)
    return store
