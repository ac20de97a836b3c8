"""To who knows Faust this is a Faust app: its own commands list it and run it."""
from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from streams import topology
from streams.runtime.exits import Exit
from streams.runtime.settings import Settings
from streams.runtime.state.claim import claim
from streams.runtime.state.memory import Memory
from streams.runtime.state.store import TaskStore
from streams.unit import TABLES
from tests.kafka.conftest import Broker
from tests.kafka.deployment import free_port, wait_until
from tests.processes import ROOT, environment, fetched


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "faust", "-A", "streams.app", *arguments]


def ended(what: str, data: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(what), env=environment(AUDIENCE_DATA=str(data), COLUMNS="200", **variables), capture_output=True, text=True,
        timeout=60, check=False, cwd=ROOT)


@pytest.mark.parametrize(("what", "names"), [
    ("agents", [*topology.GROUPS, *(topic.name for topic in topology.INPUTS)]),
    ("tables", [*TABLES]),
])
def test_faust_lists_what_the_pipeline_is_made_of(what: str, names: list[str], tmp_path: Path) -> None:
    ran = ended(what, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert [name for name in names if name not in ran.stdout] == []


@pytest.mark.parametrize("what", ["worker", "agents"])
def test_wrong_settings_end_fausts_commands_as_ours(what: str, tmp_path: Path) -> None:
    ran = ended(what, tmp_path, AUDIENCE_PARTITIONS="zero", AUDIENCE_MEMORY="-1")
    assert ran.returncode == Exit.MISCONFIGURED and "Traceback" not in ran.stderr
    first, second = ran.stderr.splitlines()
    assert first.startswith("streams.app: AUDIENCE_PARTITIONS: found 'zero'") and second.startswith("AUDIENCE_MEMORY: ")


def test_faust_worker_runs_it_and_sigterm_ends_it(broker: Broker, tmp_path: Path) -> None:
    port = free_port()
    variables = {
        "AUDIENCE_BROKER": broker.address, "AUDIENCE_PREFIX": f"{uuid4().hex[:8]}.", "AUDIENCE_WEB_PORT": str(port),
        "AUDIENCE_PARTITIONS": "1", "AUDIENCE_DATA": str(tmp_path),
    }
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(
            command("worker"), env=environment(**variables), stdout=log, stderr=log, cwd=ROOT)
    try:
        wait_until(lambda: fetched(f"http://127.0.0.1:{port}/ready")[0] == 200, within=60, what="the worker is ready")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    finally:
        worker.kill()


def test_faust_reset_deletes_the_state_unless_a_worker_is_using_it(tmp_path: Path) -> None:
    folders = [tmp_path / "state" / f"audience-{partition}" for partition in range(2)]
    for folder in folders:
        TaskStore(folder, Memory(4), wall=0).close()
    with claim(Settings.read({"AUDIENCE_DATA": str(tmp_path)})):
        refused = ended("reset", tmp_path)
    assert refused.returncode and f"AUDIENCE_DATA={tmp_path}: a worker is using it" in refused.stderr
    assert all(folder.exists() for folder in folders)
    assert ended("reset", tmp_path).returncode == 0
    assert not any(folder.exists() for folder in folders)
