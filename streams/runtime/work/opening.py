"""Puts a task together: its log, its state, its processor, and takes it over. Blocks; called in a thread a task."""
from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from streams.runtime.clock import wall_ms
from streams.runtime.kafka.topics import topic_id
from streams.runtime.processor import profile_key
from streams.runtime.settings import Settings
from streams.runtime.state.claim import claim
from streams.runtime.state.marks import keep_to, mark_of
from streams.runtime.state.memory import Memory
from streams.runtime.state.restore import RestoreProgress, Superseded, restore
from streams.runtime.state.store import TaskStore
from streams.runtime.work.kafka_log import KafkaLog
from streams.runtime.work.unit_of_work import UnitOfWork
from streams.unit import Processor, Store

log = logging.getLogger(__name__)

ProcessorFactory = Callable[[int, int, Store], Processor]
"""Partition, number of partitions, the task's state."""


class Opening:
    """Opens tasks of one deployment. `report` hears how far each restore is."""

    def __init__(
        self, settings: Settings, new_processor: ProcessorFactory, report: Callable[[int, RestoreProgress], None],
    ) -> None:
        self.settings = settings
        self._new_processor = new_processor
        self._report = report
        self._memory = Memory(settings.memory)

    def used_memory(self) -> int:
        """Bytes that RocksDB holds, of all tasks."""
        return self._memory.used()

    def folder(self, partition: int) -> Path:
        """Where the state of a task lies on this machine."""
        return _folder(self.settings, partition)

    def take_over(self, partition: int, is_called_off: Callable[[], bool]) -> UnitOfWork:
        """The task, fenced and restored, ready to seek. Superseded if that was called off, meanwhile or before it fences
        whoever has the task now."""
        if is_called_off():
            raise Superseded
        kafka = KafkaLog(self.settings, partition, is_called_off)
        state = TaskStore(self.folder(partition), self._memory, wall=wall_ms())
        unit = UnitOfWork(
            log=kafka, state=state,
            restore=lambda: self._restore(kafka, state, partition, is_called_off),
            new_processor=lambda store: self._new_processor(partition, self.settings.partitions, store),
            mark=mark_of(profile_key(self.settings)),
        )
        try:
            unit.take_over()
        except BaseException:
            unit.close()
            raise
        return unit

    def _restore(
        self, kafka: KafkaLog, state: TaskStore, partition: int, is_called_off: Callable[[], bool],
    ) -> None:
        started = time.monotonic()
        if identity := topic_id(self.settings, kafka.changelog.topic):
            keep_to(state, f"{identity}/{partition}")
        count = restore(
            state, kafka.reader, kafka.changelog, wall=wall_ms, is_called_off=is_called_off,
            report=lambda progress: self._report(partition, progress),
        )
        log.info("Task %d restored: %d records in %.1f s", partition, count, time.monotonic() - started)


def forget_states(settings: Settings) -> None:
    """Deletes the state of every task in this worker's folder. Misconfigured if a worker is using it."""
    with claim(settings):
        for number in range(settings.partitions):
            if (folder := _folder(settings, number)).exists():
                shutil.rmtree(folder)


def _folder(settings: Settings, partition: int) -> Path:
    return settings.data / "state" / f"{settings.application}-{partition}"
