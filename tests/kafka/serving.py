"""One `audience serve` as a process, and the topic it follows, written to as the pipeline would."""
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from schemas.codec import Codec
from streams.runtime.kafka.topics import ensure_topics
from tests.kafka.deployment import Deployment, free_port, wait_until
from tests.processes import ROOT, environment, fetched

CODEC = Codec()


class Server:
    """Not started when made; `kill` ends it."""

    def __init__(self, deployment: Deployment, ready_within: float = 10.0) -> None:
        self.port, self.log = free_port(), deployment.folder / "serve.log"
        self._arguments = ["serve", "--port", str(self.port), "--ready-within", str(ready_within)]
        self._environment = environment(**deployment.variables, AUDIENCE_DATA=str(deployment.folder / "data"))
        self._deployment = deployment
        self.topic = deployment.names.on_cluster("audiences.memberships")
        self._producer = Producer({"bootstrap.servers": deployment.settings.broker, "transactional.id": self.topic})
        self._producer.init_transactions(30)

    def make_topic_anew(self) -> None:
        """Deletes it with all its records; what is told after that stands on a new one."""
        admin = AdminClient({"bootstrap.servers": self._deployment.settings.broker})
        admin.delete_topics([self.topic])[self.topic].result(30)
        wait_until(lambda: self.topic in ensure_topics(self._deployment.settings), within=30, what="a new topic")

    def start(self, largest_file: int | None = None) -> None:
        limit = [] if largest_file is None else ["prlimit", f"--fsize={largest_file}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*limit, sys.executable, "-m", "streams.cli", *self._arguments], cwd=ROOT,
                                            env=self._environment, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def get(self, path: str) -> tuple[int, Any]:
        status, answer = fetched(f"http://127.0.0.1:{self.port}{path}")
        return status, json.loads(answer or "null")

    def is_ready(self) -> bool:
        return self.get("/ready")[0] == 200

    def segments(self, identifier: str) -> list[str]:
        found: list[str] = (self.get(f"/memberships/{identifier}")[1] or {}).get("segments", ["(no answer)"])
        return found

    def cpu_seconds(self) -> float:
        """That the process has used."""
        text = fetched(f"http://127.0.0.1:{self.port}/metrics")[1].decode()
        [line] = [line for line in text.splitlines() if line.startswith("process_cpu_seconds_total ")]
        return float(line.split()[1])

    def tell(self, rows: dict[str, list[str] | bytes | None], *, is_kept: bool = True) -> None:
        """One transaction; None is a tombstone, bytes are written as they are."""
        self._producer.begin_transaction()
        for identifier, row in rows.items():
            value = row if row is None or isinstance(row, bytes) else CODEC.encode(
                "memberships", {"identifier": identifier, "segments": row, "at": 1})
            self._producer.produce(self.topic, value, identifier.encode())
        self._producer.flush(10)
        self._producer.commit_transaction(30) if is_kept else self._producer.abort_transaction(30)


@contextmanager
def serving(address: str, folder: Path, ready_within: float = 10.0) -> Iterator[Server]:
    with Deployment(address, folder) as deployment:
        server = Server(deployment, ready_within)
        try:
            yield server
        finally:
            with suppress(AttributeError):
                server.kill()
