"""What senders write is data to a terminal, never an order."""
from __future__ import annotations

from xml.etree import ElementTree

import pytest

from streams.cli import inspect, main
from streams.cli.printing import printable, printable_lines
from streams.core.lineage import Lineage, Owner
from streams.runtime.outside import audit_log
from streams.testing import Pipeline
from streams.web.lineage_svg import as_svg

FORGED = "ev\x1b[2J\x1b[31mil\nprofile 0000 forged\x9b1m\u202e"
HOSTILE = {"type": "track", "messageId": "m1\x1b[1m", "anonymousId": FORGED, "userId": "u",
           "event": "Ev\x1b]0;owned\x07il\nsegments\n  vip since", "timestamp": 1}
RULE = {"performed": {"event": "*"}}


@pytest.fixture(autouse=True)
def pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = Pipeline({"segment/all": {"kind": "segment", "id": "all", "rule": RULE}}, partitions=1)
    pipeline.send(HOSTILE)
    [profile] = pipeline.profiles()
    monkeypatch.setattr(inspect, "find", lambda *_: (pipeline.tasks[0], profile))
    monkeypatch.setattr(audit_log, "identity_changes", lambda _: reversed(pipeline.identity))


@pytest.mark.parametrize("words", [
    "profile show customer_id:u", "segment explain all --profile customer_id:u", "identity explain customer_id:u"])
def test_what_is_known_of_somebody_is_printed_with_control_characters_shown(
    words: str, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(words.split()) == 0
    said = capsys.readouterr().out
    assert not [letter for letter in said if letter != "\n" and not letter.isprintable()]
    assert r"\x1b" in said and "\nprofile 0000" not in said and "\nsegments\n  vip" not in said


def test_the_graph_is_a_document_all_the_same() -> None:
    owner = Owner(profile_id="p", identifiers=(f"cookie:{FORGED}", "cookie:\ud800\uffff\x00"))
    drawn = as_svg(Lineage(identifier=f"cookie:{FORGED}", profile_id="p", changes=(), owners=(owner,), links=()))
    texts = [element.text or "" for element in ElementTree.fromstring(drawn).iter()]
    assert "cookie:\ufffd\ufffd\ufffd" in texts and any("ev\ufffd[2J" in text for text in texts)


def test_lines_and_tabs_of_a_letter_stay() -> None:
    assert printable_lines("a\n\tb\x07\r") == "a\n\tb\\x07\\r"
    assert printable("a\n\tb \u00e9 \u2028") == "a\\n\\tb \u00e9 \\u2028"
