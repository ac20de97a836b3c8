"""Paths, files and outputs that no text can be read from or written to: a sentence, never a traceback."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streams.cli import main
from tests.processes import environment

LONG = "x" * 300


def _run(words: list[str | bytes], **how: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "streams.cli", *words], check=False, stderr=subprocess.PIPE,
                          **{"env": environment(AUDIENCE_BROKER="127.0.0.1:9")} | how)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("words", [
    ["apply", LONG], ["replay", LONG], ["backtest", __file__, "--definitions", ".", "--output", LONG]])
def test_a_path_that_cannot_be_looked_at(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "cannot be looked at: File name too long" in capsys.readouterr().err


def test_an_identifier_that_is_no_utf_8() -> None:
    ended = _run(["profile", "show", b"cookie:\xff"])
    assert ended.returncode == 2 and b"is not UTF-8" in ended.stderr and b"Traceback" not in ended.stderr


def test_a_file_of_keys_that_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "keys").write_bytes(b"\xff\xfe\x00")
    assert main(["collect", "--write-keys", str(tmp_path / "keys"), "--broker", "127.0.0.1:9"]) == 1
    assert f"audience collect: {tmp_path}/keys: not UTF-8" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux's")
def test_a_full_disk_behind_the_output() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = _run(["topics"], stdout=full)
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"audience topics: No space left on device") and ended.stderr.count(b"\n") == 1


def test_a_reader_that_goes_away_is_no_complaint() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    ended = _run(["topics"], stdout=writes)
    os.close(writes)
    assert (ended.returncode, ended.stderr) == (1, b"")


LATE = "\nfrom streams.cli import main\ntry:\n    main(['--version'])\nexcept SystemExit:\n    print('\\u2504')"
"""A line of `identity explain`, after the command has begun."""


def test_an_output_that_is_not_utf_8() -> None:
    said = subprocess.run([sys.executable, "-c", LATE], env=environment(PYTHONIOENCODING="ascii"), capture_output=True,
                          check=True).stdout
    assert said.endswith(b"\\u2504\n")
