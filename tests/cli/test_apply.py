"""`audience apply` and `diff` on a topic in memory: what they say, and that a mistyped folder deletes nothing."""
from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from streams.cli import main
from streams.runtime.outside import definitions_log
from streams.runtime.outside.definitions_log import Edit, History
from streams.task.publishing import Published, records

SEGMENT = """\
kind: segment
id: {name}
rule: {{performed: {{event: Order Completed, within: {within}}}}}
"""


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> History:
    """What `definitions` would hold."""
    found = History()

    def edit(_: object, change: Edit) -> tuple[History, Mapping[str, Published]]:
        before = deepcopy(found)
        changed = change(before)
        for key, row in records(changed, before.revision + 1, 0) if changed else ():
            found.take(key, row)
        return before, changed

    monkeypatch.setattr(definitions_log, "history", lambda _: deepcopy(found))
    monkeypatch.setattr(definitions_log, "edit", edit)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "buyers.yaml").write_text(SEGMENT.format(name="buyers", within="1d"))
    (tmp_path / "regulars.yaml").write_text(SEGMENT.format(name="regulars", within="30d"))
    return tmp_path


def _said(capsys: pytest.CaptureFixture[str], *words: Any) -> str:
    assert main([str(word) for word in words]) == 0
    found = capsys.readouterr()
    return found.out + found.err


def test_what_is_new_changed_and_gone_is_said(standing: History, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _said(capsys, "apply", folder) == (
        "add     segment/buyers (version 1)\nadd     segment/regulars (version 1)\nrevision 1 applied\n")
    assert _said(capsys, "apply", folder) == "nothing to apply\n"
    (folder / "regulars.yaml").unlink()
    (folder / "buyers.yaml").write_text(SEGMENT.format(name="buyers", within="2d"))
    told = "change  segment/buyers (version 2)\ndelete  segment/regulars (version 1)\n"
    assert _said(capsys, "diff", folder, "--no-sizes") == told + "against revision 1\n"
    assert _said(capsys, "apply", folder) == told + "revision 2 applied\n"


def test_what_was_deleted_is_added_again_as_its_next_version(
    standing: History, folder: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    _said(capsys, "apply", folder)
    (folder / "regulars.yaml").rename(folder / "regulars.off")
    _said(capsys, "apply", folder)
    (folder / "regulars.off").rename(folder / "regulars.yaml")
    for command in ("diff --no-sizes", "apply"):
        assert _said(capsys, *command.split(), folder).startswith("add     segment/regulars (version 2)\n")


def test_as_json(standing: History, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apply", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"definition": "segment/buyers", "change": "add", "version": 1},
        {"definition": "segment/regulars", "change": "add", "version": 1}]


def test_a_folder_without_definitions_deletes_nothing_unless_told(
    standing: History, folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str],
) -> None:
    main(["apply", str(folder)])
    empty = tmp_path_factory.mktemp("empty")
    assert main(["apply", str(empty)]) == 1
    assert f"{empty}: no definition in it" in capsys.readouterr().err
    assert standing.revision == 1
    assert "delete  segment/buyers" in _said(capsys, "apply", empty, "--delete-all")
    assert standing.revision == 2


def test_an_empty_folder_is_refused_where_nothing_stands(
    standing: History, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["apply", str(tmp_path)]) == 1
    assert f"{tmp_path}: no definition in it" in capsys.readouterr().err
    assert _said(capsys, "apply", tmp_path, "--delete-all") == "nothing to apply\n"


def test_a_fault_anywhere_applies_nothing(standing: History, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "broken.yaml").write_text("kind: segment\nid: broken\nrule: {preformed: {event: A}}\n")
    assert main(["apply", str(folder)]) == 1
    assert f"{folder}/broken.yaml:3: unknown node" in capsys.readouterr().err
    assert standing.revision == 0


def test_two_campaigns_that_share_an_audience_are_a_warning(
    standing: History, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = ("---\nkind: campaign\nid: {}\nsegment: buyers\n"
                "channels: {{display: {{audience: c, purpose: personalised-ads}}}}\n")
    (folder / "ads.yaml").write_text(
        "kind: destination\nid: ads\nchannel: display\nconnector: http\nsettings: {url: 'https://example.org'}\n"
        + campaign.format("one") + campaign.format("other"))
    for words in (["diff", "--no-sizes"], ["apply", "--json"]):
        assert main([*words, str(folder)]) == 0
        said = capsys.readouterr()
        assert said.err.startswith("warning: campaigns one and other share the audience c at ads: ") and "`any`" in said.err
    assert len(json.loads(said.out)) == len(standing.heads) == 5
    monkeypatch.setenv("AUDIENCE_PARTITIONS", "so that no broker is asked")
    assert main(["check", "--definitions", str(folder)]) == 1
    assert capsys.readouterr().err.startswith("warning: campaigns one and other share")
