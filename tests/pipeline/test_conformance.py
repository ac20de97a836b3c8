"""Other people's test data, one test a case, so that a case once passed is never lost again.

The judge is the folder's own `run.py`; only the starting of a process per run is replaced by a call, so
that all of them cost seconds.
"""
from __future__ import annotations

import importlib.util
import json
from argparse import Namespace
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from streams import cli

FOLDER = (Path(__file__).resolve().parents[3] / "shared" / "conformance").resolve()
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the cases are not beside the project")

DISAGREEMENTS = {
    "segment-golden/jane-doe-two-devices-two-apps":
        "expects a profile without the device ids that its own messages carry in context.device.id; "
        "INTERFACES section 1 takes them as identifiers",
}


def _labels(folder: Path) -> Iterator[str]:
    """The names under which `run.py` reports the cases of a folder."""
    name = folder.relative_to(FOLDER).as_posix()
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text())
    phases = expected.get("phases") or [expected]
    for number, phase in enumerate(phases, 1):
        label = name if len(phases) == 1 else f"{name}/phase-{number}"
        for case in phase.get("cases") or [{}]:
            yield label + (f"/{case['name']}" if case.get("name") else "")
    if expected.get("needs_redefinition"):
        yield f"{name}/live"


def _cases() -> Iterator[Any]:
    for file in sorted(FOLDER.rglob("expected.json")):
        for label in _labels(file.parent):
            reason = DISAGREEMENTS.get(label)
            marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
            yield pytest.param(file.parent, label, id=label, marks=marks)


def _in_process(_: str, events: Path, definitions: Path, arguments: list[str], out: Path) -> str | None:
    files = ["backtest", str(events), "--definitions", str(definitions), "--output", str(out)]
    status = cli.main([*files, *arguments])
    return None if status == 0 else f"exit 0, got {status}"


@cache
def _judge() -> ModuleType:
    spec = importlib.util.spec_from_file_location("conformance_judge", FOLDER / "run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.backtest = _in_process  # type: ignore[attr-defined]
    return module


@cache
def _results(folder: Path) -> dict[str, tuple[bool, str]]:
    found, skipped = _judge().run_folder(folder, Namespace(audience="", rows=None, verbose=True))
    assert not skipped
    return {name: (ok, text) for name, ok, text in found}


@pytest.mark.parametrize(("folder", "label"), list(_cases()))
def test_case(folder: Path, label: str) -> None:
    results = _results(folder)
    assert label in results, f"{label} was not judged; judged were {sorted(results)}"
    ok, text = results[label]
    assert ok, f"expected {text}"


def test_every_judged_case_has_a_test() -> None:
    named = {label for file in FOLDER.rglob("expected.json") for label in _labels(file.parent)}
    judged = {label for file in FOLDER.rglob("expected.json") for label in _results(file.parent)}
    assert named == judged
