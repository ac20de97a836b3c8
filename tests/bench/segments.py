"""What live segments cost a whole task, on its RocksDB: a hit, a backfill, exits by time alone, and the state of a profile.

    python -m tests.bench.segments [--people N] [--events N] [--rounds N]

From the bytes of a topic to rows written and records as Avro; Kafka is not in it. CPU time, in rounds that take turns, so
that load hits all alike. The ten segments are the shop's of `engine.py`; what is added to reach 100 and 500 hears other
events, so the same number is touched. Printed, never asserted.
"""
from __future__ import annotations

import argparse
import random
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from streams.pipeline import NO_TIMERS
from streams.runtime import cycles
from streams.runtime.state.memory import Memory
from streams.runtime.state.store import TaskStore
from streams.task import Task, TaskSettings
from streams.task.wire import Staged
from streams.unit import TABLES, Inbound, Outcome
from tests.bench.engine import EVENTS

START = 1_767_225_600_000
MINUTE, HOUR = 60_000, 3_600_000
UNIT = 500
SETTINGS = TaskSettings(profile_key="bench", view_after=None)
Json = dict[str, Any]


def did(event: str, within: str = "1h", **more: Any) -> Json:
    return {"performed": {"event": event, "within": within, **more}}


def newest(where: str, value: str, **more: Any) -> Json:
    return {"last_performed": {"where_last": [{"property": where, "is": value}], **more}}


def shop(number: int) -> dict[str, Json]:
    """So many segments, of which ten hear what these visitors do."""
    rules: list[Json] = [
        did("Product Viewed", at_least=3), {"all": [did("Product Added", "24h"), {"not": did("Order Completed", "24h")}]},
        did("Page Viewed", "7d", at_least=10), newest("context.device.type", "ios"), {"performed": {"at_least": 20}},
        newest("category", "shoes", event="Product Viewed"),
        {"aggregate": {"event": "Order Completed", "function": "sum", "property": "revenue", "gte": 100, "within": "30d"}},
        did("Ad Clicked", "30d"),
        {"sequence": {"steps": [{"event": "Product Viewed"}, {"event": "Product Added"}], "within": "1d",
                      "completed_within": "1d"}},
        {"any": [{"in_segment": {"id": "s0"}}, {"in_segment": {"id": "s4"}}]}]
    rules += [{"all": [did(f"Lesson {place} Started", f"{1 + place % 30}d"), {"not": did(f"Lesson {place} Finished", "1d")}]}
              for place in range(number - 10)]
    return {f"segment/s{place}": {"kind": "segment", "id": f"s{place}", "rule": rule} for place, rule in enumerate(rules)}


class Bench:
    """One task over a RocksDB of its own. In seconds of CPU: `spent` by its units and RocksDB's own threads; `longest` unit
    of the task's thread."""

    def __init__(self, folder: Path, definitions: dict[str, Json]) -> None:
        self.store = TaskStore(folder, Memory(128), wall=START)
        self.task = Task(0, 1, self.store, SETTINGS)
        self.spent, self.longest, self._offset = 0.0, 0.0, 0
        self.define(definitions)

    def define(self, definitions: dict[str, Json]) -> None:
        for key, document in definitions.items():
            self.task.revisions.stage(Staged(key, document, 1, None))
        self.task._revise((self.task.revisions.numbers.get("revision") or 0) + 1)

    def run(self, batch: list[Inbound], at: int, timers_until: int = NO_TIMERS) -> Outcome:
        self._offset += 1
        started, began = time.process_time(), time.thread_time()
        outcome = self.task.run(batch, at, timers_until)
        self.store.write(outcome.changes, self._offset, at)
        self.spent += time.process_time() - started
        self.longest = max(self.longest, time.thread_time() - began)
        return outcome

    def reset(self) -> None:
        self.spent = self.longest = 0.0


def hits(number: int, people: int, start: int, seed: int) -> Iterator[tuple[list[Inbound], int]]:
    chance, batch, at = random.Random(seed), [], start
    for place in range(number):
        at = start + place
        who = f"c{int(chance.random() ** 2 * people)}"
        message = {"type": "track", "event": chance.choice(EVENTS), "anonymousId": who, "messageId": f"m{seed}.{place}",
                   "timestamp": at, "context": {"device": {"type": chance.choice(("ios", "android", "web"))}},
                   "properties": {"category": chance.choice(("shoes", "hats")), "revenue": 20, "path": "/products/17"}}
        batch.append(Inbound("events.hits", 0, place, f"cookie:{who}".encode(), orjson.dumps(message), at))
        if len(batch) == UNIT:
            yield batch, at
            batch = []


