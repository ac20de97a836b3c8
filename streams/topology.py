"""What the pipeline is made of: topics, tables, stages, as data. Read this file first.

Declared once and read by everybody: the Faust app declares its agents and tables from it, `ensure_topics` creates what it
names, `Pipeline` and the tests use the same names, `audience topics` prints `describe()`. If each stage declared what it
reads, nobody could say what the whole is without running it.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

MIB = 1 << 20
_DAY = timedelta(days=1)
COMPACTED_VALUES_LAST = timedelta(days=1)
"""A value that was replaced or erased is gone from a compacted topic after this (`max.compaction.lag.ms`) and
the cleaner's turn: law L7."""
TOMBSTONES_LAST = timedelta(days=7)
"""How long a compacted topic remembers that a key was deleted (`delete.retention.ms`). A local store
that was last current more than half of this ago is discarded: it could bring erased people back."""


class Role(StrEnum):
    """Which way a topic's records flow, seen from the pipeline."""

    INPUT = "input"
    INTERNAL = "internal"
    OUTPUT = "output"
    BESIDE = "beside"
    """Written and read by others (connectors, console); declared so that it is created and checked with the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A Kafka topic, by its logical name: the prefix of the deployment comes before it on the broker."""

    name: str
    role: Role
    schema: str
    """Name in `schemas.catalogue`."""
    key: str
    what: str
    writers: str
    readers: str
    retention: timedelta | None = None
    """How long records are kept; None on compacted topics, where the newest of each key stays."""
    max_bytes: int = 8 * MIB
    """The largest record. What the pipeline writes may hold an event and more: a dead letter with the
    original bytes, a profile. What others write is held to Kafka's own default."""

    @property
    def compacted(self) -> bool:
        return self.retention is None

    @property
    def is_read(self) -> bool:
        """Whether tasks read it."""
        return self.role in (Role.INPUT, Role.INTERNAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One kind of state of a task: a column family in its RocksDB, `code` + key in the shared changelog."""

    name: str
    code: bytes
    """One byte, permanent: it stands before every key in the changelog."""
    key: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step of the pipeline. Stages of one group are entered through one agent, which reads their topic. Each may write
    dead letters: of what it cannot read, of what it cannot render."""

    name: str
    group: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    tables: tuple[str, ...]
    does: str


_UPSTREAM_BYTES = MIB + 12 * 1024
"""What a producer with default settings can send is accepted, with some room for its overhead."""

TOPICS: tuple[Topic, ...] = (
    Topic(
        name="events.hits", role=Role.INPUT, schema="hit", key="identifier, as namespace:value",
        what="anonymous cookie and device hits", writers="upstream, collector", readers="pipeline",
        retention=7 * _DAY, max_bytes=_UPSTREAM_BYTES),
    Topic(
        name="events.interactions", role=Role.INPUT, schema="interaction", key="strongest identifier",
        what="events that name a known person", writers="upstream, collector", readers="pipeline",
        retention=7 * _DAY, max_bytes=_UPSTREAM_BYTES),
    Topic(
        name="definitions", role=Role.INPUT, schema="definition", key="kind/id@version, and a head per kind/id",
        what="segments, campaigns, computed traits, destinations, rules of identity and consent",
        writers="CLI, console", readers="pipeline"),
    Topic(
        name="privacy.requests", role=Role.INPUT, schema="privacy_request", key="identifier",
        what="erase, export, suppress, unsuppress, split", writers="CLI, console, connectors", readers="pipeline",
        retention=14 * _DAY),
    Topic(
        name="privacy.receipts", role=Role.OUTPUT, schema="privacy_receipt", key="request id",
        what="what was done, where", writers="pipeline", readers="requester", retention=90 * _DAY),
    Topic(
        name="commands", role=Role.INTERNAL, schema="command", key="identifier, profile key or realm",
        what="everything between tasks", writers="pipeline only; CLI its questions", readers="pipeline only",
        retention=7 * _DAY),
    Topic(
        name="segments.answers", role=Role.OUTPUT, schema="segment_answer", key="request id",
        what="what each task answers to `audience segment list`, `segment preview` and `diff`",
        writers="pipeline", readers="whoever asked", retention=timedelta(hours=1)),
    Topic(
        name="identity.changes", role=Role.OUTPUT, schema="identity_change", key="profile id",
        what="attached, merged, moved, refused, split, erased: the audit log",
        writers="pipeline", readers="anyone", retention=90 * _DAY),
    Topic(
        name="profiles", role=Role.OUTPUT, schema="profile", key="profile id",
        what="the 360 view, on change", writers="pipeline", readers="warehouse, search"),
    Topic(
        name="audiences.changes", role=Role.OUTPUT, schema="audience_change", key="profile id",
        what="entered and exited, with because", writers="pipeline", readers="anyone", retention=7 * _DAY),
    Topic(
        name="audiences.memberships", role=Role.OUTPUT, schema="memberships", key="identifier",
        what="every segment the identifier is in now", writers="pipeline", readers="ad servers"),
    Topic(
        name="activations.display", role=Role.OUTPUT, schema="activation", key="identifier",
        what="activations for display", writers="pipeline", readers="connectors, ad servers", retention=7 * _DAY),
    Topic(
        name="activations.email", role=Role.OUTPUT, schema="activation", key="identifier",
        what="activations for e-mail", writers="pipeline", readers="connectors", retention=7 * _DAY),
    Topic(
        name="activations.sms", role=Role.OUTPUT, schema="activation", key="identifier",
        what="activations for SMS", writers="pipeline", readers="connectors", retention=7 * _DAY),
    Topic(
        name="deliveries", role=Role.BESIDE, schema="delivery", key="activation id",
        what="delivered, deferred, refused", writers="connectors", readers="console", retention=30 * _DAY),
    Topic(
        name="dead-letters", role=Role.OUTPUT, schema="dead_letter", key="source key",
        what="what could not be accepted: original bytes and headers, where from, reason",
        writers="pipeline", readers="operator", retention=14 * _DAY),
)
INPUTS: tuple[Topic, ...] = tuple(topic for topic in TOPICS if topic.is_read)
"""What a task reads, internal messages included: the same partition number of each."""

TABLES: tuple[Table, ...] = (
    Table(name="pointers", code=b"p", key="identifier", what="whose an identifier is, and since when"),
    Table(name="profiles", code=b"h", key="profile key", what="a profile's hot state, read per event"),
    Table(name="timeline", code=b"t", key="profile key, chunk",
          what="a profile's events, for backfill and the 360 view"),
    Table(name="timers", code=b"d", key="due time, profile, cause",
          what="what happens by time alone; the next due is the first"),
    Table(name="identities", code=b"i", key="identifier", what="the sequencer's graph: who belongs to whom"),
    Table(name="meta", code=b"m", key="name", what="definitions, cursors, and the runtime's own position"),
)

STAGES: tuple[Stage, ...] = (
    Stage(
        name="hits", group="hits", reads=("events.hits",), writes=("commands", "dead-letters"),
        tables=("pointers",), does="decodes, deduplicates, finds the pointer of the strongest identifier"),
    Stage(
        name="interactions", group="interactions", reads=("events.interactions",),
        writes=("commands", "dead-letters"), tables=("pointers",), does="the same for events of known people"),
    Stage(
        name="pointers", group="commands", reads=("commands",), writes=("commands", "dead-letters"),
        tables=("pointers",), does="says whose an identifier is; heals records of the wrong partition"),
    Stage(
        name="sequencer", group="commands", reads=("commands",),
        writes=("commands", "identity.changes", "dead-letters"), tables=("identities",),
        does="decides on new evidence, in one order: attach, merge, move, refuse"),
    Stage(
        name="profile", group="commands", reads=("commands",),
        writes=("commands", "profiles", "audiences.changes", "audiences.memberships", "dead-letters"),
        tables=("profiles", "timeline", "timers"), does="folds events, adopts fragments, evaluates segments"),
    Stage(
        name="display", group="commands", reads=(), writes=("activations.display", "dead-letters"),
        tables=("profiles", "timers"), does="sink: changes of membership to display activations"),
    Stage(
        name="email", group="commands", reads=(), writes=("activations.email", "dead-letters"),
        tables=("profiles", "timers"), does="sink: changes of membership to e-mails"),
    Stage(
        name="sms", group="commands", reads=(), writes=("activations.sms", "dead-letters"),
        tables=("profiles", "timers"), does="sink: changes of membership to text messages"),
    Stage(
        name="definitions", group="definitions", reads=("definitions",), writes=("commands", "dead-letters"),
        tables=("meta", "timers"), does="collects a revision and hands it to every task; backfills"),
    Stage(
        name="answers", group="commands", reads=("commands",), writes=("segments.answers", "dead-letters"),
        tables=("meta", "profiles", "timeline"), does="says how segments stand, between batches"),
    Stage(
        name="privacy", group="privacy", reads=("privacy.requests",),
        writes=("commands", "privacy.receipts", "dead-letters"), tables=("pointers", "identities"),
        does="erasure, export, suppression, split, in the sequencer's order"),
)
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(stage.group for stage in STAGES))
"""One agent each."""


