"""What identity costs: decisions a second of the sequencer, and an event that brings no new evidence beside a plain hit.

    python -m tests.bench.identity [--people N] [--rounds N] [--profile]

Decisions: the realm's own task alone, from the bytes of `commands` to its RocksDB, as many tasks standing around it as
make everything else somebody else's work. In its unit of work is all that a decision causes there: decoding the
evidence, the graph's rows, audit lines as Avro, commands to other tasks as Avro, the write. Not in it is the producer.
Known evidence: eight tasks in process; both kinds of event make exactly one hop, in turns, so that load hits both.
Printed, never asserted.
"""
from __future__ import annotations

import argparse
import cProfile
import pstats
import random
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median, quantiles

import orjson

from streams.core.homes import REALM
from streams.memory import MemoryStore
from streams.pipeline import NO_TIMERS
from streams.runtime import cycles
from streams.runtime.state.memory import Memory
from streams.runtime.state.store import TaskStore
from streams.task import Task, TaskSettings
from streams.task.partitioning import partition_of
from streams.unit import Inbound, Outbound

START = 1_767_225_600_000
UNIT = 2_000
ALONE, HOPPING = 64, 8
SETTINGS = TaskSettings(profile_key="bench", view_after=None)


class Tasks:
    """So many tasks in process. `realm` may be kept out: what is for it is collected instead."""

    def __init__(self, count: int, *, spares_realm: bool) -> None:
        self.count = count
        self.stores = [MemoryStore() for _ in range(count)]
        self.tasks = [Task(p, count, store, SETTINGS) for p, store in enumerate(self.stores)]
        self.realm = partition_of(REALM, count) if spares_realm else None
        self.for_realm: list[Inbound] = []
        self.hops = 0

    def handle(self, messages: Iterable[tuple[str, bytes]], at: int) -> float:
        """Every message and what it causes; seconds of CPU inside the tasks."""
        spent, waiting = 0.0, [deque[Inbound]() for _ in self.tasks]
        for key, value in messages:
            place = partition_of(key, self.count)
            waiting[place].append(Inbound("events.hits", place, 0, key.encode(), value, at))
        while any(waiting):
            for place, batch in enumerate(waiting):
                if batch:
                    waiting[place] = deque()
                    started = time.process_time()
                    outcome = self.tasks[place].run(list(batch), at, NO_TIMERS)
                    spent += time.process_time() - started
                    self.stores[place].write(outcome.changes)  # type: ignore[attr-defined]
                    self._pass_on(outcome.sends, waiting, at)
        return spent

    def _pass_on(self, sends: Iterable[Outbound], waiting: list[deque[Inbound]], at: int) -> None:
        for sent in sends:
            if sent.topic == "commands" and sent.partition is not None:
                self.hops += 1
                record = Inbound("commands", sent.partition, 0, sent.key, sent.value, at)
                (self.for_realm if sent.partition == self.realm else waiting[sent.partition]).append(record)


def message(number: int, at: int, cookie: str, user: str | None = None, device: str | None = None) -> tuple[str, bytes]:
    """Equally long with and without the user, but for the device."""
    key = f"customer_id:{user}" if user else f"device_id:{device}" if device else f"cookie:{cookie}"
    body = {"type": "track", "event": "Page Viewed", "messageId": f"m{number}", "timestamp": at, "anonymousId": cookie,
            "properties": {"path": f"/products/{number % 500}", "title": "A page of a shop", "referrer": "/"}}
    if device:
        body["context"] = {"device": {"id": device}}
    return key, orjson.dumps(body | ({"userId": user} if user else {"channel": cookie}))


