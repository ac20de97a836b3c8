"""Look-ups beside changes: `python -m tests.bench.lookups [--requests N] [--changes N] [--seconds S] [--rounds N] …`.

One `audience serve`, one process that changes memberships, and this one, which asks. Open loop: a request is due at its
instant whether or not the one before was answered, and its latency counts from then, so a stall shows in full. Rounds,
because others may use the machine: a stall of theirs spoils a round and not the median of all.
"""
from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from confluent_kafka import Producer

from schemas.codec import Codec
from tests.bench.plane import broker_at
from tests.kafka.deployment import wait_until
from tests.kafka.serving import Server, serving
from tests.pacing import paced

IDENTIFIERS = 50_000
CONNECTIONS = 16


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--requests", type=int, default=1_000, help="a second")
    options.add_argument("--changes", type=int, default=1_000, help="a second")
    options.add_argument("--seconds", type=int, default=5, help="of a round")
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--broker")
    chosen = options.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = stack.enter_context(broker_at(chosen.broker, folder))
        server = stack.enter_context(serving(address, folder))
        change(address, server.topic, IDENTIFIERS, per_second=0)
        server.start()
        wait_until(server.is_ready, within=120, what="ready")
        total = chosen.changes * (chosen.rounds * (chosen.seconds + 1) + 5)
        changing = get_context("spawn").Process(
            target=change, args=(address, server.topic, total, chosen.changes), daemon=True)
        changing.start()
        wait_until(lambda: server.segments("cookie:0") == ["now"], within=60, what="changes come in")
        print(f"{chosen.requests} look-ups/s beside {chosen.changes} changes/s, {IDENTIFIERS:,} identifiers")
        rounds = [measured(server, chosen) for _ in range(chosen.rounds)]
        changing.terminate()
    print(f"median of {len(rounds)} rounds: {said([median(each) for each in zip(*rounds, strict=True)])}")
    print(f"best round: {said(min(rounds, key=lambda each: each[2]))}")


def measured(server: Server, chosen: argparse.Namespace) -> list[float]:
    """p50, p95, p99 and most in ms, us of CPU a look-up, seconds that the copy is behind at most."""
    before = server.cpu_seconds()
    latencies = sorted(asyncio.run(ask(server.port, chosen.requests, chosen.seconds)))
    used = (server.cpu_seconds() - before) / len(latencies) * 1e6
    at = [latencies[min(len(latencies) - 1, int(len(latencies) * share))] * 1e3 for share in (0.5, 0.95, 0.99, 1)]
    found = [*at, used, server.get("/ready")[1]["behind_seconds"]]
    print(f"  {said(found)}, load {os.getloadavg()[0]:.1f}")
    return found


def said(found: Sequence[float]) -> str:
    p50, p95, p99, most, used, behind = found
    return (f"p50 {p50:.1f} p95 {p95:.1f} p99 {p99:.1f} most {most:.1f} ms, {used:.0f} us CPU a look-up with its change, "
            f"the copy at most {behind:.2f} s old")


def change(address: str, topic: str, count: int, per_second: int) -> None:
    """`count` changes, paced unless `per_second` is 0; a paced one begins with `cookie:0`, which enters `now`."""
    codec = Codec()
    producer = Producer({"bootstrap.servers": address, "linger.ms": 5, "queue.buffering.max.messages": 500_000})
    for number in paced(per_second, count) if per_second else range(count):
        identifier = f"cookie:{number % IDENTIFIERS}"
        segments = ["now"] if per_second else ["all", f"s{number % 50}", "loyal-but-idle", "cart-abandoners"]
        value = codec.encode("memberships", {"identifier": identifier, "segments": segments, "at": 1})
        producer.produce(topic, value, identifier.encode())
        if per_second and number % 10 == 9:
            producer.poll(0)
    producer.flush(60)


async def ask(port: int, per_second: int, seconds: int) -> list[float]:
    """Seconds from the instant a look-up was due to its answer."""
    chance, count, found = random.Random(1), per_second * seconds, []
    began = time.perf_counter() + 0.1
    due = ((began + number / per_second, f"cookie:{chance.randrange(IDENTIFIERS)}") for number in range(count))

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for at, identifier in due:
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            writer.write(f"GET /memberships/{identifier} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
            found.append(time.perf_counter() - at)
        writer.close()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return found


if __name__ == "__main__":
    main()
