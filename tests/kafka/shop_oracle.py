"""The simulated shop played at a deployment under faults, and everything its topics must then say.

The shop's own ledger is the oracle (`streams.demo.expected`), the comparison is the demo's (`streams.demo.verdict`); what
only matters under faults is added here: order and alternation of every line, dead letters by content, state on disk.
"""
from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from streams.core.profile import Profile
from streams.definitions import load_folder
from streams.demo.expected import Ledger
from streams.demo.facts import BROKEN, Sent
from streams.demo.play import BUTTON, DEFINITIONS
from streams.demo.shop import generate
from streams.demo.tally import TOPICS, Tally
from streams.demo.verdict import judge
from streams.memory import MemoryStore
from streams.runtime.clock import wall_ms
from streams.runtime.outside.button import press_button
from streams.runtime.outside.definitions_log import edit
from streams.runtime.outside.observer import ALL_INPUTS, Observer, OutputRecord, lag
from streams.runtime.outside.state_reader import read_state
from streams.runtime.outside.upstream import Upstream
from streams.runtime.state.memory import Memory
from streams.runtime.state.store import TaskStore
from streams.task.census import EDITION
from streams.task.prefixes import Meta
from streams.task.publishing import revise
from streams.task.rows import PLAIN, PROFILE
from streams.unit import TABLES
from tests.kafka.deployment import Deployment, wait_until

SETTLED = 3_000
"""ms after which every line about an instant is on the topics: profiles come a second late, timers a quarter."""
Row = dict[str, Any]
State = dict[tuple[str, bytes], bytes]


class RealShop:
    """Plays in the background, each message at its moment, and may press the button half-way. A context manager."""

    def __init__(
        self, deployment: Deployment, *, events: int, seed: int, seconds: float, presses_button: bool = True,
    ) -> None:
        print(f"RealShop seed {seed}")
        self.sent: list[Sent] = []
        self.started = wall_ms()
        self._presses_button = presses_button
        self._deployment, self._events, self._seed, self._seconds = deployment, events, seed, seconds
        self._is_leaving = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._play, daemon=True)
        edit(deployment.settings, lambda found: revise(found.heads, load_folder(DEFINITIONS).sources))

    def __enter__(self) -> RealShop:
        self.started = wall_ms()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_leaving.set()
        self._thread.join()

    def close(self) -> None:
        """Returns once every message is on the broker."""
        self._thread.join()
        assert self._failure is None, self._failure
        assert len(self.sent) == self._events

    def ledger(self) -> Ledger:
        noted = Ledger()
        for sent in self.sent:
            noted.note(sent)
        return noted

    def _play(self) -> None:
        try:
            with Upstream(self._deployment.settings) as upstream:
                for sent in generate(self._events, self._seed, self.started, int(self._seconds * 1000)):
                    if self._is_leaving.wait(max(0.0, sent.received_at / 1000 - time.time())):
                        return
                    upstream.send(sent.topic, sent.key, sent.value)
                    self.sent.append(sent)
                    if self._presses_button and len(self.sent) * 2 == self._events:
                        self._press()
        except BaseException as failure:
            self._failure = failure

    def _press(self) -> None:
        press_button(self._deployment.settings, BUTTON)


class Seeing:
    """Every record of the output topics, in the order of its partition. A context manager."""

    def __init__(self, deployment: Deployment) -> None:
        self.tally = Tally()
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self._observer = Observer(deployment.settings, TOPICS, self._note)

    def __enter__(self) -> Seeing:
        self._observer.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._observer.__exit__(None, None, None)

    def wait_until_quiet(self, seconds: float) -> None:
        wait_until(lambda: time.monotonic() - self._observer.newest > seconds, within=90, what="outputs are quiet")

    def _note(self, seen: OutputRecord) -> None:
        self.tally.note(seen)
        if seen.record is not None:
            self.rows[seen.topic].append(seen.record)


