"""`audience segment explain --cost`: of a file before it is applied, among the definitions around it."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.cli import main

CARTS = """\
kind: segment
id: carts
rule:
  all:
  - performed: {event: Product Added, within: 3d}
  - performed: {event: [Order Completed, "PAID_*"], at_least: 3, where: [{property: due, within_last: 2d}]}
  - trait: {name: country, is: NL}
  - consent: {purpose: email-marketing}
  - in_segment: {id: known}
"""
KNOWN = """\
kind: segment
id: known
rule: {any: [{identifier: {namespace: email}}, {performed: {event: Product Added, within: 3d}}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "standing").mkdir()
    (tmp_path / "standing" / "known.yaml").write_text(KNOWN)
    (tmp_path / "carts.yaml").write_text(CARTS)
    return tmp_path


def test_the_bound_of_each_leaf_what_touches_it_and_who_shares_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["segment", "explain", str(folder / "carts.yaml"), "--cost", "--definitions", str(folder / "standing")]
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines() == [
        "carts: keeps at most 10,001 entries per identifier, about 300,030 bytes; exact up to that many, beyond it "
        "the oldest are forgotten",
        "  of these 10,000 for it alone; the others are kept for other segments too",
        "  performed Product Added within 3d",
        "    keeps at most 1 entry per identifier, about 30 bytes, always exact",
        "    judged at Product Added",
        "    shared with known",
        "  performed Order Completed or PAID_* where due within last 2d at least 3 times",
        "    keeps at most 10,000 entries per identifier, about 300,000 bytes; exact up to that many, beyond it the oldest "
        "are forgotten",
        "    judged at Order Completed, PAID_*",
        "  trait country is NL",
        "    keeps nothing of its own",
        "    judged when country is set",
        "  consent email-marketing is granted",
        "    keeps nothing of its own",
        "    judged when consent to email-marketing changes",
        "  in segment known, which has its own cost",
    ]


def test_as_json_with_bytes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["segment", "explain", "known", "--cost", "--definitions", str(folder / "standing"), "--json"]
    assert main(words) == 0
    known = json.loads(capsys.readouterr().out)["known"]
    assert (known["entries"], known["own_entries"], known["size_in_bytes"], known["is_exact"]) == (1, 1, 30, True)
    assert [leaf["by_identity"] for leaf in known["leaves"]] == [True, False]


@pytest.mark.parametrize(("what", "said"), [
    ("knwn", "there is no segment knwn; expected one of known; did you mean known?"),
    ("knwn.yaml", "knwn.yaml: no such file; expected a file of definitions, or the id of a segment"),
    ("{folder}/campaign.yaml", "defines no segment; expected a document of kind: segment"),
    ("{folder}/broken.yaml", '{folder}/broken.yaml:3: unknown node "preformed" in rule; expected one of all'),
])
def test_what_is_wrong_is_said(folder: Path, what: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "campaign.yaml").write_text("kind: computed-trait\nid: n\nfunction: count\n")
    (folder / "broken.yaml").write_text("kind: segment\nid: s\nrule: {preformed: {}}\n")
    words = ["segment", "explain", what.format(folder=folder), "--cost", "--definitions", str(folder / "standing")]
    assert main(words) == 1
    assert said.format(folder=folder) in capsys.readouterr().err


def test_a_person_or_the_cost_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["segment", "explain", "known"], ["segment", "explain", "known", "--cost", "--profile", "cookie:c1"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
    assert "--profile --cost is required" in capsys.readouterr().err
