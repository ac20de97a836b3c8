"""The whole pipeline at a steady rate: `python -m tests.bench.steady [--rate N] [--seconds S] [--partitions P]
[--interval MS] [--broker HOST:PORT]`.

One worker, most of the load page views of cookies. Among it, probes, each of which lets one person enter a segment; from
the instant at which the probe was handed to the producer to that at which a read_committed consumer has the activation:

    no hop        a hit of a cookie that is a person of its own
    one hop       a hit of a cookie whose person is at home in another partition
    new evidence  a message that names a cookie and a customer together for the first time

Then memory and CPU, and a restart without the state folder: how many records a second are restored.
"""
from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import NamedTuple

import orjson
from confluent_kafka import Producer

from streams.runtime.kafka.names import Names
from streams.runtime.outside.definitions_log import edit
from streams.runtime.outside.observer import Observer, OutputRecord
from streams.runtime.settings import Settings
from streams.task.partitioning import partition_of
from streams.task.publishing import revise
from tests.bench.plane import broker_at, cpu_of, metric_of, print_restore, status_of, wait_ready
from tests.kafka.deployment import Deployment, wait_until
from tests.pacing import paced

PROBES = 30
"""A second, of all kinds together."""
WARM_UP = 15
"""Seconds, not measured: a cold broker alone trebles p99. It is warm after some three minutes, so hand one over that is."""
MEMORY = "process_resident_memory_bytes"
DEFINITIONS = {
    "segment/probed": {"kind": "segment", "id": "probed", "rule": {"performed": {"event": "Probed", "within": "1h"}}},
    "segment/browsing": {"kind": "segment", "id": "browsing", "rule": {
        "performed": {"event": "Page Viewed", "within": "10m", "at_least": 3}}},
    "campaign/probed": {
        "kind": "campaign", "id": "probed", "segment": "probed", "status": "live",
        "channels": {"display": {"audience": "probed", "purpose": "personalised-ads"}}},
}


class Probe(NamedTuple):
    """A person who is to enter: the cookie it is recognised by, and who it belongs to, if anybody."""

    kind: str
    cookie: str
    customer: str


class Load:
    """Sends, and remembers when."""

    def __init__(self, settings: Settings, rate: int) -> None:
        self._names, self._rate, self._random = Names(settings), rate, Random(1)
        self._producer = Producer({
            "bootstrap.servers": settings.broker, "enable.idempotence": True, "linger.ms": 1, "log_level": 0,
            "partitioner": "murmur2_random", "queue.buffering.max.messages": 500_000})
        self._sent = 0
        self.probed: dict[str, tuple[str, float]] = {}
        """By cookie: its kind, and when its probe was sent."""

    def prepare(self, probes: list[Probe]) -> None:
        """Everybody is known, consents, and is linked with whom a later hit is to lead to."""
        for probe in probes:
            consent = {"consent": {"purposes": {"personalised-ads": True}}}
            customer = probe.customer if probe.kind == "one hop" else ""
            self._send("identify" if customer else "page", probe.cookie, customer, context=consent)
        self._producer.flush(60)

    def run(self, seconds: float, probes: Iterator[Probe]) -> None:
        """At the rate, whatever comes out."""
        every = self._rate // PROBES
        for number in paced(self._rate, round(seconds * self._rate)):
            if number % every == 0:
                self._probe(next(probes))
            else:
                self._send("page", f"v{self._random.randrange(20_000)}")
            self._producer.poll(0)
        self._producer.flush(60)

    def _probe(self, probe: Probe) -> None:
        self.probed[probe.cookie] = probe.kind, time.monotonic()
        customer = probe.customer if probe.kind == "new evidence" else ""
        self._send("track", probe.cookie, customer, event="Probed")

    def _send(self, kind: str, cookie: str, customer: str = "", **more: object) -> None:
        self._sent += 1
        message = {"type": kind, "messageId": f"m{self._sent}", "anonymousId": cookie, **more}
        topic, key = ("events.interactions", f"customer_id:{customer}") if customer else ("events.hits", f"cookie:{cookie}")
        value = orjson.dumps(message | ({"userId": customer} if customer else {}))
        self._producer.produce(self._names.on_cluster(topic), value, key)


def people(count: int, partitions: int) -> list[Probe]:
    """A third of each kind; customers are at home elsewhere than their cookies."""
    found = []
    for number in range(count):
        cookie, kind = f"p{number}", ("no hop", "one hop", "new evidence")[number % 3]
        here = partition_of(f"cookie:{cookie}", partitions)
        customer = next(name for name in (f"u{number}-{n}" for n in range(1_000))
                        if partition_of(f"customer_id:{name}", partitions) != here)
        found.append(Probe(kind, cookie, customer))
    return found


class Arrivals:
    """When the first activation of each cookie was seen."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    def note(self, seen: OutputRecord) -> None:
        namespace, _, cookie = seen.key.partition(":")
        if namespace == "cookie":
            self.at.setdefault(cookie, time.monotonic())


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rate", type=int, default=2_000)
    options.add_argument("--seconds", type=int, default=40)
    options.add_argument("--partitions", type=int, default=4, help="as many tasks has the worker")
    options.add_argument("--interval", type=int, default=20, help="ms: AUDIENCE_COMMIT_INTERVAL")
    options.add_argument("--broker")
    chosen = options.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = stack.enter_context(broker_at(chosen.broker, folder))
        deployment = stack.enter_context(Deployment(
            address, folder, AUDIENCE_PROFILE_INTERVAL="60", AUDIENCE_PARTITIONS=str(chosen.partitions),
            AUDIENCE_COMMIT_INTERVAL=str(chosen.interval)))
        measure(deployment, stack, chosen.rate, chosen.seconds)


def measure(deployment: Deployment, stack: ExitStack, rate: int, seconds: int) -> None:
    settings = deployment.settings
    edit(settings, lambda found: revise(found.heads, DEFINITIONS))
    worker = deployment.worker("one")
    worker.start()
    wait_ready(worker)
    arrivals, load = Arrivals(), Load(settings, rate)
    stack.enter_context(Observer(settings, ["activations.display"], arrivals.note))
    probes = people((WARM_UP + seconds + 1) * PROBES * 2, settings.partitions)
    load.prepare(probes)
    one_by_one = iter(probes)
    load.run(WARM_UP, one_by_one)
    begun, used, before = time.monotonic(), cpu_of(worker), status_of(worker)["records"]
    load.run(seconds, one_by_one)
    wait_until(lambda: load.probed.keys() <= arrivals.at.keys(), within=60, what="every probe is activated")
    print_latencies(load, arrivals, begun)
    each = (cpu_of(worker) - used) / (status_of(worker)["records"] - before)
    print(f"{each * 1e6:.0f} us of CPU a record at this rate, {metric_of(worker, MEMORY) / 2**20:.0f} MB")
    print_restore(worker)


def print_latencies(load: Load, arrivals: Arrivals, since: float) -> None:
    found: dict[str, list[float]] = defaultdict(list)
    for cookie, (kind, sent) in load.probed.items():
        if sent >= since:
            found[kind].append((arrivals.at[cookie] - sent) * 1e3)
    for kind, delays in sorted(found.items(), key=lambda row: sorted(row[1])[len(row[1]) // 2]):
        delays.sort()
        p50, p95, p99 = (delays[min(len(delays) - 1, int(len(delays) * share))] for share in (0.5, 0.95, 0.99))
        print(f"{kind}: event to activation p50 {p50:.0f} p95 {p95:.0f} p99 {p99:.0f} ms ({len(delays)} probes)")


if __name__ == "__main__":
    main()
