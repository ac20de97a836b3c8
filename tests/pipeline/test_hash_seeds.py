"""What is written does not depend on the process that writes it: two workers' bytes of one history are the same bytes.

Python gives texts other hashes in every process, so whatever is written in the order of a set differs from run to run.
"""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SEED = 11


def written(hash_seed: str) -> list[str]:
    found = subprocess.run(
        [sys.executable, "-m", "tests.pipeline.written", str(SEED)], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed}, timeout=100, check=True)
    return found.stdout.splitlines()


def test_rows_and_records_are_the_same_bytes_in_the_same_order_under_any_hash_seed() -> None:
    print(f"seed {SEED}")
    one, other = written("1"), written("2")
    differing = [(a, b) for a, b in zip(one, other, strict=False) if a != b]
    assert not differing, f"{len(differing)} of {len(one)}, the first: {differing[0][0]}\n{differing[0][1]}"
    assert len(one) == len(other)
    assert {"profiles", "pointers", "timeline", "timers", "identities", "meta", "commands", "identity.changes"} <= {
        line.split(" ")[1] for line in one}
