"""The status of a worker, and how it looks as JSON and as a page.

One dataclass is the source of both, so that what a person sees and what a script reads cannot differ. It holds counts,
offsets and times only, no personal data.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from streams.standing import Standing, total
from streams.web.pages import template


class Phase(StrEnum):
    """What a task is doing."""

    RESTORING = "restoring"
    RUNNING = "running"
    QUIET = "quiet"
    """Taken over, not started: a rebalance is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """One task. Lag is by topic, in records."""

    partition: int
    phase: Phase
    waiting: int = 0
    lag: Mapping[str, int] = field(default_factory=dict)
    restored: int = 0
    to_restore: int = 0
    standing: Standing | None = None
    """None while the task does not run."""

    @property
    def total_lag(self) -> int:
        return sum(self.lag.values())

    @property
    def restore_share(self) -> float:
        """From 0 to 1."""
        return self.restored / self.to_restore if self.to_restore else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Seconds from an event on its topic to the commit of what it caused, over the last minute."""

    p50: float
    p95: float
    p99: float
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """One worker. Rates are per second, over the last ten."""

    application: str
    version: str
    started_at: str
    is_ready: bool
    tasks: tuple[TaskStatus, ...]
    records_per_second: float
    units_per_second: float
    records: int
    dead_letters: int
    latency: Percentiles
    store_memory: int
    sent: Mapping[str, int]
    decisions: Mapping[str, int] = field(default_factory=dict)
    """About identity, since the start: lines of the audit log by what was decided."""

    @property
    def total_lag(self) -> int:
        return sum(task.total_lag for task in self.tasks)

    @property
    def standing(self) -> Standing:
        """Of this worker's tasks; `audience segment list` adds up those of all workers."""
        return total(task.standing for task in self.tasks if task.standing is not None)


def as_json(status: WorkerStatus) -> dict[str, Any]:
    """For `/?json` and clients that accept JSON."""
    return asdict(status) | {"lag": status.total_lag, "standing": asdict(status.standing)}


def as_page(status: WorkerStatus) -> str:
    """HTML, complete in itself: no script, nothing loaded from elsewhere; reloads itself every two seconds."""
    return template("status.html").render(status=status, phases=Phase)
