"""Apache Kafka itself, embedded: one KRaft node on loopback, for `audience broker`, the demo and the tests.

Not a stand-in written in Python: the guarantees rest on Kafka's transactions and fencing, and a second kind of broker would
be one more thing to be wrong about. Production needs nothing of this.
"""
from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.core.errors import Bug, Misconfigured
from streams.runtime.broker.download import USE_ANOTHER, OnProgress, fetch_kafka, find_java
from streams.runtime.broker.folder import LOOPBACK, BrokerFolder, Ports, is_free
from streams.runtime.broker.process import (
    FORMATTER,
    SERVER,
    Process,
    detached,
    java_command,
    run_to_end,
    watched,
)

READY_WITHIN = 60.0
STOP_WITHIN = 20.0
ORPHAN_GONE_WITHIN = 3.0
"""Seconds."""
ATTEMPTS = 3
"""To start, where another program took a port that was free."""
TAKEN = "Address already in use"


def silence(_: str) -> None:
    """Progress that nobody wants to see."""


class EmbeddedBroker:
    """One broker on one folder: `with EmbeddedBroker(folder) as broker: connect(broker.address)`.

    A used folder keeps its cluster id, its records and, if still free, its port. The same object can be started again, even
    after a kill, on the same port. Ends with the process that started it. Not thread-safe. `repositories`, `maven_cache` and
    `jar_cache` are those of `fetch_kafka`.
    """

    def __init__(self, folder: Path, port: int | None = None, on_progress: OnProgress = silence, *,
                 repositories: Mapping[str, str] | None = None, maven_cache: Path | None = None,
                 jar_cache: Path | None = None) -> None:
        self.folder = BrokerFolder(Path(folder))
        self._wanted_port = port
        self._on_progress = on_progress
        self._fetch: Callable[[], tuple[Path, ...]] = lambda: fetch_kafka(
            on_progress=on_progress, repositories=repositories, maven_cache=maven_cache, jar_cache=jar_cache)
        self._ports: Ports | None = None
        self._process: Process | None = None
        self._watchdog: Process | None = None

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`; known from the first start on, also while the broker is down."""
        if self._ports is None:
            raise Bug("The embedded broker has no address before start(); use it in a `with` block")
        return f"{LOOPBACK}:{self._ports.client}"

    @property
    def pid(self) -> int | None:
        """Process id of the running broker, None while it is down."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Blocks until the broker answers metadata requests. Raises Misconfigured with the end of its log if not."""
        if self.pid is not None:
            return
        if self._wanted_port is not None and not is_free(self._wanted_port):
            raise Misconfigured((f"Port {self._wanted_port} of 127.0.0.1 is taken, the embedded Kafka cannot use it. Stop "
                                 f"the program that listens there, or choose another --port. {USE_ANOTHER}",))
        self._refuse_shared_folder()
        command = java_command(find_java(), self._fetch())
        for _ in range(ATTEMPTS - 1):
            try:
                self._start_once(command)
                return
            except Misconfigured:
                if self._wanted_port is not None or TAKEN not in self.folder.last_log_lines(200):
                    raise
        self._start_once(command)

    def stop(self) -> None:
        """Clean shutdown: every record acknowledged is on disk. Kills what does not end within 20 seconds."""
        process = self._process
        if process and process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_WITHIN)
        self.kill()

    def kill(self) -> None:
        """SIGKILL, as a power cut would; for tests. Waits until the process is gone. Data and port are kept."""
        for process in (self._process, self._watchdog):
            if process:
                process.kill()
                process.wait()
        self._process = self._watchdog = None

    def restart(self) -> None:
        """`stop()` and `start()` on the same port and data."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()

    def _refuse_shared_folder(self) -> None:
        """Two brokers in one folder would spoil each other's settings. One that was just orphaned is waited for: it is
        about to end."""
        give_up_at = time.monotonic() + ORPHAN_GONE_WITHIN
        while self.folder.is_in_use():
            if time.monotonic() > give_up_at:
                raise Misconfigured((
                    f"Another Kafka runs on the folder {self.folder.path}. Stop it, connect to it (its address is in "
                    f"{self.folder.settings}), or give another folder. {USE_ANOTHER}",))
            time.sleep(0.1)

    def _start_once(self, command: list[str]) -> None:
        """Ports, storage, process, readiness: in this order, since Kafka's settings name the ports."""
        try:
            self._ports = self.folder.choose_ports(self._ports.client if self._ports else self._wanted_port)
            self.folder.prepare(self._ports)
            cluster_id = self.folder.cluster_id()
            with self.folder.log.open("wb") as log:
                self._format(command, cluster_id, log)
                self._on_progress(f"starting Apache Kafka on {self.address}")
                self._process = detached([*command, SERVER, str(self.folder.settings)], log)
            self._watchdog = watched(self._process)
            self._wait_until_ready(cluster_id)
        except BaseException:  # Ctrl-C while it starts must not leave a broker either
            self.kill()
            raise
        self._on_progress(f"Apache Kafka is ready on {self.address}")

    def _format(self, command: list[str], cluster_id: str, log: IO[bytes]) -> None:
        if self.folder.is_formatted:
            return
        self._on_progress(f"preparing {self.folder.path}")
        arguments = [*FORMATTER, "-t", cluster_id, "-c", str(self.folder.settings)]
        if not run_to_end([*command, *arguments], log):
            raise self._failed("could not prepare its folder")

    def _wait_until_ready(self, cluster_id: str) -> None:
        give_up_at = time.monotonic() + READY_WITHIN
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0,
                             "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100})
        while time.monotonic() < give_up_at:
            if self.pid is None:
                raise self._failed("ended while starting")
            with suppress(KafkaException):
                seen = admin.list_topics(timeout=0.5)
                if seen.brokers and str(seen.cluster_id) == cluster_id:
                    return
        raise self._failed(f"did not answer within {READY_WITHIN:.0f} s")

    def _failed(self, what: str) -> Misconfigured:
        sentence = (
            f"The embedded Kafka in {self.folder.path} {what}. The end of {self.folder.log}:\n"
            f"{self.folder.last_log_lines()}\n"
            "Likely causes: the disk is full, memory is short (it needs about 300 MB), or the folder's data "
            f"is damaged. Give another folder, or remove this one to begin anew. {USE_ANOTHER}")
        return Misconfigured((sentence,))