def evidence(people: int) -> Iterator[list[tuple[str, bytes]]]:
    """Each person: cookie a is lone before it is named with the person; cookie b is named at once; every fourth
    person then takes over the neighbour's cookie a. Nothing of it is at home with the realm."""
    realm, chance, number = partition_of(REALM, ALONE), random.Random(4), 0
    drawn = [f"{chance.getrandbits(48):012x}" for _ in range(people * 2)]
    names = [n for n in drawn if all(partition_of(f"{kind}:{n}{end}", ALONE) != realm
                                     for kind, end in (("customer_id", ""), ("cookie", "a"), ("cookie", "b")))][:people]
    for step in range(4):
        batch = []
        for place, name in enumerate(names):
            number += 1
            at = START + step * 60_000
            match step:
                case 0:
                    batch.append(message(number, at, f"{name}a"))
                case 1 | 2:
                    batch.append(message(number, at, f"{name}{'ab'[step - 1]}", name))
                case _ if place % 4 == 0 and place:
                    batch.append(message(number, at, f"{names[place - 1]}a", name))
        yield batch


def decisions(people: int, is_profiled: bool) -> None:
    around = Tasks(ALONE, spares_realm=True)
    for step, batch in enumerate(evidence(people)):
        around.handle(batch, START + step * 60_000)
    spent: list[float] = []
    profile, sends = cProfile.Profile(), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        store = TaskStore(Path(folder) / "state", Memory(64), wall=START)
        task = Task(around.realm or 0, ALONE, store, SETTINGS)
        for start in range(0, len(around.for_realm), UNIT):
            batch = around.for_realm[start:start + UNIT]
            if is_profiled:
                profile.enable()
            started = time.process_time()
            outcome = task.run(batch, START + 600_000, NO_TIMERS)
            store.write(outcome.changes, start, START)
            took = time.process_time() - started
            profile.disable()
            sends.update(sent.topic for sent in outcome.sends)
            del outcome
            started = time.process_time()
            cycles.look()
            spent.append((took + time.process_time() - started) / len(batch))
        store.close()
    made, audit, commands = len(around.for_realm), sends["identity.changes"], sends["commands"]
    print(f"{1 / median(spent):,.0f} decisions a second of CPU ({1 / max(spent):,.0f} in the slowest unit of work, "
          f"{1 / min(spent):,.0f} in the fastest): {made:,} decisions, {audit / made:.2f} audit lines and "
          f"{commands / made:.2f} commands each")
    if is_profiled:
        pstats.Stats(profile).sort_stats("tottime").print_stats(28)


def known(people: int, rounds: int) -> None:
    """Persons whose profile is at home neither with their customer id nor with their second cookie."""
    tasks, chance = Tasks(HOPPING, spares_realm=False), random.Random(4)
    at, number = START, 0
    names: list[str] = []
    while len(names) < people:
        name = f"{chance.getrandbits(48):012x}"
        homes = [partition_of(key, HOPPING) for key in (
            f"cookie:{name}a", f"cookie:{name}b", f"customer_id:{name}", f"device_id:{name}")]
        if homes[0] not in homes[1:]:
            names.append(name)
    def batch_of(cookie: str, is_named: bool, has_device: bool) -> list[tuple[str, bytes]]:
        nonlocal number, at
        number, at = number + people, at + 1_000
        return [message(number + n, at, name + cookie, name if is_named else None, name if has_device else None)
                for n, name in enumerate(names)]

    for kind in (("a", False, False), ("a", True, False), ("b", True, True)):
        tasks.handle(batch_of(*kind), at)
    kinds = {"a hit of a lone cookie": ("z", False, False), "an anonymous hit of a cookie, one hop": ("b", False, False),
             "an anonymous hit of a cookie and a device, one hop": ("b", False, True),
             "a customer id and a cookie without new evidence, one hop": ("b", True, False)}
    spent: dict[str, list[float]] = {kind: [] for kind in kinds}
    hops: Counter[str] = Counter()
    for _ in range(rounds):
        for kind, what in kinds.items():
            batch = batch_of(*what)
            before = tasks.hops
            spent[kind].append(tasks.handle(batch, at))
            hops[kind] += tasks.hops - before
    for kind, seconds in spent.items():
        low, middle, high = (each / people * 1e6 for each in quantiles(seconds, n=4))
        print(f"{middle:6.1f} us of CPU (half of the rounds {low:.1f} to {high:.1f})  {kind} "
              f"({hops[kind] / people / rounds:.2f} hops)")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    cycles.begin()
    decisions(asked.people, asked.profile)
    known(2_000, asked.rounds)


if __name__ == "__main__":
    main()