def log_segment_of(retention: timedelta) -> timedelta:
    """How long one segment of a topic's log lasts (`segment.ms`). Kafka deletes whole segments, each when its newest record
    is old enough: so the oldest record in it may stay for that much longer."""
    return min(retention, _DAY)


def topic(name: str) -> Topic:
    """The declared topic of that logical name. KeyError if there is none."""
    return _BY_NAME[name]


def topics_of(group: str) -> tuple[Topic, ...]:
    """The topics that the agent of that group reads."""
    names = dict.fromkeys(name for stage in STAGES if stage.group == group for name in stage.reads)
    return tuple(_BY_NAME[name] for name in names)


def describe() -> str:
    """The whole as text: what goes in, the stages in order, what comes out."""
    return "\n".join((
        "read", *_lines(INPUTS), "",
        "stages", *(f"  {stage.name:<14}{stage.does}" for stage in STAGES), "",
        "state", *(f"  {table.name:<14}{table.what}" for table in TABLES), "",
        "written", *_lines(topic for topic in TOPICS if topic.role is Role.OUTPUT), "",
        "beside", *_lines(topic for topic in TOPICS if topic.role is Role.BESIDE),
    ))


def _lines(topics: Iterable[Topic]) -> list[str]:
    return [f"  {each.name:<24}{_kept(each):<14}{each.what}" for each in topics]


def _kept(each: Topic) -> str:
    if each.retention is None:
        return "newest"
    return f"{each.retention.days} days" if each.retention.days else f"{each.retention.seconds // 3600} h"


_BY_NAME = {each.name: each for each in TOPICS}
