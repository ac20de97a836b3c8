"""The button on a large segment beside live events: `python -m tests.bench.press [--people N] [--rate N] [--per-second N]`.

A worker, a sender of live events, a reader of what they cause. The latency of a live event is from its sending until the
change of membership that it causes can be read, committed: before the press, while it lasts, and after it.
"""
from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from schemas.codec import Codec
from streams.definitions import load_folder
from streams.runtime.outside.definitions_log import edit
from streams.runtime.outside.upstream import Upstream
from streams.task.publishing import revise
from tests.bench.plane import broker_at, cpu_of, status_of, wait_ready
from tests.kafka.deployment import Deployment, Worker, wait_until
from tests.pacing import paced

DEFINITIONS = """kind: segment
id: members
rule: {trait: {name: tier, exists: true}}
---
kind: segment
id: pinged
rule: {performed: {event: Ping, within: 1h}}
---
kind: campaign
id: hello
segment: members
status: paused
channels: {email: {subject: "Hello {{ first_name }}", text: "You are {{ tier }}.", purpose: mail}}
"""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--people", type=int, default=100_000)
    options.add_argument("--rate", type=int, default=200, help="live events a second")
    options.add_argument("--per-second", type=float, help="pace of the press; left out: as fast as it goes")
    options.add_argument("--seconds", type=int, default=20, help="of live events before the press, and after it")
    options.add_argument("--broker")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name, broker_at(chosen.broker, Path(name)) as address:
        folder = Path(name) / "press"
        with Deployment(address, folder, AUDIENCE_PROFILE_INTERVAL="60") as deployment:
            prepare(deployment, chosen.people)
            live = Live(deployment, chosen.rate)
            live.start()
            wait_for_views(deployment, chosen.people)
            measure(deployment, live, chosen)
            live.stop()
            count(deployment, chosen.people)


def prepare(deployment: Deployment, people: int) -> None:
    """Everybody with an address, two traits and consent; a worker that has read them all."""
    definitions = deployment.folder / "definitions"
    definitions.mkdir(parents=True)
    (definitions / "all.yaml").write_text(DEFINITIONS)
    edit(deployment.settings, lambda found: revise(found.heads, load_folder(definitions).sources))
    with Upstream(deployment.settings) as upstream:
        for place in range(people):
            address = f"p{place}@example.org"
            upstream.send("events.interactions", f"email:{address}".encode(), json.dumps({
                "type": "identify", "messageId": f"m{place}", "traits": {
                    "email": address, "tier": "gold", "first_name": "Jo"},
                "context": {"consent": {"purposes": {"mail": True}}}}).encode())
    worker = deployment.worker("one")
    worker.start()
    wait_ready(worker)
    wait_until(lambda: members(worker) == people, within=600, what="everybody is a member")


def wait_for_views(deployment: Deployment, people: int) -> None:
    """Until everybody's 360 view stands on its topic: it is written a minute after they were loaded, and not to be taken for
    what the press costs."""
    codec, consumer, seen = Codec(), reader(deployment, "profiles"), set[bytes]()

    def is_complete() -> bool:
        for message in consumer.consume(10_000, 1):
            view = codec.decode("profile", message.value() or b"")
            if any(each["identifier"].startswith("email:") for each in view["identifiers"]):
                seen.add(message.key() or b"")
        return len(seen) == people

    wait_until(is_complete, within=300, what="everybody's 360 view is written")
    consumer.close()


def members(worker: Worker) -> int:
    assert worker.is_running, worker.last_words()
    return int(status_of(worker)["standing"]["segments"].get("members", {"members": 0})["members"])


def measure(deployment: Deployment, live: Live, chosen: argparse.Namespace) -> None:
    [worker] = deployment.workers
    before = live.during(chosen.seconds)
    started, cpu = time.monotonic(), cpu_of(worker)
    post(worker, {"per_second": chosen.per_second} if chosen.per_second else {})
    meanwhile: list[float] = []
    while not (found := progress(worker))["is_over"]:
        print(f"  {time.monotonic() - started:5.1f} s: {found['reached']:,} of {found['present']:,} reached, "
              f"{found['activated']:,} activated")
        meanwhile += live.during(1)
    took, used = time.monotonic() - started, cpu_of(worker) - cpu
    after = live.during(chosen.seconds)
    print(f"{found['activated']:,} of {found['present']:,} activated in {took:.1f} s, {found['activated'] / took:,.0f}/s, "
          f"{used / found['activated'] * 1e6:.0f} us CPU each, {chosen.rate} live events/s included")
    for name, latencies in (("before", before), ("meanwhile", meanwhile), ("after", after)):
        print(f"live events {name}: {said(latencies)}")


def post(worker: Worker, body: dict[str, float]) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{worker.port}/campaigns/hello/activate",
                                     json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=60).close()


def progress(worker: Worker) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/campaigns/hello", timeout=60) as answer:
        return json.load(answer)


def said(latencies: Sequence[float]) -> str:
    ordered = sorted(latencies)
    p50, p95, p99 = (ordered[int((len(ordered) - 1) * share)] * 1e3 for share in (0.5, 0.95, 0.99))
    return f"p50 {p50:.0f} p95 {p95:.0f} p99 {p99:.0f} ms over {len(ordered):,}"


@dataclass
class Live:
    """Visitors that nobody knows yet, one event each, at a steady rate; and when their changes can be read."""

    deployment: Deployment
    rate: int
    sent: list[float] = field(default_factory=list)
    read: dict[int, float] = field(default_factory=dict)
    _is_over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._send, self._read)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def during(self, seconds: float) -> list[float]:
        """Latencies of the events of the next so many seconds, once all of those have been seen."""
        first = len(self.sent)
        places = range(first, first + int(seconds * self.rate))
        wait_until(lambda: all(place in self.read for place in places), within=120 + seconds, what="live events are seen")
        return [self.read[place] - self.sent[place] for place in places]

    def _send(self) -> None:
        with Upstream(self.deployment.settings) as upstream:
            for number in paced(self.rate):
                if self._is_over.is_set():
                    break
                self.sent.append(time.monotonic())
                upstream.send("events.hits", f"cookie:{number}".encode(), json.dumps({
                    "type": "track", "event": "Ping", "anonymousId": str(number), "messageId": f"l{number}"}).encode())

    def _read(self) -> None:
        codec, consumer = Codec(), reader(self.deployment, "audiences.changes")
        while not self._is_over.is_set():
            for message in consumer.consume(1_000, 0.005):
                change = codec.decode("audience_change", message.value() or b"")
                if change["segment_id"] == "pinged":
                    self.read[int(change["identifiers"][0].partition(":")[2])] = time.monotonic()
        consumer.close()


def count(deployment: Deployment, people: int) -> None:
    """How often each was activated, from the topic itself."""
    consumer, told = reader(deployment, "activations.email"), Counter[bytes]()
    while messages := consumer.consume(10_000, 3):
        told.update(message.key() or b"" for message in messages)
    consumer.close()
    print(f"on activations.email: {len(told):,} people of {people:,}, {sum(told.values()) - len(told)} twice")


def reader(deployment: Deployment, topic: str) -> Consumer:
    consumer = Consumer({
        "bootstrap.servers": deployment.settings.broker, "group.id": "bench", "isolation.level": "read_committed",
        "enable.auto.commit": False, "auto.offset.reset": "earliest", "fetch.wait.max.ms": 5, "log_level": 0})
    name = deployment.names.on_cluster(topic)
    consumer.assign([TopicPartition(name, number, 0) for number in range(deployment.settings.partitions)])
    return consumer


if __name__ == "__main__":
    main()
