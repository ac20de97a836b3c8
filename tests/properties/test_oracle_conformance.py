"""The oracle is judged too: it must pass the cases that others made, run by their own runner."""
from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.oracle import backtest

CONFORMANCE = (Path(__file__).resolve().parents[3] / "shared" / "conformance").resolve()
FOLDERS = sorted(file.parent for file in CONFORMANCE.rglob("expected.json"))

NOT_THE_ORACLES = {
    "dittofeed/72-retroactively-signals-a-segment-entry-journey": "the oracle activates nothing",
    "segment-golden/jane-doe-two-devices-two-apps":
        "expects no device_id in a profile, though a namespace left out of `identity` keeps its row",
}


def runner() -> ModuleType:
    """The conformance runner, with the oracle in place of the command that it would start."""
    spec = importlib.util.spec_from_file_location("conformance_run", CONFORMANCE / "run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(audience: str, events: Path, definitions: Path, arguments: list[str], output: Path) -> None:
        assert audience == "oracle"
        backtest.main(["backtest", str(events), "--definitions", str(definitions), "--output", str(output), *arguments])

    module.__dict__["backtest"] = run
    return module


@pytest.mark.skipif(not FOLDERS, reason="the conformance cases are not beside the project (../shared/conformance)")
def test_the_oracle_passes_every_case_it_can_answer() -> None:
    cases, asked = runner(), argparse.Namespace(audience="oracle", verbose=False, rows=None)
    answers = [answer for folder in FOLDERS for answer in cases.run_folder(folder, asked)[0]]
    failed = {name: text for name, ok, text in answers if not ok}
    assert len(answers) > 100
    assert failed.keys() == NOT_THE_ORACLES.keys(), failed
