"""A deployment under test: topics of its own on a real broker, and workers as processes that can be hurt."""
from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.runtime.kafka.consumers import onlooker
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.topics import ensure_topics
from streams.runtime.settings import Settings
from streams.topology import INPUTS
from tests.processes import ROOT, environment, fetched


def wait_until(condition: Callable[[], bool], *, within: float, what: str) -> None:
    """Returns once it holds; fails with `what` if it does not in time."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {within:g} s: {what}")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


PIPELINE = "streams.runtime.processor:task_factory"


class Deployment:
    """Workers that share topics and group. As a context manager it has its topics, unless they are the test's own affair,
    and leaves no process behind."""

    def __init__(
        self, broker: str, folder: Path, factory: str = PIPELINE, *, has_topics: bool = True, **variables: str,
    ) -> None:
        self.folder = folder
        self.factory = factory
        self.variables = {
            "AUDIENCE_BROKER": broker, "AUDIENCE_PREFIX": f"{uuid4().hex[:8]}.", "AUDIENCE_SESSION_TIMEOUT": "6",
            "AUDIENCE_PROFILE_INTERVAL": "1", **variables,
        }
        self._has_topics = has_topics
        self.settings = Settings.read(self.variables)
        self.names = Names(self.settings)
        self.workers: list[Worker] = []

    def __enter__(self) -> Deployment:
        if self._has_topics:
            ensure_topics(self.settings)
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.kill()

    def be_commanded(self, patch: pytest.MonkeyPatch) -> None:
        """Commands that are run in this process are about it."""
        for name, value in self.variables.items():
            patch.setenv(name, value)

    def worker(self, name: str, **variables: str) -> Worker:
        """A worker with a folder and a web port of its own; not started."""
        worker = Worker(self, name, variables)
        self.workers.append(worker)
        return worker

    def committed(self) -> int:
        """The sum of all committed offsets of the inputs: grows while there is progress."""
        reader = Consumer(onlooker(self.settings, self.names.group))
        inputs = [
            TopicPartition(self.names.on_cluster(topic.name), partition)
            for topic in INPUTS for partition in range(self.settings.partitions)
        ]
        while True:
            with suppress(KafkaException):
                return sum(max(found.offset, 0) for found in reader.committed(inputs, 5))


class Worker:
    """One worker process, which may be started again after its end. Its log is in its folder."""

    def __init__(self, deployment: Deployment, name: str, variables: dict[str, str]) -> None:
        self.name = name
        self.folder = deployment.folder / name
        self.port = free_port()
        self._factory = deployment.factory
        self._environment = environment(**deployment.variables | {
            "AUDIENCE_DATA": str(self.folder / "data"), "AUDIENCE_WEB_PORT": str(self.port)} | variables)
        self._process: subprocess.Popen[bytes] | None = None
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def start(self, largest_file: int | None = None) -> None:
        """Starts the process; it may take seconds until it works. `largest_file`: bytes, as on a disk that is full."""
        limit = [] if largest_file is None else ["prlimit", f"--fsize={largest_file}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*limit, sys.executable, "-m", "tests.kafka.worker_main", self._factory],
                env=self._environment, stdout=log, stderr=log, cwd=ROOT,
            )

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def get(self, path: str, accept: str = "text/html") -> tuple[int, str]:
        """A page of its: status and text; 0 while it does not answer."""
        status, text = fetched(f"http://127.0.0.1:{self.port}{path}", headers={"Accept": accept})
        return status, text.decode()

    def said(self, text: str) -> bool:
        """Whether its log has it."""
        return self.log.exists() and text in self.log.read_text()

    def last_words(self) -> str:
        """The end of its log, for the message of a test that fails."""
        lines = self.log.read_text().splitlines()[-30:] if self.log.exists() else []
        return "\n".join([f"worker {self.name}, exit code {self.exit_code}:", *lines])

    def kill(self) -> None:
        """kill -9; nothing if it has ended."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def lose_state(self) -> None:
        """Deletes its folder, as a lost disk would."""
        shutil.rmtree(self.data, ignore_errors=True)

    def pause(self) -> None:
        """SIGSTOP: it hears nothing, and does not know."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def stop(self, within: float = 30) -> int:
        """SIGTERM; returns the exit code."""
        self._signal(signal.SIGTERM)
        return self.wait(within)

    def wait(self, within: float) -> int:
        """The exit code, once it ends by itself."""
        assert self._process is not None
        return self._process.wait(within)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
