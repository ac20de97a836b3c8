"""`audience feed export` on a real Kafka: full, then deltas, with deletions, whatever became of the run before."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.cli import main
from tests.kafka.conftest import Broker
from tests.kafka.serving import serving


@pytest.fixture
def export(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes to the topic, exports, and gives the newest file's name and rows."""
    with serving(broker.address, tmp_path) as server:
        monkeypatch.setenv("AUDIENCE_BROKER", broker.address)
        monkeypatch.setenv("AUDIENCE_PREFIX", server.topic.removesuffix("audiences.memberships"))

        def exported(rows: dict[str, list[str] | bytes | None], *options: str) -> tuple[str, dict[str, list[str]]]:
            server.tell(rows)
            assert main(["feed", "export", str(tmp_path / "feed"), *options]) == 0
            newest = max((tmp_path / "feed").glob("memberships-*"))
            found = [orjson.loads(line) for line in newest.read_bytes().splitlines()]
            assert [row["identifier"] for row in found] == sorted(row["identifier"] for row in found)
            return newest.name, {row["identifier"]: row["segments"] for row in found}

        exported.make_topic_anew = server.make_topic_anew  # type: ignore[attr-defined]
        yield exported


def test_full_then_deltas_with_deletions_and_full_again(export: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert export({"cookie:1": ["a"], "cookie:2": ["b"], "cookie:3": None}) == (
        "memberships-000001-full.jsonl", {"cookie:1": ["a"], "cookie:2": ["b"]})
    assert export({"cookie:1": ["a", "c"], "cookie:2": None, "cookie:4": b"damaged"}) == (
        "memberships-000002-delta.jsonl", {"cookie:1": ["a", "c"], "cookie:2": []})
    assert "1 records skipped" in capfd.readouterr().err
    assert export({"cookie:5": ["e"]}) == ("memberships-000003-delta.jsonl", {"cookie:5": ["e"]})
    assert export({"cookie:6": []}, "--full") == (
        "memberships-000004-full.jsonl", {"cookie:1": ["a", "c"], "cookie:5": ["e"], "cookie:6": []})


def test_an_export_killed_before_its_note_is_made_again_and_leaves_nothing_out(export: Any, tmp_path: Path) -> None:
    export({"cookie:1": ["a"]})
    note = (tmp_path / "feed" / "position.json").read_bytes()
    export({"cookie:2": ["b"]})
    (tmp_path / "feed" / "position.json").write_bytes(note)
    assert export({"cookie:3": ["c"]}) == ("memberships-000002-delta.jsonl", {"cookie:2": ["b"], "cookie:3": ["c"]})


def test_after_the_topic_was_made_anew_it_is_full_again_however_long_the_new_one_is(export: Any) -> None:
    """The delta began in the middle of the new topic, and told nobody that the old rows are gone."""
    export({"cookie:1": ["a"], "cookie:2": ["b"]})
    export.make_topic_anew()
    rows = {f"cookie:{n}": ["c"] for n in range(100, 400)}
    assert export(rows) == ("memberships-000002-full.jsonl", rows)
