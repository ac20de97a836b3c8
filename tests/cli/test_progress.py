"""How far a long command is: on a terminal only, and nothing of it stays."""
from __future__ import annotations

import sys

import pytest

from streams.cli import progress
from streams.cli.progress import CLEARED, counted


def test_a_terminal_sees_the_count_and_a_clean_line_afterwards(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "EVERY", 0)
    assert list(counted(["a", "b"], "rows")) == ["a", "b"]
    said = capsys.readouterr().err
    assert said.startswith(f"{CLEARED}1 rows, ") and f"{CLEARED}2 rows, " in said and said.endswith(CLEARED)


def test_a_file_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(counted(range(3), "rows")) == [0, 1, 2]
    assert capsys.readouterr().err == ""
