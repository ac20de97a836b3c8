"""What a folder has and cannot be seen is a fault, for `apply` deletes what is not there."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from streams.definitions import load_folder
from tests.definitions.refused import faults

SEGMENT = "kind: segment\nid: {}\nrule: {{everyone: {{}}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.yaml").write_text(SEGMENT.format("a"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.yaml").write_text(SEGMENT.format("b"))
    return tmp_path / "shop"


def test_linked_folders_are_read_each_once_and_in_no_circle(folder: Path) -> None:
    for name in ("one", "two"):
        (folder / name).symlink_to("../elsewhere")
    (folder / "round").symlink_to(".")
    assert [segment.id for segment in load_folder(folder).segments] == ["a", "b"]


@pytest.mark.parametrize("name", ["c.yaml", "more"])
def test_a_link_to_nothing(folder: Path, name: str) -> None:
    (folder / name).symlink_to("../nowhere")
    [fault] = faults(folder)
    assert fault.startswith(f"{name}: no file")


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "c.yaml")
    [fault] = faults(folder)
    assert fault.startswith("c.yaml: no file")


def test_a_folder_that_may_not_be_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a patch: root, as whom tests may run, may list all."""
    (folder / "closed").mkdir()
    listed = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    [fault] = faults(folder)
    assert fault.startswith("closed: the folder cannot be listed (Permission denied)")


def test_what_is_hidden_is_left_out_broken_or_not(folder: Path) -> None:
    (folder / ".#a.yaml").symlink_to("nobody@nowhere")
    (folder / ".git").mkdir()
    (folder / ".git" / "c.yaml").write_text("{")
    assert [segment.id for segment in load_folder(folder).segments] == ["a"]
