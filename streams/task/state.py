"""All tables of a task over one store: what the core sees, and what a unit of work writes."""
from __future__ import annotations

from collections.abc import Iterable, Sequence

from streams.core.messages import Adopt, Arrive, Cut, Decide, Deliver, Release, Visit
from streams.core.requests import Receipt
from streams.core.tables import Barred, Node, Person, Pointer, Tables
from streams.task.census import CountedProfiles
from streams.task.prefixes import Identities
from streams.task.rows import BARRED, NODE, PERSON, PLAIN, POINTER, RAW, RECEIPT
from streams.task.timelines import StoredTimeline
from streams.task.wheel import Wheel
from streams.task.wire import Taken
from streams.task.working import RareTable, WorkingTable
from streams.unit import Change, Inbound, Store


class State:
    """The working set of one task."""

    def __init__(self, store: Store) -> None:
        self.pointers: WorkingTable[Pointer] = WorkingTable(store, "pointers", POINTER)
        self.chunks: WorkingTable[bytes] = WorkingTable(store, "pointers", RAW)
        self.profiles = CountedProfiles(store)
        self.nodes: WorkingTable[Node] = WorkingTable(store, "identities", NODE, Identities.NODES)
        self.persons: WorkingTable[Person] = WorkingTable(store, "identities", PERSON, Identities.PERSONS)
        self.counters: WorkingTable[int] = WorkingTable(store, "identities", PLAIN, Identities.COUNTERS)
        self.receipts: WorkingTable[Receipt] = WorkingTable(store, "identities", RECEIPT, Identities.RECEIPTS)
        self.barred: RareTable[Barred] = RareTable(store, "identities", BARRED, Identities.BARRED)
        self.timeline = StoredTimeline(store)
        self.timers = Wheel(store)
        self.tables = Tables(
            self.pointers, self.profiles, self.nodes, self.persons, self.chunks, self.counters, self.timeline,
            self.timers, self.receipts, self.barred)
        self._working = (self.pointers, self.chunks, self.profiles, self.nodes, self.persons, self.counters,
                         self.receipts, self.barred)

    def expect(self, records: Sequence[Inbound]) -> None:
        """One multi-get a table for the homes that the records' keys name: with nearly all of them, all that they need."""
        homes = {record.key.decode(errors="replace") for record in records if record.key}
        self.pointers.prefetch(homes)
        self.profiles.prefetch(homes)

    def prefetch(self, work: Iterable[tuple[Taken, int]]) -> None:
        """One multi-get a table for what these messages need first and nobody read so far."""
        homes: set[str] = set()
        profiles: set[str] = set()
        nodes: set[str] = set()
        for message, _ in work:
            if isinstance(message, Arrive):
                homes.add(message.event.identifiers[0])
                continue
            match message:
                case Visit(pending=pending):
                    homes.add(pending[0])
                case Decide(event):
                    nodes.update(event.identifiers)
                case Deliver() | Release() | Adopt() | Cut():
                    profiles.add(message.profile)
        self.pointers.prefetch(homes)
        self.profiles.prefetch(homes | profiles)
        self.nodes.prefetch(nodes)
        known = [node for identifier in nodes if (node := self.nodes.get(identifier)) is not None]
        self.persons.prefetch(nodes.union(owner for node in known for _, owner, _ in node.owners))

    def changes(self) -> list[Change]:
        found: list[Change] = []
        for table in self._working:
            found += table.changes()
        return found + self.timeline.changes() + self.timers.changes()
