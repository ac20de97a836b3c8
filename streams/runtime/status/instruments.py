"""Measures a worker: what each unit of work adds, and how its tasks stand.

Tasks' threads feed the counters, once a unit. Whatever can be looked up is looked up only when a page or Prometheus asks,
so that a worker nobody looks at pays nothing for it.
"""
from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from streams.release import release
from streams.runtime.state.restore import RestoreProgress
from streams.runtime.status import metrics as m
from streams.runtime.status.windows import Latencies, Rate
from streams.runtime.work.runner import Done, Runner
from streams.task.reading import EVENT_TOPICS
from streams.web.status import Phase, TaskStatus, WorkerStatus

SAMPLES = 4
"""Events of a unit whose latency is measured."""


class Instruments:
    """The metrics of one worker. `assigned` and `runners` are looked up when asked; `store_memory` in bytes."""

    def __init__(self, application: str) -> None:
        self.application = application
        self.metrics = m.Metrics(self._refresh)
        self.runners: Callable[[], Mapping[int, Runner[Any]]] = dict
        self.assigned: Callable[[], frozenset[int] | None] = lambda: None
        self.store_memory: Callable[[], int] = lambda: 0
        self._started_at = datetime.now(UTC).isoformat(timespec="seconds")
        self._restores: dict[int, RestoreProgress] = {}
        self._records, self._units, self._latencies = Rate(), Rate(), Latencies()
        self._totals: Counter[str] = Counter()
        self._sent: Counter[str] = Counter()
        self._decisions: Counter[str] = Counter()
        self._lock = threading.Lock()

    def observe(self, partition: int, done: Done) -> None:
        """A unit was settled."""
        outcome, metrics = done.outcome, self.metrics
        sent = Counter(send.topic for send in outcome.sends)
        with self._lock:
            self._totals["records"] += len(done.records)
            self._totals["rejected"] += outcome.rejected
            self._sent.update(sent)
            self._decisions.update(outcome.decisions)
        self._records.add(len(done.records))
        self._units.add(1)
        metrics.add(m.RECORDS, len(done.records), partition)
        metrics.add(m.REJECTED, outcome.rejected, partition)
        metrics.add(m.UNITS, 1, partition)
        for metric, counts in ((m.SENT, sent), (m.DECISIONS, outcome.decisions), (m.REBUILT, outcome.rebuilt),
                               (m.CONSENT_FAULTS, outcome.consent_faults), (m.ERASED, outcome.erased)):
            for label, count in counts.items():
                metrics.add(metric, count, label)
        metrics.observe(m.UNIT_RECORDS, len(done.records))
        metrics.observe(m.UNIT_SECONDS, done.seconds)
        if done.commit_seconds is not None:
            metrics.observe(m.COMMIT_SECONDS, done.commit_seconds)
        self._sample(done)

    def restoring(self, partition: int, progress: RestoreProgress) -> None:
        """A restore got that far."""
        self._restores[partition] = progress

    def taken_over(self) -> None:
        """An assignment is in force."""
        self.metrics.add(m.REBALANCES)

    def is_ready(self) -> bool:
        """Whether this worker has its assignment and runs every task of it."""
        assigned = self.assigned()
        return assigned is not None and assigned == self.runners().keys()

    def status(self) -> WorkerStatus:
        """How the worker stands now."""
        return WorkerStatus(
            application=self.application, version=release(), started_at=self._started_at,
            is_ready=self.is_ready(), tasks=self._tasks(), records_per_second=self._records.per_second(),
            units_per_second=self._units.per_second(), records=self._totals["records"],
            dead_letters=self._totals["rejected"], latency=self._latencies.percentiles(),
            store_memory=self.store_memory(), sent=dict(sorted(self._sent.items())),
            decisions=dict(sorted(self._decisions.items())),
        )

    def _sample(self, done: Done) -> None:
        every = max(1, len(done.records) // SAMPLES)
        samples = [max(0.0, (done.wall - record.at) / 1000)
                   for record in done.records[::every] if record.topic in EVENT_TOPICS]
        self._latencies.add(samples)
        for sample in samples:
            self.metrics.observe(m.LATENCY, sample)

    def _tasks(self) -> tuple[TaskStatus, ...]:
        runners = self.runners()
        return tuple(self._task(partition, runners.get(partition)) for partition in sorted(self.assigned() or ()))

    def _task(self, partition: int, runner: Runner[Any] | None) -> TaskStatus:
        restore = self._restores.get(partition)
        restored, end = (restore.position, restore.end) if restore else (0, 0)
        phase = Phase.RUNNING if runner else Phase.QUIET if restored >= end else Phase.RESTORING
        return TaskStatus(
            partition=partition, phase=phase, restored=restored, to_restore=end,
            waiting=runner.waiting if runner else 0, lag=runner.lag() if runner else {},
            standing=runner.standing() if runner else None,
        )

    def _refresh(self, metrics: m.Metrics) -> None:
        metrics.forget((m.LAG, m.WAITING, m.RESTORING))
        tasks = self._tasks()
        for task in tasks:
            for topic, lag in task.lag.items():
                metrics.set(m.LAG, lag, task=task.partition, topic=topic)
            metrics.set(m.WAITING, task.waiting, task=task.partition)
            metrics.set(m.RESTORING, task.to_restore - task.restored, task=task.partition)
        metrics.set(m.ASSIGNED, len(tasks))
        metrics.set(m.RUNNING, len(self.runners()))
        metrics.set(m.STORE_BYTES, self.store_memory())