def assert_exact(deployment: Deployment, shop: RealShop, seeing: Seeing) -> None:
    """The topics become the shop's answer at several instants, also while windows end; and so does the state.

    Not judged under faults: consent by the demo's five seconds, as two partitions' knowledge of one person may be apart
    by as long as a worker was away; and instants at which events still waited, as a change carries the instant at
    which it was handled.
    """
    shop.close()
    wait_until(lambda: lag(deployment.settings, ALL_INPUTS) == 0, within=90, what="every event is handled")
    answer = shop.ledger().expected()
    first = wall_ms()
    wait_until(lambda: wall_ms() > first + 12_000 + SETTLED, within=30, what="windows end")
    seeing.wait_until_quiet(1)
    wrong = [
        (at - first, check.name, check.expected, check.found, check.example)
        for at in range(first + SETTLED, first + 12_001, 3_000)
        for check in judge(seeing.tally.observed(at), answer).checks if not check.is_ok and "consent" not in check.name
    ]
    changes, identity = seeing.rows["audiences.changes"], seeing.rows["identity.changes"]
    merged = {row["profile_id"] for row in identity if row["change"] == "merged"}
    wrong += not_by_turns(changes, ("profile_id", "segment_id"))
    wrong += sequences_with_gaps(row for row in changes if row["profile_id"] not in merged)
    display = [row for row in seeing.rows["activations.display"] if row["change"] != "message"]
    wrong += not_by_turns(display, ("channel", "campaign_id", "identifier"))
    wrong += wrong_dead_letters(seeing.rows["dead-letters"], shop.sent)
    assert not wrong, "\n".join(map(str, wrong[:20]))
    for worker in deployment.workers:
        assert not worker.is_running or worker.stop() == 0
    assert_state_is_changelog(deployment)


def not_by_turns(rows: Iterable[Row], key: tuple[str, ...]) -> list[Any]:
    """Law L5: entered and exited by turns, entered first, with a sequence that rises."""
    found: list[Any] = []
    told: dict[tuple[str, ...], tuple[str, int]] = {}
    for row in rows:
        name = tuple(str(row[field]) for field in key)
        change, sequence = told.get(name, ("exited", 0))
        if row["change"] == change or row["sequence"] <= sequence:
            found.append(("not by turns", name, (change, sequence), (row["change"], row["sequence"], row["at"])))
        told[name] = row["change"], row["sequence"]
    return found


def sequences_with_gaps(rows: Iterable[Row]) -> list[Any]:
    """Law L5: by one at a time. Not for who adopted others: a survivor goes on from the highest of all parts."""
    sequences: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        sequences[row["profile_id"], row["segment_id"]].append(row["sequence"])
    return [("gap", name, each) for name, each in sequences.items() if each != [*range(1, len(each) + 1)]]


def wrong_dead_letters(rows: Iterable[Row], sent: Iterable[Sent]) -> list[Any]:
    """Law L9: what must be refused, byte for byte, and nothing else."""
    expected = Counter(each.value for each in sent if each.label in BROKEN)
    found = Counter(row["value"] for row in rows)
    return [("dead letters differ", value) for value in (expected - found) + (found - expected)]


def assert_state_is_changelog(deployment: Deployment) -> None:
    """Each partition's RocksDB, of the worker that got furthest, is its changelog replayed. All workers ended."""
    folders: dict[int, list[TaskStore]] = defaultdict(list)
    memory = Memory(32)
    for path in sorted(deployment.folder.glob("*/data/state/*-*")):
        folders[int(path.name.rpartition("-")[2])].append(TaskStore(path, memory, wall=wall_ms()))
    for partition in range(deployment.settings.partitions):
        furthest = max(folders[partition], key=lambda store: store.position)
        stored, logged = content(furthest), content(read_state(deployment.settings, partition))
        differing = sorted(key for key in stored.keys() | logged.keys() if stored.get(key) != logged.get(key))
        assert logged and not differing, f"partition {partition}: {differing[:5]} of {len(differing)} differ"
        assert_census(logged)
    for store in (each for stores in folders.values() for each in stores):
        store.close()


def assert_census(state: State) -> None:
    """What a task counts of its profiles is what a count over its rows gives: no crash counted anybody twice."""
    rows = [PROFILE.decode(value) for (table, _), value in state.items() if table == "profiles"]
    people = [row for row in rows if isinstance(row, Profile) and row.fragments]
    counted = Counter(name for row in people for name in (f"{EDITION}{row.edition}", *row.members))
    kept = {key[1:].decode(): PLAIN.decode(value) for (table, key), value in state.items()
            if table == "meta" and key.startswith(Meta.CENSUS)}
    assert people and kept == counted


def content(store: TaskStore | MemoryStore) -> State:
    """All tables; what the runtime keeps for itself in `meta` is left out."""
    return {
        (table, key): value for table in TABLES for key, value in store.scan(table, b"\x01", b"\xff" * 8, 1 << 30)
    }
