"""The folder of an embedded broker: its identity, its ports, Kafka's settings file, its log.

The ports are kept because clients and topics name an address: a broker started again on its folder comes back where it was,
unless the port is taken by now.
"""
from __future__ import annotations

import base64
import fcntl
import socket
import uuid
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
NODE_ID = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The loopback ports of a broker: `client` is the public one, `controller` is Kafka talking to itself."""

    client: int
    controller: int


@dataclass(frozen=True, slots=True)
class BrokerFolder:
    """Paths under one folder. Nothing is created before `prepare`."""

    path: Path

    @property
    def settings(self) -> Path:
        return self.path / "server.properties"

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def log(self) -> Path:
        return self.path / "broker.log"

    @property
    def is_formatted(self) -> bool:
        return (self.data / "meta.properties").exists() and (self.data / "bootstrap.checkpoint").exists()

    def cluster_id(self) -> str:
        """The id given when the folder was first used; a new one for a new folder."""
        if not self.is_formatted:
            return new_cluster_id()
        return _properties(self.data / "meta.properties")["cluster.id"]

    def choose_ports(self, wanted: int | None) -> Ports:
        """`wanted`, else the port used last, else a free one. Others may take a port before Kafka binds it."""
        if wanted is None and self.settings.exists():
            before = int(_properties(self.settings)["listeners"].split(",")[0].rsplit(":", 1)[1])
            wanted = before if is_free(before) else None
        client, controller = free_ports(2)
        return Ports(client=wanted or client, controller=controller)

    def prepare(self, ports: Ports) -> None:
        """Creates the folder and (over)writes Kafka's settings for these ports; data already there is kept."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.settings.write_text(_settings(ports, self.data))

    def is_in_use(self) -> bool:
        """Whether a Kafka, started by whomever, holds the data; it locks a file there."""
        file = self.data / ".lock"
        if not file.exists():
            return False
        with file.open("r+") as lock:
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    def last_log_lines(self, count: int = 15) -> str:
        if not self.log.exists():
            return "(no log)"
        with self.log.open(errors="replace") as lines:
            return "".join(deque(lines, maxlen=count)).rstrip() or "(the log is empty)"


def new_cluster_id() -> str:
    """Like Kafka's own ids. One in 64 would begin with a dash, and Kafka's formatter would take that for an option."""
    while (found := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return found


def is_free(port: int) -> bool:
    """Whether Kafka could bind the loopback port at this moment."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Different ports on loopback that are free at this moment."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _properties(file: Path) -> dict[str, str]:
    lines = (line.partition("=") for line in file.read_text().splitlines() if not line.startswith("#"))
    return {key: value for key, _, value in lines}


def _settings(ports: Ports, data: Path) -> str:
    client = f"PLAINTEXT://{LOOPBACK}:{ports.client}"
    own = {
        "node.id": NODE_ID,
        "listeners": f"{client},CONTROLLER://{LOOPBACK}:{ports.controller}",
        "advertised.listeners": client,
        "controller.quorum.voters": f"{NODE_ID}@{LOOPBACK}:{ports.controller}",
        "log.dirs": data.resolve().as_posix(),
    }
    return "".join(f"{key}={value}\n" for key, value in {**own, **FIXED}.items())


# One node cannot replicate. Few partitions and threads: each costs files, memory and start time on a laptop.
# The aborts of abandoned transactions are looked for every second, because until then they hold back every
# reader. A short broker session, because a killed broker is let in again only after it (9 s by default).
FIXED = {
    "process.roles": "broker,controller",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "default.replication.factor": 1,
    "min.insync.replicas": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 8,
    "offsets.retention.minutes": 525_600,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 8,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 500,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 6000,
    "auto.create.topics.enable": "false",
    "message.max.bytes": 8 * 1024 * 1024,
    "replica.fetch.max.bytes": 8 * 1024 * 1024,
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 4,
    "log.cleaner.dedupe.buffer.size": 32 * 1024 * 1024,
    "log.index.size.max.bytes": 1024 * 1024,
}
