"""What the command line asks stands on `privacy.requests`, and a worker answers."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.cli import main
from streams.runtime.outside.observer import Observer, OutputRecord
from streams.runtime.outside.upstream import Upstream
from tests.kafka.deployment import Deployment, wait_until

RULES = "kind: identity\nid: one\nnamespaces: {cookie: {blocked: [c1]}}\n"


@pytest.mark.timeout(120)
def test_other_rules_hold_from_apply_on_and_who_breaks_them_is_reported(
    commanded: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "identity.yaml").write_text(RULES)
    decided: list[dict[str, object]] = []
    commanded.worker("one").start()

    def login(user: str) -> None:
        message = {"type": "identify", "messageId": user, "anonymousId": "c1", "userId": user, "traits": {
            "email": f"{user}@example.com"}}
        with Upstream(commanded.settings) as upstream:
            upstream.send("events.interactions", b"cookie:c1", json.dumps(message).encode())

    def reported(*options: str) -> str:
        assert main(["identity", "report", *options]) == 0
        return capsys.readouterr().out

    with Observer(commanded.settings, ["identity.changes"], lambda seen: decided.append(seen.record or {})):
        login("u1")
        wait_until(lambda: len(decided) == 1, within=60, what="the first log-in is decided")
        assert reported() == ""
        assert "blocked value, 1 where 0 are allowed: cookie:c1" in reported("--definitions", str(folder))
        assert main(["apply", str(folder)]) == 0
        wait_until(lambda: "cookie:c1" in reported(), within=60, what="the new rules are in force")
        login("u2")
        wait_until(lambda: len(decided) == 2, within=60, what="the second log-in is decided")
    assert [row["evidence"] for row in decided] == [
        ["customer_id:u1", "email:u1@example.com", "cookie:c1"], ["customer_id:u2", "email:u2@example.com"]]


@pytest.mark.timeout(120)
def test_a_split_is_asked_and_answered(
    commanded: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    answers: dict[str, OutputRecord] = {}
    with Upstream(commanded.settings) as upstream:
        message = {"type": "identify", "messageId": "m1", "anonymousId": "c1", "userId": "u1"}
        upstream.send("events.interactions", b"cookie:c1", json.dumps(message).encode())
    commanded.worker("one").start()
    topics = ["privacy.receipts", "identity.changes"]
    with Observer(commanded.settings, topics, lambda seen: answers.update({seen.topic: seen})):
        wait_until(lambda: "identity.changes" in answers, within=60, what="the two are one person")
        assert main(["identity", "split", "customer_id:u1", "--identifiers", "cookie:c1"]) == 0
        wait_until(lambda: "privacy.receipts" in answers, within=60, what="the receipt")
    receipt = answers["privacy.receipts"].record
    assert receipt is not None and receipt["outcome"] == "done"
    told = capsys.readouterr().out
    assert told.startswith("split done ") and f"request {receipt['request_id']}\n  profiles  2\n" in told
    _check_refused_recorded_and_unanswered(commanded, capsys)
    assert main(["identity", "explain", "cookie:c1", "--svg", str(tmp_path / "graph.svg")]) == 0
    told = capsys.readouterr().out
    assert "attached customer_id:u1" in told and "message m1" in told and f"request {receipt['request_id']}" in told
    assert (tmp_path / "graph.svg").read_text().count('class="attached"') == 1
    assert main(["identity", "explain", "cookie:nobody"]) == 1
    assert "nobody has this cookie identifier" in capsys.readouterr().err


def _check_refused_recorded_and_unanswered(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identity", "split", "customer_id:u1", "--identifiers", "cookie:nobody", "--json"]) == 1
    receipt = json.loads(capsys.readouterr().out)
    assert (receipt["outcome"], receipt["reason"]) == (
        "refused", "not all of the identifiers named are this profile's now")
    assert main(["profile", "export", "customer_id:u1", "--record"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["events"] and told.err.startswith("export done ") and "\n  timeline  1\n" in told.err
    for worker in deployment.workers:
        worker.kill()
    assert main(["profile", "suppress", "cookie:c1", "--no-wait"]) == 0
    assert len(capsys.readouterr().out.strip()) == 32
    assert main(["profile", "erase", "cookie:c1", "--within", "0.2"]) == 1
    assert "not answered within 0.2 s: no worker runs" in capsys.readouterr().err
