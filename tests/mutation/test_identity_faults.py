"""The tests of identity and erasure see what they are for: each deliberate fault makes at least one of them fail."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.faults import ERASURE, FAULTS

ROOT = Path(__file__).parents[2]
SUITE = ["tests/core/test_precedence.py", *(f"tests/pipeline/test_{name}.py" for name in (
    "identity_edges", "identity_races", "identity_detours", "identifier_table", "identity_rules", "split",
    "names", "identity_scenarios", "trait_precedence")), "tests/properties/test_crowds.py"]
ERASURE_SUITE = [*(f"tests/pipeline/test_{name}.py" for name in ("erasing", "erasing_races", "identity_races")), "-k",
                 "not 16"]
ALL_PASSED, SOME_FAILED = 0, 1


def outcome_with(fault: str, suite: list[str]) -> subprocess.CompletedProcess[str]:
    """With -x, a module that cannot be imported ends in the same code as a test that fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "tests.mutation.planting", "-p", "no:cacheprovider", *suite]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, "FAULT": fault}, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.parametrize("suite", [SUITE, ERASURE_SUITE], ids=["identity", "erasure"])
def test_without_a_fault_all_pass(suite: list[str]) -> None:
    found = outcome_with("", suite)
    assert found.returncode == ALL_PASSED, found.stdout


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_caught(fault: str) -> None:
    found = outcome_with(fault, ERASURE_SUITE if fault in ERASURE else SUITE)
    assert found.returncode == SOME_FAILED, found.stdout + found.stderr
    assert "no longer has once" not in found.stdout + found.stderr, "the fault was not planted, so nothing has caught it"
