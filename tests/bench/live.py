"""Do events wait while definitions are edited, or while very many fall due? On Kafka, one worker.

    python -m tests.bench.live [--people N] [--per-second N] [--lead S] [--broker HOST:PORT]

A steady stream of hits, each of a new visitor who enters a segment; its latency is from sending to a consumer of committed
records having that line, in an open loop. Measured three times: quiet; during the backfill of an edit that has every
profile's events read again; while `people` fall due within one minute, of whom the delays are printed too. `lead`: seconds
for them all to have come in. The bar: p95 at most twice the quiet one. Printed, never asserted.
"""
from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from streams.runtime.clock import wall_ms
from streams.runtime.outside.definitions_log import edit
from streams.runtime.outside.upstream import Upstream
from streams.task.publishing import revise
from tests.bench.plane import broker_at
from tests.kafka.deployment import Deployment, wait_until
from tests.kafka.following import Following
from tests.pacing import paced

MINUTE = 60_000
WINDOW = 30 * MINUTE
Json = dict[str, Any]


def segments(**rules: Json) -> dict[str, Json]:
    return {f"segment/{name}": {"kind": "segment", "id": name, "rule": rule} for name, rule in rules.items()}


BEAT, FALLING = {"performed": {"event": "Beat"}}, {"performed": {"event": "Fall", "within": "30m"}}
BEFORE = segments(beats=BEAT, falling=FALLING)
AFTER = segments(beats=BEAT, falling=FALLING, edited={"performed": {"event": "Past", "at_least": 4, "within": "7d"}})


class Stream(threading.Thread):
    """Beats at a pace until told to end; knows when each was due."""

    def __init__(self, deployment: Deployment, per_second: int, first: int) -> None:
        super().__init__(daemon=True)
        self._deployment, self._per_second, self._first = deployment, per_second, first
        self._is_ending = threading.Event()
        self.due: dict[str, int] = {}

    def run(self) -> None:
        with Upstream(self._deployment.settings) as upstream:
            for number in paced(self._per_second):
                if self._is_ending.is_set():
                    break
                who = f"b{self._first + number}"
                self.due[f"cookie:{who}"] = wall_ms()
                put(upstream, "Beat", who, wall_ms())

    def end(self) -> None:
        self._is_ending.set()
        self.join()


def put(upstream: Upstream, event: str, who: str, at: int, number: int = 0) -> None:
    message = {"type": "track", "event": event, "anonymousId": who, "messageId": f"{event}{number}", "timestamp": at}
    upstream.send("events.hits", f"cookie:{who}".encode(), json.dumps(message).encode())


def quantiles(values: list[int]) -> str:
    found = sorted(values) or [0]
    shares = ((name, found[min(len(found) - 1, int(len(found) * share))]) for name, share in
              (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("most", 1.0)))
    return ", ".join(f"{name} {value}" for name, value in shares) + f" ms of {len(found):,}"


class Bench:
    def __init__(self, deployment: Deployment, per_second: int) -> None:
        self._deployment, self._per_second, self._first = deployment, per_second, 0
        self.define(BEFORE)
        self.worker = deployment.worker("one")
        self.worker.start()
        wait_until(lambda: self.worker.get("/ready")[0] == 200, within=120, what="the worker is ready")

    def define(self, documents: dict[str, Json]) -> None:
        edit(self._deployment.settings, lambda found: revise(found.heads, documents))

    def page(self) -> Json:
        found: Json = json.loads(self.worker.get("/?json")[1])
        return found

    def load(self, events: list[tuple[str, str, int, int]]) -> None:
        """(event, who, at, number), as fast as it goes, until nothing waits."""
        before = self.page()["records"]
        with Upstream(self._deployment.settings) as upstream:
            for event, who, at, number in events:
                put(upstream, event, who, at, number)
        wait_until(lambda: self.page()["records"] >= before + len(events), within=900, what="all are handled")
        wait_until(lambda: self.page()["lag"] == 0 == sum(task["waiting"] for task in self.page()["tasks"]), within=900,
                   what="nothing waits")

    def during(self, what: str, is_over: Any, follow: float = 2.0) -> list[tuple[Json, int]]:
        """Beats until it is over; prints their latency."""
        with Following(self._deployment, "audiences.changes", "audience_change") as following:
            stream = Stream(self._deployment, self._per_second, self._first)
            began = time.monotonic()
            stream.start()
            following.until(lambda rows: is_over(), within=900)
            seconds = time.monotonic() - began
            stream.end()
            ended = time.monotonic()
            rows = following.until(lambda rows: time.monotonic() > ended + follow, within=60)
        self._first += len(stream.due)
        latencies = [seen - stream.due[row["identifiers"][0]] for row, seen in rows if row["segment_id"] == "beats"]
        print(f"{what}, {seconds:.1f} s: {quantiles(latencies)}", flush=True)
        return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--per-second", type=int, default=200)
    parser.add_argument("--lead", type=int, default=120)
    parser.add_argument("--broker")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = stack.enter_context(broker_at(asked.broker, folder))
        deployment = stack.enter_context(Deployment(address, folder, AUDIENCE_PROFILE_INTERVAL="60"))
        measure(Bench(deployment, asked.per_second), asked.people, asked.lead)


def measure(bench: Bench, people: int, lead: int) -> None:
    past = wall_ms() - MINUTE
    bench.load([("Past", f"p{place}", past, number) for number in range(5) for place in range(people // 5)])
    quiet = time.monotonic() + 20
    bench.during("quiet", lambda: time.monotonic() > quiet)
    profiles = bench.page()["standing"]["profiles"]
    bench.define(AFTER)
    wait_until(lambda: bench.page()["standing"]["is_building"], within=60, what="the backfill has begun")
    began = time.monotonic()
    bench.during("during a backfill", lambda: not bench.page()["standing"]["is_building"])
    print(f"  {profiles:,} profiles of five events: {profiles / (time.monotonic() - began):,.0f} profiles/s beside the "
          "stream")
    first = wall_ms() + lead * 1_000
    bench.load([("Fall", f"f{place}", first - WINDOW + place * MINUTE // people, 0) for place in range(people)])
    print(f"  {people:,} will fall due in a minute, {(first - wall_ms()) / 1000:.0f} s from now", flush=True)
    wait_until(lambda: wall_ms() >= first, within=lead + 5, what="the minute begins")
    rows = bench.during("while they fall due", lambda: wall_ms() > first + MINUTE, follow=5)
    delays = [seen - row["at"] for row, seen in rows if (row["segment_id"], row["change"]) == ("falling", "exited")]
    print(f"  exits by time alone, seen by a consumer after: {quantiles(delays)}")


if __name__ == "__main__":
    main()
