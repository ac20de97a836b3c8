"""Kafka and a disk as they matter to one task, and a crash at every point between two calls.

The real `UnitOfWork` runs over it; what is imitated are only the promises of the two sides: a transaction shows as a
whole or not at all, the newest holder of an id fences the others, what was written to the disk is there after a crash.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from streams.memory import MemoryStore
from streams.runtime.exits import Exit, Stop
from streams.runtime.kafka.calls import Aborted
from streams.runtime.state.store import POSITION_KEY, VERSION_KEY
from streams.runtime.work.unit_of_work import Batch, UnitOfWork
from streams.unit import TABLES, Change, Inbound, Outbound, Processor, Store
from tests.kafka.counting import HITS, Counting

PARTITION = 0


def counting(store: Store) -> Processor:
    return Counting(PARTITION, 1, store)


class Crashed(BaseException):
    """kill -9, here."""


class Scissors:
    """Cuts the process at the `at`-th point; None: never. `points` are the names passed so far."""

    def __init__(self, at: int | None = None) -> None:
        self._at = at
        self.points: list[str] = []

    def cut(self, point: str) -> None:
        self.points.append(point)
        if len(self.points) - 1 == self._at:
            raise Crashed(point)


@dataclass(slots=True)
class Disk:
    """The local state of one machine."""

    store: MemoryStore = field(default_factory=MemoryStore)
    position: int = 0


@dataclass(slots=True)
class World:
    """What survives a crash. `meanwhile` is called at the beginning of every call to Kafka; `wall` is the clock."""

    records: list[Inbound]
    new_processor: Callable[[Store], Processor] = counting
    wall: int = 0
    changelog: list[Change] = field(default_factory=list)
    topics: list[Outbound] = field(default_factory=list)
    offsets: dict[str, int] = field(default_factory=lambda: {HITS: 0})
    owner: int = 0
    disk: Disk = field(default_factory=Disk)
    aborts: int = 0
    """How many commits Kafka will ask to abort."""
    acknowledged: list[int] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def lose_disk(self) -> None:
        """Whoever comes next works on another machine."""
        self.disk = Disk()

    def state(self) -> dict[tuple[str, bytes], bytes]:
        """What is on the disk, without what the runtime keeps there for itself."""
        return {
            (table, key): value
            for table in ("profiles", "timers") for key in self.disk.store.keys(table)
            for value in self.disk.store.get(table, [key]) if value is not None
        }

    def logged(self) -> dict[tuple[str, bytes], bytes]:
        """What the changelog says."""
        found: dict[tuple[str, bytes], bytes | None] = {(each.table, each.key): each.value for each in self.changelog}
        return {key: value for key, value in found.items() if value is not None and key[0] != "meta"}


class WorldLog:
    """A task's side of Kafka: `streams.runtime.work.unit_of_work.Log`."""

    def __init__(self, world: World, scissors: Scissors) -> None:
        self._world, self._cut = world, scissors.cut
        self._epoch = -1
        self._open: tuple[list[Change], list[Outbound]] | None = None

    def fence(self) -> None:
        self._world.meanwhile()
        self._cut("fence")
        self._world.owner += 1
        self._epoch = self._world.owner
        self._cut("fenced")

    def committed(self, *, has_state: bool) -> dict[str, int]:
        self._world.meanwhile()
        self._cut("committed")
        if has_state and not self._world.offsets:
            raise Stop(Exit.STATE, "state without offsets")
        return dict(self._world.offsets)

    def begin(self) -> None:
        self._cut("begin")
        assert self._open is None, "a transaction is open"
        self._open = ([], [])

    def produce(self, changes: Iterable[Change], sends: Iterable[Outbound]) -> None:
        self._cut("produce")
        assert self._open is not None, "records outside a transaction"
        self._open[0].extend(changes)
        self._open[1].extend(sends)
        self._cut("produced")

    def commit(self, offsets: Mapping[str, int], reached: int) -> int | None:
        self._cut("commit")
        if self._epoch != self._world.owner:
            raise Stop(Exit.FENCED, "somebody else has this task")
        if self._world.aborts:
            self._world.aborts -= 1
            raise Aborted("not now")
        assert self._open is not None
        changes, sends = self._open
        self._open = None
        self._world.changelog += changes
        self._world.topics += sends
        self._world.offsets.update(offsets)
        self._cut("committed to Kafka")
        return len(self._world.changelog) if changes else None

    def abort(self) -> None:
        self._cut("abort")
        self._open = None

    def close(self) -> None:
        self._open = None