def cost_per_hit(folder: Path, people: int, events: int, rounds: int) -> None:
    benches = {number: Bench(folder / f"hits-{number}", shop(number)) for number in (10, 100, 500)}
    costs: dict[int, list[float]] = {number: [] for number in benches}
    for turn in range(rounds):
        for number, bench in benches.items():
            bench.reset()
            for batch, at in hits(events, people, START + turn * HOUR, turn):
                bench.run(batch, at, at - 1)
            costs[number].append(bench.spent / events * 1e6)
    base = median(costs[10][1:])
    for number, spent in costs.items():
        rows = [f"{each:.1f}" for each in sorted(spent[1:])]
        middle = median(spent[1:])
        print(f"a hit with {number:3} segments: {middle:6.1f} us of CPU, {middle / base:.2f} times that of ten "
              f"(rounds: {', '.join(rows)})")
        memory(benches[number], number)


def memory(bench: Bench, number: int) -> None:
    """What is kept of a profile: bytes of rows on the disk, and of the decoded row in a worker's memory."""
    rows = {table: bench.store.scan(table, b"", b"\xff" * 8, 1 << 30) for table in TABLES}
    profiles = len(rows["profiles"])
    sizes = ", ".join(f"{table} {sum(len(k) + len(v) for k, v in rows[table]) / profiles:,.0f}"
                      for table in ("profiles", "timeline", "timers"))
    state = type(bench.task.state)(bench.store)
    tracemalloc.start()
    kept = [state.profiles.get(key.decode()) for key, _ in rows["profiles"][:2_000]]
    decoded = tracemalloc.get_traced_memory()[0] / len(kept)
    tracemalloc.stop()
    print(f"  of a profile are kept, in bytes: {sizes}; decoded in memory {decoded:,.0f} ({profiles:,} profiles)")


def backfill(folder: Path, people: int, events: int) -> None:
    """Profiles a second: of an edit whose leaf is new and has to be read from the events, and of one that asks nothing
    new."""
    bench = Bench(folder / "backfill", shop(10))
    for batch, at in hits(people * events, people, START, 1):
        bench.run(batch, at, at - 1)
    profiles = bench.task.standing().profiles
    edits = {"a new leaf": {"performed": {"event": "Page Viewed", "within": "2d"}},
             "nothing new asked": {"not": {"performed": {"event": "Page Viewed", "within": "2d"}}}}
    for name, rule in edits.items():
        bench.define({"segment/new": {"kind": "segment", "id": "new", "rule": rule}})
        bench.run([], START + HOUR)
        bench.reset()
        units = 0
        while bench.task.busy():
            bench.run([], START + HOUR)
            units += 1
        print(f"backfill, {name}: {profiles / bench.spent:,.0f} profiles/s of CPU, {events} events each, {profiles:,} "
              f"profiles in {units} slices, the longest {bench.longest * 1e3:.0f} ms")


def exits(folder: Path, people: int) -> None:
    """All fall due in the same minute."""
    bench = Bench(folder / "exits", {"segment/recent": {"kind": "segment", "id": "recent", "rule": did("A")}})
    for start in range(0, people, UNIT):
        batch = []
        for place in range(start, min(start + UNIT, people)):
            at = START + place * MINUTE // people
            message = {"type": "track", "event": "A", "anonymousId": f"c{place}", "messageId": f"m{place}", "timestamp": at}
            batch.append(Inbound("events.hits", 0, place, b"cookie:c%d" % place, orjson.dumps(message), at))
        bench.run(batch, START + MINUTE, NO_TIMERS)
    bench.reset()
    told, units, until = 0, 0, START + HOUR + MINUTE
    while (due := bench.task.next_timer()) is not None and due <= until:
        told += sum(sent.topic == "audiences.changes" for sent in bench.run([], until, until).sends)
        units += 1
    print(f"exits by time alone: {told / bench.spent:,.0f}/s of CPU; {told:,} due in one minute in {units} units, the "
          f"longest {bench.longest * 1e3:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=100_000, help="who fall due in one minute")
    parser.add_argument("--events", type=int, default=20_000, help="hits a round")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    cycles.begin()
    with tempfile.TemporaryDirectory() as folder:
        cost_per_hit(Path(folder), asked.events // 5, asked.events, asked.rounds + 1)
        backfill(Path(folder), asked.people // 5, 8)
        exits(Path(folder), asked.people)


if __name__ == "__main__":
    main()
