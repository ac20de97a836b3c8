"""How a worker that was asked to stop leaves: what it logged is there, and nothing of it is freed one by one."""
from __future__ import annotations

import subprocess
import sys

LEAVING = """
import logging
from streams.runtime.exits import Exit, leave

class Row:
    def __del__(self):
        print("freed")

logging.basicConfig(stream=__import__("sys").stdout)
row = Row()
logging.warning("said")
leave({code})
"""


def test_whoever_leaves_has_said_all_and_frees_nothing() -> None:
    for code in ("", "Exit.BROKER"):
        left = subprocess.run(
            [sys.executable, "-c", LEAVING.format(code=code)], capture_output=True, text=True, timeout=60, check=False)
        assert (left.returncode, left.stdout.split(), left.stderr) == (74 if code else 0, ["WARNING:root:said"], "")
