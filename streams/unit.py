"""The contract between what a task does (pure stages) and who runs it (the Kafka runtime, or `Pipeline`).

One call of `Processor.run` is one unit of work: everything it returns is committed together or not at all. The caller reads,
produces, commits and writes; the processor decodes, steps and encodes. It reads its state only through `Store`, which shows
what was last *committed*. Because it may cache decoded state, it must be thrown away with a unit that is not committed.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from streams import topology
from streams.standing import Standing

ALL, LAST = 1 << 30, b"\xff\xff"
"""For `scan`: a limit that no table reaches, and a key behind every key that is text."""
TABLES = tuple(table.name for table in topology.TABLES)
"""The tables of a task, by name."""


class Inbound(NamedTuple):
    """A record as it was read. `at` is the record's own time in ms; `topic` the logical name, without prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    at: int
    headers: tuple[tuple[str, bytes], ...] = ()


class Outbound(NamedTuple):
    """A record to write. `partition` None leaves it to the producer's murmur2 of the key."""

    topic: str
    key: bytes
    value: bytes | None
    partition: int | None = None


class Change(NamedTuple):
    """One write to the task's own state; `value` None deletes. It goes to the changelog and, once committed, to RocksDB."""

    table: str
    key: bytes
    value: bytes | None


@dataclass(slots=True)
class Outcome:
    """What one unit of work caused."""

    changes: list[Change]
    sends: list[Outbound]
    applied: int = 0
    rejected: int = 0
    """Records that became dead letters, which are in `sends`."""
    strange: int = 0
    """Those of them that came through the collector, from anybody: they say nothing about the deployment's own input."""
    decisions: Mapping[str, int] = field(default_factory=dict)
    """Decisions about identity, by what was decided."""
    consent_faults: Mapping[str, int] = field(default_factory=dict)
    """Messages whose consent could not be read, by reason."""
    rebuilt: Mapping[str, int] = field(default_factory=dict)
    """Profiles whose events were read again for new definitions, those events, and the leaves folded."""
    erased: Mapping[str, int] = field(default_factory=dict)
    """Events that were refused because everybody they name is erased, by reason."""


class Store(Protocol):
    """The committed state of one task."""

    def get(self, table: str, keys: Sequence[bytes]) -> list[bytes | None]:
        """Values in the order of `keys`, None where there is none."""
        ...

    def scan(self, table: str, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """At most `limit` pairs with `start <= key < stop`, in key order."""
        ...


class Processor(Protocol):
    """All stages of one task, over one store."""

    def frontier(self, record: Inbound) -> int:
        """The `receivedAt` of a record in ms, as cheaply as it can be had (its own time where it states none).
        The caller merges its input topics by this."""
        ...

    def run(
        self, batch: Sequence[Inbound], wall: int, timers_until: int, portion: float = 1.0, *, has_turn: bool = True,
    ) -> Outcome:
        """Handle the records in this order, then timers that are due.

        `wall` is the wall clock: no record's time counts as later. `timers_until` is the instant up to which timers may
        fire: `wall` when every input is read to its end, else the oldest instant that a record not yet handed over can have.
        `portion` (above 0, at most 1) scales how many timers and how much background work one call takes on; without
        `has_turn` it does no background work. Raises only for bugs: bad records become dead letters.
        """
        ...

    def next_timer(self) -> int | None:
        """The due instant of the first timer in state, for the caller to know when to call `run` with no records."""
        ...

    def busy(self) -> bool:
        """True while there is work that no record asks for (a backfill, an activation sweep): call `run` again
        with no records between batches; each such call does one bounded slice of it, one with records does none."""
        ...

    def standing(self) -> Standing | None:
        """How the task stands, None if it keeps no count. From any thread, at any moment."""
        ...
