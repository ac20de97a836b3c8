"""The runtime by itself, with the counting processor: `python -m tests.bench.plane [--events N] [--broker HOST:PORT]`.

Prints events/s and CPU a record at full speed, restored records/s, and latency at a steady rate. Nothing is asserted:
the numbers are for comparing two states of this code on one quiet machine.
"""
from __future__ import annotations

import argparse
import json
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from streams.runtime.broker.embedded import EmbeddedBroker
from tests.kafka.deployment import Deployment, Worker, wait_until
from tests.kafka.shop import Shop

FACTORY = "tests.kafka.counting:factory"
MEASURED = 65
"""Seconds at a rate: the latency is that of the last minute, so nothing of the start is in it."""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--events", type=int, default=400_000)
    options.add_argument("--seconds", type=int, default=20, help="of each steady rate")
    options.add_argument("--rates", type=int, nargs="*", default=[200, 2_000, 10_000])
    options.add_argument("--broker")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, broker_at(chosen.broker, Path(folder)) as address:
        full_speed(address, Path(folder), chosen.events)
        for rate in chosen.rates:
            steady(address, Path(folder), rate, chosen.seconds)


def full_speed(address: str, folder: Path, events: int) -> None:
    """Everything is there before the worker starts; then its state is lost and restored."""
    with Deployment(address, folder / "full", FACTORY) as deployment:
        shop = Shop(deployment, seed=1)
        shop.send(events)
        worker = deployment.worker("one")
        worker.start()
        wait_ready(worker)
        started, cpu = time.monotonic(), cpu_of(worker)
        wait_until(lambda: status_of(worker)["records"] >= events, within=600, what="all is handled")
        seconds, status = time.monotonic() - started, status_of(worker)
        used = cpu_of(worker) - cpu
        print(f"full speed: {status['records'] / seconds:,.0f} records/s, {used / status['records'] * 1e6:.1f} us CPU each")
        print_restore(worker)


def steady(address: str, folder: Path, rate: int, seconds: int) -> None:
    """The latency once the worker is warm: of the last part of the time."""
    with Deployment(address, folder / f"at-{rate}", FACTORY) as deployment:
        worker = deployment.worker("one")
        worker.start()
        wait_ready(worker)
        shop = Shop(deployment, seed=1)
        shop.open(rate)
        wait_handled(worker, rate * seconds, within=2 * seconds)
        before, cpu = status_of(worker), cpu_of(worker)
        wait_handled(worker, before["records"] + rate * MEASURED, within=2 * MEASURED)
        after, used = status_of(worker), cpu_of(worker) - cpu
        shop.close()
        latency = after["latency"]
        records = after["records"] - before["records"]
        print(
            f"{rate}/s: event to commit p50 {latency['p50'] * 1e3:.0f} p95 {latency['p95'] * 1e3:.0f} "
            f"p99 {latency['p99'] * 1e3:.0f} ms, {used / records * 1e6:.0f} us CPU a record"
        )


def wait_handled(worker: Worker, records: int, within: float) -> None:
    """A worker that falls behind the rate by half is told, and no latency of it."""
    wait_until(lambda: bool(status_of(worker)["records"] >= records), within=within, what=f"{records:,} records are handled")


def print_restore(worker: Worker) -> None:
    worker.stop()
    worker.lose_state()
    worker.log.unlink()
    worker.start()
    wait_ready(worker)
    lines = [line for line in worker.log.read_text().splitlines() if "restored:" in line]
    counts = [int(line.split("restored: ")[1].split()[0]) for line in lines]
    slowest = max(float(line.split(" in ")[1].split()[0]) for line in lines)
    print(f"restore: {sum(counts):,} records by {len(counts)} tasks in {slowest} s: {sum(counts) / slowest:,.0f}/s")


def wait_ready(worker: Worker) -> None:
    wait_until(lambda: _is_ready(worker), within=120, what="the worker is ready")


def _is_ready(worker: Worker) -> bool:
    try:
        return bool(status_of(worker)["is_ready"])
    except OSError:
        return False


def status_of(worker: Worker) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/?json", timeout=10) as answer:
        return json.load(answer)


def cpu_of(worker: Worker) -> float:
    return metric_of(worker, "process_cpu_seconds_total")


def metric_of(worker: Worker, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/metrics", timeout=10) as answer:
        [line] = [line for line in answer.read().decode().splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


@contextmanager
def broker_at(address: str | None, folder: Path) -> Iterator[str]:
    if address:
        yield address
        return
    with EmbeddedBroker(folder / "kafka") as broker:
        yield broker.address


if __name__ == "__main__":
    main()