class WorldState:
    """A task's side of the disk: `streams.runtime.work.unit_of_work.State`."""

    def __init__(self, world: World, scissors: Scissors) -> None:
        self._disk, self._cut = world.disk, scissors.cut
        self.position = world.disk.position
        self.get, self.scan = world.disk.store.get, world.disk.store.scan

    @property
    def version(self) -> int:
        [found] = self.get("meta", [VERSION_KEY])
        return found[0] if found else 0

    def write(self, changes: Iterable[Change], position: int, wall: int) -> None:
        self._cut("write")
        self._disk.store.write([*changes, Change("meta", POSITION_KEY, b"%d" % wall)])
        self._disk.position = self.position = position
        self._cut("written")

    def close(self) -> None:
        """Nothing is kept open."""


def content(world: World) -> dict[tuple[str, bytes], bytes]:
    """All tables on the disk; what the runtime keeps for itself is left out."""
    store = world.disk.store
    return {(table, key): value for table in TABLES for key, value in store.scan(table, b"\x02", b"\xff" * 8, 1 << 30)}


def unit_of(world: World, scissors: Scissors, mark: Change | None = None) -> UnitOfWork:
    """A worker's task, not yet taken over."""
    state = WorldState(world, scissors)

    def restore() -> None:
        world.meanwhile()
        scissors.cut("restore")
        state.write(world.changelog[state.position:], len(world.changelog), wall=0)

    return UnitOfWork(
        log=WorldLog(world, scissors), state=state, restore=restore, new_processor=world.new_processor, mark=mark)


def step(world: World, unit: UnitOfWork, size: int, scissors: Scissors | None = None) -> bool:
    """The next batch of the task; False if there is none."""
    first = unit.offsets[HITS]
    records = world.records[first:first + size]
    if not records:
        return False
    behind = first + len(records)

    def acknowledge() -> None:
        (scissors or Scissors()).cut("acknowledge")
        assert unit.state.position == len(world.changelog), "acknowledged before the state was written"
        world.acknowledged.append(behind)

    unit.run(Batch(records=records, offsets={HITS: behind}, acknowledge=acknowledge), world.wall, timers_until=-1)
    return True


def rest(world: World, unit: UnitOfWork) -> bool:
    """A unit without records, first for what no record asks for, then for timers; False if there is nothing."""
    due, is_busy = unit.processor.next_timer(), unit.processor.busy()
    if not is_busy and (due is None or due > world.wall):
        return False
    unit.run(Batch(offsets={}, acknowledge=lambda: None), world.wall, timers_until=-1 if is_busy else world.wall)
    return True


def live(world: World, scissors: Scissors, size: int = 3) -> None:
    """A worker's life: takes the task over and handles everything there is."""
    unit = unit_of(world, scissors)
    unit.take_over()
    while step(world, unit, size, scissors) or (world.wall and rest(world, unit)):
        pass
    unit.close()


def killed_anywhere(
    begun: Callable[[], World], *, loses_disk: bool, lived: Callable[[World, Scissors], None] = live,
) -> World:
    """Checks that a crash between any two calls changes nothing of what is said and kept; the world without a crash."""
    whole = begun()
    lived(whole, Scissors())
    for at in count():
        found = begun()
        try:
            lived(found, Scissors(at))
            break
        except Crashed:
            if loses_disk:
                found.lose_disk()
        lived(found, Scissors())
        assert found.topics == whole.topics
        assert content(found) == content(whole)
    assert at > 60
    return whole
