"""How a worker ends: what it logged is there, nothing of it is freed one by one, and its code is one of ours."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from streams.runtime.exits import Exit
from tests.kafka.deployment import free_port
from tests.processes import ROOT, environment

LEAVING = """
import logging
from streams.core.errors import Misconfigured, Retryable, Unreachable
from streams.runtime.exits import Exit, end_process, leave

class Row:
    def __del__(self):
        print("freed")

logging.basicConfig(stream=__import__("sys").stdout)
row = Row()
logging.warning("said")
{ends}
"""


def test_whoever_leaves_has_said_all_and_frees_nothing() -> None:
    for code in ("", "Exit.BROKER"):
        left = leaving(f"leave({code})")
        assert (left.returncode, left.stdout.split(), left.stderr) == (74 if code else 0, ["WARNING:root:said"], "")


@pytest.mark.parametrize(("failure", "code", "name"), [
    ("Retryable('away', after=5)", 74, "BROKER"), ("Unreachable(('away',))", 74, "BROKER"),
    ("OSError(24, 'Too many open files')", 75, "DISK"), ("OSError(23, 'Too many open files in system')", 75, "DISK"),
    ("OSError(5, 'Input/output error')", 70, "FAILED"),
    ("Misconfigured(('wrong',))", 78, "MISCONFIGURED"), ("KeyError('bug')", 70, "FAILED")])
def test_the_code_tells_a_supervisor_what_to_do(failure: str, code: int, name: str) -> None:
    """A registry that was away ended a worker as a bug does, with a traceback."""
    left = leaving(f"end_process({failure})")
    assert left.returncode == code and f"Worker ends ({name}, exit code {code})" in left.stdout
    assert ("Traceback" in left.stdout, "KeyError" in left.stdout) == (False, "KeyError" in failure)
    assert ("ulimit -n" in left.stdout) == ("open files" in failure)


def leaving(ends: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LEAVING.format(ends=ends)], capture_output=True, text=True, timeout=60, check=False)


FAILING = """
import sys
from aiokafka.errors import KafkaConnectionError
from streams.runtime.plugs.application import AudienceApp

async def on_first_start(app):
    {fails}

AudienceApp.on_first_start = on_first_start
{starts}
"""
OURS = "from streams.cli import main; sys.argv[1:] = ['worker']; main()"
FAUSTS = "from faust.cli.faust import cli; cli(['-A', 'streams.app', 'worker'])"


@pytest.mark.parametrize("starts", [OURS, FAUSTS], ids=["audience", "faust"])
@pytest.mark.parametrize(("fails", "said", "code"), [
    ("raise KafkaConnectionError('away')", "KafkaConnectionError: away", Exit.BROKER),
    ("raise ValueError('sooner')", "ValueError: sooner", Exit.FAILED),
    ("await app.crash(ValueError('later'))", "ValueError: later", Exit.FAILED),
], ids=["kafka", "start", "crash"])
def test_where_faust_fails_the_code_is_one_of_ours(fails: str, said: str, code: Exit, starts: str, tmp_path: Path) -> None:
    """Faust's is 1."""
    ran = subprocess.run(
        [sys.executable, "-c", FAILING.format(fails=fails, starts=starts)], capture_output=True, text=True, timeout=60,
        check=False, cwd=ROOT, env=environment(AUDIENCE_DATA=str(tmp_path), AUDIENCE_WEB_PORT=str(free_port())))
    assert ran.returncode == code, ran.stderr
    _, end = ran.stderr.split(f"Worker ends ({code.name}, exit code {code:d})")
    assert said in end
