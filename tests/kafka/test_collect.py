"""`audience collect` on Apache Kafka: from a request to a member, and what happens to requests while Kafka is away."""
from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from streams.runtime.broker.embedded import EmbeddedBroker
from streams.runtime.outside.definitions_log import edit
from streams.runtime.outside.observer import Observer, OutputRecord
from streams.task.publishing import revise
from tests.kafka.deployment import Deployment, free_port, wait_until
from tests.pacing import paced
from tests.processes import begun, fetched, running

SEEN = {"kind": "segment", "id": "seen", "rule": {"performed": {"event": "Seen", "within": "1h"}}}
SIZE, SENDERS, BATCHES_A_SECOND = 5, 4, 50


def seen(number: int) -> dict[str, Any]:
    return {"type": "track", "event": "Seen", "anonymousId": f"c{number}", "messageId": f"m{number}",
            "context": {"consent": {"purposes": {"personalised-ads": True}}}}


BATCH = [seen(number) for number in range(50)]


def post(url: str, body: Any) -> int:
    """0 while nobody answers."""
    return fetched(url, json.dumps(body).encode())[0]


class Sender(threading.Thread):
    """Sends batches one after the other, each until it is answered with success; `sent`: so many were."""

    def __init__(self, url: str, first: int, batches_a_second: int = BATCHES_A_SECOND) -> None:
        super().__init__(daemon=True)
        self.sent, self._url, self._first, self._is_over = 0, url, first, threading.Event()
        self._batches_a_second = batches_a_second

    def run(self) -> None:
        for _ in paced(self._batches_a_second):
            if self._is_over.is_set():
                return
            start = self._first + self.sent * SIZE
            batch = [seen(number) for number in range(start, start + SIZE)]
            while post(self._url, {"batch": batch}) != 200:
                time.sleep(0.02)
            self.sent += 1

    def finish(self) -> range:
        """The numbers of the messages that were answered with success."""
        self._is_over.set()
        self.join(60)
        assert not self.is_alive()
        return range(self._first, self._first + self.sent * SIZE)


def go_on(senders: Sequence[Sender]) -> None:
    """Returns once each was answered with success again."""
    before = [sender.sent for sender in senders]
    wait_until(lambda: all(sender.sent > was for sender, was in zip(senders, before, strict=True)), within=90,
               what="all senders go on")


def halted(broker: EmbeddedBroker, seconds: float) -> None:
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(broker.pid, signal.SIGCONT)


@pytest.mark.timeout(240)
def test_what_was_answered_with_success_is_there_once_though_kafka_was_away(
    own_broker: EmbeddedBroker, tmp_path: Path,
) -> None:
    told: list[OutputRecord] = []
    with Deployment(own_broker.address, tmp_path) as deployment:
        settings, port = deployment.settings, free_port()
        edit(settings, lambda found: revise(found.heads, {"segment/seen": SEEN}))
        url = f"http://127.0.0.1:{port}/v1/batch"
        with running(f"collect --port {port}", deployment.variables) as collector:
            wait_until(lambda: post(url, {"batch": BATCH[:20]}) == 200, within=60, what="the first batch")
            own_broker.kill()
            assert post(url, {"batch": BATCH[10:40]}) == 503
            own_broker.start()
            wait_until(lambda: post(url, {"batch": BATCH[10:]}) == 200, within=90, what="Kafka is back")
            collector.terminate()
            assert collector.wait(60) == 0
        deployment.worker("one").start()
        with Observer(settings, ["audiences.changes"], told.append):
            wait_until(lambda: len(told) >= len(BATCH), within=60, what="all are members")
    entered = sorted(identifier for seen in told for identifier in seen.record["identifiers"])
    assert entered == sorted(f"cookie:c{n}" for n in range(50))


@pytest.mark.timeout(300)
def test_what_was_answered_with_success_is_there_once_whatever_is_killed_and_halted(
    own_broker: EmbeddedBroker, tmp_path: Path,
) -> None:
    told: list[OutputRecord] = []
    seed = int(os.environ.get("AUDIENCE_SEED", random.randrange(1 << 32)))
    print(f"seed {seed}; AUDIENCE_SEED repeats it")
    chance = random.Random(seed)
    with Deployment(own_broker.address, tmp_path) as deployment:
        settings, port = deployment.settings, free_port()
        edit(settings, lambda found: revise(found.heads, {"segment/seen": SEEN}))
        url = f"http://127.0.0.1:{port}/v1/batch"
        senders = [Sender(url, place * 1_000_000) for place in range(SENDERS)]
        collector = begun(f"collect --port {port}", deployment.variables)
        try:
            for sender in senders:
                sender.start()
            for number in range(6):
                go_on(senders)
                time.sleep(chance.uniform(0, 0.5))
                match number % 3:
                    case 0:
                        collector.kill()
                        collector.wait()
                        collector = begun(f"collect --port {port}", deployment.variables)
                    case 1:
                        halted(own_broker, chance.uniform(0.5, 3))
                    case _:
                        own_broker.kill()
                        own_broker.start()
            wanted = sorted(f"cookie:c{number}" for sender in senders for number in sender.finish())
        finally:
            collector.kill()
            collector.wait()
        deployment.worker("one").start()
        with Observer(settings, ["audiences.changes"], told.append):
            wait_until(lambda: len(told) >= len(wanted), within=90, what=f"all {len(wanted)} are members")
    entered = sorted(identifier for each in told for identifier in each.record["identifiers"])
    assert entered == wanted


@pytest.mark.timeout(120)
def test_no_request_of_a_stranger_ends_the_workers(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    told: list[OutputRecord] = []
    limits = {"AUDIENCE_DEAD_LETTER_RUN": "20", "AUDIENCE_DEAD_LETTER_RATIO": "0.1"}
    with Deployment(own_broker.address, tmp_path, **limits) as deployment:
        edit(deployment.settings, lambda found: revise(found.heads, {"segment/seen": SEEN}))
        port, worker = free_port(), deployment.worker("one")
        url = f"http://127.0.0.1:{port}/v1/batch"
        worker.start()
        with running(f"collect --port {port}", deployment.variables):
            wait_until(lambda: post(url, {"batch": [{}] * 5_000}) == 200, within=60, what="what is no message is taken")
            assert post(url, {"batch": [seen(1)]}) == 200
            with Observer(deployment.settings, ["audiences.changes"], told.append):
                wait_until(lambda: len(told) > 0, within=60, what="the worker goes on")
        assert worker.is_running
