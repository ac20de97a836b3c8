"""Worker processes of the demo: started, waited for, ended by the pids that were started."""
from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from streams.core.errors import Retryable

READY_WITHIN = 90.0
LAST_LINES = 5


class Workers:
    """A context manager around `count` workers, each with a folder, a web port and a log of its own."""

    def __init__(self, environ: Mapping[str, str], folder: Path, ports: list[int]) -> None:
        self._environ, self._folder, self._ports = environ, folder, ports
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Workers:
        for number, port in enumerate(self._ports):
            with self._log(number).open("wb") as log:
                self._processes.append(subprocess.Popen(
                    [sys.executable, "-m", "streams.cli", "worker"], stdout=log, stderr=subprocess.STDOUT,
                    env={**self._environ, "AUDIENCE_DATA": str(self._folder / f"worker-{number}"),
                         "AUDIENCE_WEB_PORT": str(port)}))
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def addresses(self) -> list[str]:
        return [f"http://127.0.0.1:{port}/" for port in self._ports]

    def wait(self) -> None:
        """Until all are ready. Retryable, with the end of its log, if one ended or takes too long."""
        deadline = time.monotonic() + READY_WITHIN
        for number, address in enumerate(self.addresses):
            while not _is_ready(address):
                self.check()
                if time.monotonic() > deadline:
                    raise Retryable(f"worker {number} is not ready after {READY_WITHIN:.0f} s; {self._end(number)}", after=0)
                time.sleep(0.2)

    def check(self) -> None:
        """Retryable if a worker has ended."""
        for number, process in enumerate(self._processes):
            if process.poll() is not None:
                raise Retryable(f"worker {number} ended with {process.returncode}; {self._end(number)}", after=0)

    def _log(self, number: int) -> Path:
        return self._folder / f"worker-{number}.log"

    def _end(self, number: int) -> str:
        lines = self._log(number).read_text(errors="replace").splitlines()[-LAST_LINES:]
        return f"the end of {self._log(number)}:\n" + "\n".join(lines)


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}ready", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
