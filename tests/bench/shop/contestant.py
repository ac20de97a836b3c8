"""audience-streams as a contestant of the peer benchmark: one worker process, the whole pipeline, the ten segments.

Reads SHOP_* as the benchmark's README says. Two things are not the product's: `events.hits` and `audiences.changes` are
the benchmark's input and output topics, and the output is its JSON, one record a change, in place of Avro.
"""
from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import orjson

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from schemas.codec import Codec  # noqa: E402
from streams.core.outputs import MembershipChanged, Output  # noqa: E402
from streams.core.segments.plan import Plan  # noqa: E402
from streams.definitions import load_folder  # noqa: E402
from streams.runtime.kafka import topics  # noqa: E402
from streams.runtime.kafka.names import Names  # noqa: E402
from streams.runtime.settings import Settings  # noqa: E402
from streams.runtime.worker import run_worker  # noqa: E402
from streams.task import Task, TaskSettings  # noqa: E402
from streams.task.outputs import AvroSink  # noqa: E402
from streams.task.wire import Staged  # noqa: E402
from streams.unit import Inbound, Outbound, Outcome, Store  # noqa: E402

ENV = os.environ
TOPICS = {"events.hits": ENV["SHOP_INPUT"], "audiences.changes": ENV["SHOP_OUTPUT"]}
LOGICAL = {there: here for here, there in TOPICS.items()}


class ShopNames(Names):
    """The benchmark's topics in place of two of ours; all others get the group's name before theirs."""

    def on_cluster(self, logical: str) -> str:
        return TOPICS.get(logical) or f"{self.group}.{logical}"

    def logical(self, on_cluster: str) -> str:
        return LOGICAL.get(on_cluster) or on_cluster.removeprefix(f"{self.group}.")


class ShopSink(AvroSink):
    """Changes as the benchmark wants them; those that time makes after the task's last message are left out."""

    def __init__(self, codec: Codec) -> None:
        super().__init__(codec, "bench")
        self._sequences: Counter[str] = Counter()

    def records(self, outputs: Iterable[Output], plan: Plan, at: int) -> list[Outbound]:
        return [self._change(o) for o in outputs if isinstance(o, MembershipChanged) and o.at <= at]

    def _change(self, change: MembershipChanged) -> Outbound:
        identifier = change.identifiers[0]
        self._sequences[identifier] += 1
        sequence, segment = self._sequences[identifier], change.segment_id.replace("-", "_")
        value = orjson.dumps({
            "activation_id": f"{identifier.partition(':')[2]}:{segment}:{sequence}", "segment": segment,
            "change": change.change, "sequence": sequence, "at": change.at})
        return Outbound("audiences.changes", identifier.encode(), value)


class Counting(Task):
    """A task that counts messages, so that the process ends by itself; not before the timers that are due by the time
    of its last message have fired, which may be seconds later: they wait for the worker's other tasks."""

    handled = 0
    owing: ClassVar[set[int]] = set()
    counting = threading.Lock()

    def run(  # type: ignore[override]
        self, batch: list[Inbound], wall: int, timers_until: int, portion: float = 1.0, *, has_turn: bool = True,
    ) -> Outcome:
        outcome = super().run(batch, wall, timers_until, portion, has_turn=has_turn)
        with Counting.counting:
            Counting.handled += sum(record.topic == "events.hits" for record in batch)
            due = self.next_timer()
            Counting.owing.discard(self.partition)
            if due is not None and due <= self.now:
                Counting.owing.add(self.partition)
        return outcome


def new_task(partition: int, partitions: int, store: Store) -> Task:
    """With the definitions in force from the first message on, which here waits before any worker has started."""
    codec = Codec()
    task = Counting(partition, partitions, store, TaskSettings(view_after=3_600_000), codec, ShopSink(codec))
    if not task.revisions.edition:
        for key, document in load_folder(Path(__file__).parent / "definitions").sources.items():
            task.revisions.stage(Staged(key, document, 1, None))
        task.revisions.put_in_force(1)
        task.context = task._put_in_force()
    return task


def stop_when_done() -> None:
    total = int(ENV["SHOP_TOTAL"])
    while Counting.handled < total or Counting.owing:
        time.sleep(0.05)
    time.sleep(0.5)  # what was handled last is being committed
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    ours = [module for name, module in sys.modules.items() if name.startswith("streams.runtime")]
    for module in ours:
        if hasattr(module, "Names"):
            module.Names = ShopNames
    settings = Settings.read({
        "AUDIENCE_BROKER": ENV["SHOP_BOOTSTRAP"], "AUDIENCE_APP": ENV["SHOP_GROUP"], "AUDIENCE_DATA": ENV["SHOP_STATE_DIR"],
        "AUDIENCE_PARTITIONS": "4", "AUDIENCE_WEB_PORT": ENV.get("SHOP_WEB_PORT", "16166"), "AUDIENCE_SESSION_TIMEOUT": "6"})
    topics._faults = lambda *_: []  # the benchmark made its two topics with Kafka's own record limit
    topics.ensure_topics(settings)
    threading.Thread(target=stop_when_done, daemon=True).start()
    return run_worker(settings, new_task)


if __name__ == "__main__":
    sys.exit(main())
