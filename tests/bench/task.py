"""The CPU of one task in process: decoding, identity, profiles, segments, state rows; without Kafka and RocksDB.

What a profiler shows of it is what the stages cost, undisturbed by other threads; for the shares run it under one:
`py-spy record -f raw -o shares.txt -- python tests/bench/task.py MESSAGES.tsv`.

    python tests/bench/task.py MESSAGES.tsv      lines of the peer benchmark's generator: key, ms, message
"""
from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from streams.definitions import load_folder  # noqa: E402
from streams.memory import MemoryStore  # noqa: E402
from streams.runtime import cycles  # noqa: E402
from streams.task import Task  # noqa: E402
from streams.task.wire import Staged  # noqa: E402
from streams.unit import Inbound  # noqa: E402

UNIT = 2_000
WALL = 1 << 45
"""A clock beyond all messages: their own times count."""


def new_task(store: MemoryStore) -> Task:
    task = Task(0, 1, store)
    for key, document in load_folder(Path(__file__).parent / "shop" / "definitions").sources.items():
        task.revisions.stage(Staged(key, document, 1, None))
    task.revisions.put_in_force(1)
    task.context = task._put_in_force()
    return task


def units(path: Path) -> Iterator[list[Inbound]]:
    batch: list[Inbound] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines):
            key, at, value = line.rstrip(b"\n").split(b"\t", 2)
            batch.append(Inbound("events.hits", 0, number, key, value, int(at)))
            if len(batch) == UNIT:
                yield batch
                batch = []
    if batch:
        yield batch


def main() -> None:
    cycles.begin()
    store = MemoryStore()
    task, spent, messages, changes, sends = new_task(store), 0.0, 0, 0, 0
    for batch in units(Path(sys.argv[1])):
        started = time.process_time()
        for record in batch:
            task.frontier(record)
        outcome = task.run(batch, WALL, batch[-1].at - 1)
        spent += time.process_time() - started
        store.write(outcome.changes)
        messages, changes, sends = messages + len(batch), changes + len(outcome.changes), sends + len(outcome.sends)
        del outcome
        started = time.process_time()
        cycles.look()
        spent += time.process_time() - started
    print(f"{spent / messages * 1e6:.1f} us of CPU a message; {messages:,} messages, {changes:,} rows, {sends:,} records")


if __name__ == "__main__":
    main()
