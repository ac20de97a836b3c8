"""`audience worker --processes`: what becomes of the workers when the process that runs them is killed."""
from __future__ import annotations

from pathlib import Path

import pytest

from streams.runtime.exits import Exit
from streams.runtime.outside.observer import ALL_INPUTS, lag
from tests.kafka.deployment import Deployment, free_port, wait_until
from tests.processes import begun


@pytest.mark.timeout(120)
def test_killed_and_started_again_it_has_its_folders_for_itself(deployment: Deployment, tmp_path: Path) -> None:
    """The workers went on without it, and their folders were taken: code 78, every time."""
    log = tmp_path / "log"
    variables = deployment.variables | {"AUDIENCE_DATA": str(tmp_path / "data"), "AUDIENCE_WEB_PORT": str(free_port())}

    def has_taken_over(times: int) -> bool:
        return log.read_text().count(" Tasks [") >= times

    first = begun("worker --processes 2", variables, log)
    try:
        wait_until(lambda: has_taken_over(2), within=40, what="both have tasks")
    finally:
        first.kill()
        first.wait()
    said = log.read_text().count(" Tasks [")
    second = begun("worker --processes 2", variables, log)
    try:
        wait_until(lambda: has_taken_over(said + 2) or second.poll() is not None, within=60, what="both have tasks again")
        assert second.poll() is None, log.read_text()[-2_000:]
        assert lag(deployment.settings, ALL_INPUTS) == 0
    finally:
        second.terminate()
        assert second.wait(30) == Exit.DONE
