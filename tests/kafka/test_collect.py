"""`audience collect` on Apache Kafka: from a request to a member, and what happens to requests while Kafka is away."""
from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from streams.runtime.broker.embedded import EmbeddedBroker
from streams.runtime.kafka.topics import ensure_topics
from streams.runtime.outside.definitions_log import history, publish
from streams.runtime.outside.observer import Observer, Seen
from streams.task.publishing import revise
from tests.kafka.deployment import ROOT, Deployment, free_port, wait_until
from tests.kafka.shop_oracle import FACTORY, VARIABLES

SEEN = {"kind": "segment", "id": "seen", "rule": {"performed": {"event": "Seen", "within": "1h"}}}
BATCH = [{"type": "track", "event": "Seen", "anonymousId": f"c{n}", "messageId": f"m{n}"} for n in range(50)]


def post(url: str, body: Any) -> int:
    """0 while nobody answers."""
    try:
        with urllib.request.urlopen(url, json.dumps(body).encode(), timeout=30) as answer:
            return int(answer.status)
    except HTTPError as refused:
        return refused.code
    except OSError:
        return 0


@contextmanager
def collecting_at(port: int, deployment: Deployment) -> Iterator[None]:
    """The command in a process of its own, which ends well on SIGTERM."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AUDIENCE_")}
    process = subprocess.Popen([sys.executable, "-m", "streams.cli", "collect", "--port", str(port)], cwd=ROOT,
                               env={**inherited, **deployment.variables, "PYTHONPATH": str(ROOT)})
    try:
        yield
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(240)
def test_what_was_answered_with_success_is_there_once_though_kafka_was_away(
    own_broker: EmbeddedBroker, tmp_path: Path,
) -> None:
    told: list[Seen] = []
    with Deployment(own_broker.address, tmp_path, FACTORY, **VARIABLES) as deployment:
        settings, port = deployment.settings, free_port()
        ensure_topics(settings)
        found = history(settings)
        publish(settings, revise(found.heads, {"segment/seen": SEEN}), found.revision + 1)
        url = f"http://127.0.0.1:{port}/v1/batch"
        with collecting_at(port, deployment):
            wait_until(lambda: post(url, {"batch": BATCH[:20]}) == 200, within=60, what="the first batch")
            own_broker.kill()
            assert post(url, {"batch": BATCH[10:40]}) == 503
            own_broker.start()
            wait_until(lambda: post(url, {"batch": BATCH[10:]}) == 200, within=90, what="Kafka is back")
        deployment.worker("one").start()
        with Observer(settings, ["audiences.changes"], told.append):
            wait_until(lambda: len(told) >= len(BATCH), within=60, what="all are members")
    entered = sorted(identifier for seen in told for identifier in seen.record["identifiers"])
    assert entered == sorted(f"cookie:c{n}" for n in range(50))
