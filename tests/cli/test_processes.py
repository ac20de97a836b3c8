"""What the long-running commands say as processes, when they cannot begin."""
from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.cli.operate import its_own
from streams.runtime.exits import Exit
from streams.runtime.settings import Settings
from tests.kafka.deployment import free_port
from tests.processes import environment, fetched


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of loopback where something listens."""
    server = socket.create_server(("127.0.0.1", 0))
    try:
        yield server.getsockname()[1]
    finally:
        server.close()


def _begun(words: str, data: Path, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "streams.cli", *words.split()], cwd=data, stderr=subprocess.PIPE, text=True,
        env=environment(**{"AUDIENCE_BROKER": "127.0.0.1:9", "AUDIENCE_DATA": str(data),
                           "AUDIENCE_WEB_PORT": str(free_port())} | variables))


def _ended(words: str, data: Path, **variables: str) -> tuple[int, str]:
    with _begun(words, data, **variables) as process:
        _, said = process.communicate(timeout=60)
    return process.returncode, said


def test_workers_end_with_the_first_that_ends_and_say_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, said = _ended("worker --processes 2", tmp_path, AUDIENCE_DATA="file")
    assert code == Exit.MISCONFIGURED
    assert "AUDIENCE_DATA=file/worker-" in said
    assert f"a worker ended with exit code {Exit.MISCONFIGURED:d}; all are stopped" in said


STOPPED_AT_ONCE = """
import os, signal, subprocess, sys
from streams.cli import operate
from streams.runtime.broker import process
from streams.runtime.settings import Settings
process.watched = lambda worker: worker
begun = []
def begin(*_, **__):
    begun.append(START([sys.executable, "-c", "import time; time.sleep(60)"]))
    if len(begun) == 1:
        os.kill(os.getpid(), signal.SIGTERM)
    return begun[-1]
START, operate.subprocess.Popen = subprocess.Popen, begin
code = operate._supervise({}, Settings.read({}), 3)
print(code, len(begun), [each.poll() is None for each in begun])
"""


def test_workers_that_are_stopped_while_they_are_begun_all_end() -> None:
    run = subprocess.run([sys.executable, "-c", STOPPED_AT_ONCE], capture_output=True, text=True, timeout=30, check=False)
    assert run.stdout == "0 3 [False, False, False]\n", run.stderr


def test_a_worker_whose_broker_is_away_says_so_and_may_be_started_again(tmp_path: Path) -> None:
    code, said = _ended("worker", tmp_path)
    assert code == Exit.BROKER
    assert "no Kafka broker at 127.0.0.1:9 answered within 10 s" in said and "AUDIENCE_BROKER" in said


def test_a_look_up_server_on_a_taken_port_says_so(taken: int, tmp_path: Path) -> None:
    code, said = _ended(f"serve --port {taken}", tmp_path)
    assert code == 1
    assert said.splitlines()[-1].startswith("audience serve: 127.0.0.1:")
    assert "give another --port" in said and "Traceback" not in said


def test_a_look_up_server_on_any_port_says_which(tmp_path: Path) -> None:
    with _begun("serve --port 0", tmp_path) as server:
        assert server.stderr
        said = next(line for line in server.stderr if "Look-ups" in line)
        [port] = re.findall(r"Look-ups at http://127\.0\.0\.1:(\d+)/", said)
        status, _ = fetched(f"http://127.0.0.1:{port}/live")
        server.terminate()
    assert status == 200 and int(port) > 0


def test_a_broker_on_a_taken_port_says_so(taken: int, tmp_path: Path) -> None:
    code, said = _ended(f"broker --port {taken}", tmp_path)
    assert code == 1
    assert f"Port {taken} of 127.0.0.1 is taken" in said and "choose another --port" in said
    assert "Traceback" not in said


FETCHES_FOR_EVER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell runs in the background
from streams.cli import main
from streams.runtime.broker import embedded
def fetch(**_):
    print("fetching", flush=True)
    time.sleep(60)
embedded.find_java, embedded.fetch_kafka = lambda: None, fetch
sys.exit(main(["broker", "--data", sys.argv[1], "--port", "0"]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_broker_that_is_still_fetched_ends_when_told_to(number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", FETCHES_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE) as broker:
        assert broker.stdout and broker.stdout.readline() == b"fetching\n"
        broker.send_signal(number)
        try:
            assert broker.wait(30) == 130
        finally:
            broker.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_waits_for_a_broker_ends_when_told_to(number: signal.Signals, tmp_path: Path) -> None:
    with _begun("worker", tmp_path) as worker:
        assert worker.stderr and "waiting for a Kafka broker" in worker.stderr.readline()
        told = time.monotonic()
        worker.send_signal(number)
        assert worker.wait(10) == 0
        assert time.monotonic() - told < 3, "it waited for the broker to answer"


def test_each_of_several_workers_has_a_folder_a_port_and_a_name_of_its_own() -> None:
    named = Settings.read({"AUDIENCE_INSTANCE": "shop", "AUDIENCE_DATA": "data"})
    assert [its_own(named, number) for number in range(2)] == [
        {"AUDIENCE_DATA": "data/worker-0", "AUDIENCE_WEB_PORT": "6066", "AUDIENCE_INSTANCE": "shop-0"},
        {"AUDIENCE_DATA": "data/worker-1", "AUDIENCE_WEB_PORT": "6067", "AUDIENCE_INSTANCE": "shop-1"}]
    assert its_own(Settings.read({}), 1)["AUDIENCE_INSTANCE"] == ""
