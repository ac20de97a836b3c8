"""Every metric of a worker: declared once, each with what it tells and what to do when it moves.

Each app has a registry of its own, not prometheus-client's global one: several apps can live in one process (tests, the
demo), and importing a module must not register anything.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metric:
    """One metric, equal to itself only. `moves` says what to do when its value moves."""

    name: str
    kind: Kind
    tells: str
    moves: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def help(self) -> str:
        return f"{self.tells} {self.moves}"


SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
SIZES = (1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000)
"""Upper bounds of buckets."""

RECORDS = Metric(
    name="audience_records", kind=Kind.COUNTER, labels=("task",),
    tells="Records handled and committed.",
    moves="At zero while lag grows: look at the worker's log. Uneven between tasks: a key is far hotter than the others.")
REJECTED = Metric(
    name="audience_rejected", kind=Kind.COUNTER, labels=("task",),
    tells="Records that became dead letters.",
    moves="Any steady rate: `audience dead-letters list` has the reasons; mend the source.")
SENT = Metric(
    name="audience_sent", kind=Kind.COUNTER, labels=("topic",),
    tells="Records written, by topic, changelog left out.",
    moves="activations.* at zero: are campaigns live? commands close to the records: most events take a hop.")
UNITS = Metric(
    name="audience_units", kind=Kind.COUNTER, labels=("task",),
    tells="Units of work committed: one transaction each.",
    moves="More than 50/s a task: raise AUDIENCE_COMMIT_INTERVAL to save CPU of broker and worker.")
UNIT_RECORDS = Metric(
    name="audience_unit_records", kind=Kind.HISTOGRAM, buckets=SIZES,
    tells="Records in a unit of work.",
    moves="Near 2,000: the worker is catching up. Near 1: it is idle, and each event pays for a commit.")
UNIT_SECONDS = Metric(
    name="audience_unit_seconds", kind=Kind.HISTOGRAM, buckets=SECONDS,
    tells="Time of a unit of work, from its first record to the state written.",
    moves="Above a second: units are large or the disk is slow; compare with audience_commit_seconds.")
COMMIT_SECONDS = Metric(
    name="audience_commit_seconds", kind=Kind.HISTOGRAM, buckets=SECONDS,
    tells="Time the broker took to commit a unit.",
    moves="Above 100 ms: the broker is busy, or its replicas lag.")
LATENCY = Metric(
    name="audience_event_to_output_seconds", kind=Kind.HISTOGRAM, buckets=SECONDS,
    tells="From an event's time on its topic to the commit of what it caused; sampled.",
    moves="Rising with lag: add workers. Rising without: broker or disk.")
LAG = Metric(
    name="audience_lag_records", kind=Kind.GAUGE, labels=("task", "topic"),
    tells="Records on an input topic that are not committed yet.",
    moves="Growing for minutes: add workers, up to one a partition.")
WAITING = Metric(
    name="audience_waiting_records", kind=Kind.GAUGE, labels=("task",),
    tells="Records fetched and not handled yet; an input pauses at 8,000.",
    moves="At its bound: this worker is the bottleneck, not the broker.")
RESTORING = Metric(
    name="audience_restore_remaining_records", kind=Kind.GAUGE, labels=("task",),
    tells="Changelog records still to read before the task can run.",
    moves="Large after every start: is AUDIENCE_DATA on a disk that is kept?")
ASSIGNED = Metric(
    name="audience_tasks_assigned", kind=Kind.GAUGE,
    tells="Tasks this worker owns.", moves="Changing often: workers come and go, or miss their session timeout.")
RUNNING = Metric(
    name="audience_tasks_running", kind=Kind.GAUGE,
    tells="Tasks that run.", moves="Below the assigned ones for minutes: look at restores.")
DECISIONS = Metric(
    name="audience_identity_decisions", kind=Kind.COUNTER, labels=("change",),
    tells="Lines of the identity audit log by what was decided; capped: refused because a profile may not grow any more.",
    moves="Capped rises: a bot, a shared default value or a kiosk joins people; find it in identity.changes and block it.")
CONSENT_FAULTS = Metric(
    name="audience_consent_faults", kind=Kind.COUNTER, labels=("reason",),
    tells="Consent (TCF, GPP, US Privacy, purposes) that could not be read; what it names counts as denied.",
    moves="Any steady rate: a consent platform or a tag cuts or mangles it, and those people are lost to ads.")
REBUILT = Metric(
    name="audience_rebuilt", kind=Kind.COUNTER, labels=("what",),
    tells="Profiles whose events were read again for new definitions, those events, and the leaves folded from them.",
    moves="Rises only after an apply that asks something new. Rising without one: report it.")
ERASED = Metric(
    name="audience_erased_events", kind=Kind.COUNTER, labels=("reason",),
    tells="Events that were refused because everybody whom they name is erased; not among the rejected records.",
    moves="Steady: a source still sends people who asked to be forgotten; `profile unsuppress` lets them come back.")
REBALANCES = Metric(
    name="audience_rebalances", kind=Kind.COUNTER,
    tells="Assignments taken over.", moves="As for audience_tasks_assigned.")
STORE_BYTES = Metric(
    name="audience_store_memory_bytes", kind=Kind.GAUGE,
    tells="Memory of all RocksDB stores: blocks, indexes, filters, write buffers.",
    moves="At AUDIENCE_MEMORY is normal; raise that if the disk reads all the time.")

METRICS: tuple[Metric, ...] = (
    RECORDS, REJECTED, SENT, UNITS, UNIT_RECORDS, UNIT_SECONDS, COMMIT_SECONDS, LATENCY, LAG, WAITING, RESTORING,
    ASSIGNED, RUNNING, DECISIONS, CONSENT_FAULTS, ERASED, REBUILT, REBALANCES, STORE_BYTES,
)


class Metrics:
    """The metrics of one app. Safe from any thread."""

    def __init__(self, refresh: Callable[[Metrics], None], declared: Sequence[Metric] = METRICS) -> None:
        """`refresh` sets the gauges; it is called before each `text`."""
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._refresh = refresh
        self._counters = {each: Counter(each.name, each.help, each.labels, registry=registry)
                          for each in declared if each.kind is Kind.COUNTER}
        self._gauges = {each: Gauge(each.name, each.help, each.labels, registry=registry)
                        for each in declared if each.kind is Kind.GAUGE}
        self._histograms = {each: Histogram(each.name, each.help, each.labels, registry=registry, buckets=each.buckets)
                            for each in declared if each.kind is Kind.HISTOGRAM}
        self._labelled: dict[tuple[Metric, object], Counter] = {}

    def add(self, metric: Metric, amount: float = 1, label: object = None) -> None:
        """Raises a counter; `label` is the value of its one label, if it has one."""
        if (counter := self._labelled.get((metric, label))) is None:
            counter = self._counters[metric] if label is None else self._counters[metric].labels(label)
            self._labelled[metric, label] = counter
        counter.inc(amount)

    def set(self, metric: Metric, value: float, **labels: object) -> None:
        """Sets a gauge."""
        gauge = self._gauges[metric]
        (gauge.labels(**labels) if labels else gauge).set(value)

    def forget(self, metrics: Iterable[Metric]) -> None:
        """Drops the gauges' labelled values: tasks that are gone must not be shown for ever."""
        for metric in metrics:
            self._gauges[metric].clear()

    def observe(self, metric: Metric, value: float) -> None:
        """Adds to a histogram."""
        self._histograms[metric].observe(value)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        self._refresh(self)
        return generate_latest(self._registry)
