"""Every command explains itself, and every argument of it."""
from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.cli import main, parser

Found = tuple[tuple[str, ...], argparse.ArgumentParser]


def commands(root: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[Found]:
    """The command and all below it."""
    yield words, root
    for action in root._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from commands(below, (*words, name))


ALL = list(commands(parser()))


@pytest.mark.parametrize("found", ALL, ids=lambda found: " ".join(found[0]) or "audience")
def test_every_command_and_argument_explains_itself(found: Found, capsys: pytest.CaptureFixture[str]) -> None:
    words, command = found
    with pytest.raises(SystemExit) as end:
        main([*words, "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(" ".join(("usage: audience", *words)))
    assert command.description
    silent = [action.dest for action in command._actions
              if not action.help and not isinstance(action, argparse._SubParsersAction)]
    assert silent == []


def test_every_example_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    for name in ("shop/carts.yaml", "events.jsonl", "keys.txt"):
        (tmp_path / name).touch()
    examples = [command.epilog.removeprefix("example: ") for words, command in ALL if words and command.epilog]
    assert len(examples) > 5
    for example in examples:
        assert parser().parse_args(shlex.split(example)[1:]).called in example


def test_it_says_which_release_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert re.fullmatch(r"audience-streams (\d+\.\d+\.\d+|unreleased)\n", capsys.readouterr().out)


def test_it_answers_at_once_because_a_command_brings_what_it_needs_when_it_runs() -> None:
    program = "import sys, streams.cli; print(*{name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    brought = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    bare = subprocess.run([sys.executable, "-c", program.replace(", streams.cli", "")], capture_output=True, text=True,
                          check=True).stdout.split()
    assert set(brought) - set(bare) == {"streams"}
