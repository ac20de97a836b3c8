"""Three brokers that replicate, as in production: any one of them may die, and nothing that was promised goes with it."""
from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.runtime.broker.download import fetch_kafka, find_java
from streams.runtime.broker.folder import FIXED, LOOPBACK, new_cluster_id
from streams.runtime.broker.process import FORMATTER, SERVER, Process, detached, java_command, run_to_end, watched
from tests.kafka.deployment import wait_until

NODES = (1, 2, 3)
REPLICATED = FIXED | {
    "default.replication.factor": 3, "min.insync.replicas": 2,
    "offsets.topic.replication.factor": 3,
    "transaction.state.log.replication.factor": 3, "transaction.state.log.min.isr": 2,
}


class Node:
    """One broker and controller of the cluster, on a folder of its own."""

    def __init__(self, number: int, folder: Path, command: list[str], ports: dict[int, tuple[int, int]]) -> None:
        self.address = f"{LOOPBACK}:{ports[number][0]}"
        self._folder, self._command = folder, command
        self._process: Process | None = None
        self._watchdog: Process | None = None
        folder.mkdir(parents=True)
        own = {
            "node.id": number, "log.dirs": (folder / "data").as_posix(),
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{LOOPBACK}:{ports[number][1]}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "controller.quorum.voters": ",".join(f"{node}@{LOOPBACK}:{port}" for node, (_, port) in ports.items())}
        self._settings.write_text("".join(f"{key}={value}\n" for key, value in (REPLICATED | own).items()))

    @property
    def _settings(self) -> Path:
        return self._folder / "server.properties"

    def format(self, cluster_id: str) -> None:
        with (self._folder / "log").open("ab") as log:
            assert run_to_end([*self._command, *FORMATTER, "-t", cluster_id, "-c", str(self._settings)], log)

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = detached([*self._command, SERVER, str(self._settings)], log)
        self._watchdog = watched(self._process)

    def kill(self) -> None:
        """kill -9."""
        for process in (self._process, self._watchdog):
            if process is not None:
                process.kill()
                process.wait()

    def stop(self) -> None:
        """SIGTERM: it hands its partitions over first."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(60)
        self.kill()


class Cluster:
    """As a context manager it leaves no process behind."""

    def __init__(self, folder: Path) -> None:
        command = java_command(find_java(), fetch_kafka(on_progress=print))
        ports = _ports()
        self.nodes = [Node(number, folder / f"kafka-{number}", command, ports) for number in NODES]
        cluster_id = new_cluster_id()
        for node in self.nodes:
            node.format(cluster_id)

    @property
    def address(self) -> str:
        return ",".join(node.address for node in self.nodes)

    def __enter__(self) -> Self:
        for node in self.nodes:
            node.start()
        self.wait_until_in_sync()
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()

    def wait_until_in_sync(self, within: float = 90) -> None:
        """All brokers are there, and every partition has all its replicas."""
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})

        def is_in_sync() -> bool:
            with suppress(KafkaException):
                seen = admin.list_topics(timeout=2)
                partitions = [each for topic in seen.topics.values() for each in topic.partitions.values()]
                return len(seen.brokers) == len(NODES) and all(len(each.isrs) == len(NODES) for each in partitions)
            time.sleep(0.2)
            return False

        wait_until(is_in_sync, within=within, what="every partition has three replicas in sync")


def _ports() -> dict[int, tuple[int, int]]:
    probes = [socket.socket() for _ in range(2 * len(NODES))]
    for probe in probes:
        probe.bind((LOOPBACK, 0))
    found = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return {node: (found[2 * place], found[2 * place + 1]) for place, node in enumerate(NODES)}
