"""On Kafka: an anonymous visitor of long ago ends, and `profile show` tells what it can of who is there."""
from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from streams.cli import main
from streams.runtime.outside.observer import Observer, OutputRecord
from streams.runtime.outside.state_reader import read_state
from streams.runtime.outside.upstream import Upstream
from streams.unit import TABLES
from tests.kafka.deployment import Deployment, wait_until

DAY = 86_400_000
DEFINITIONS = """\
kind: identity
id: rules
anonymous_expire_after: 7d
---
kind: segment
id: everybody
rule: {everyone: {}}
"""


def visits(now: int) -> list[dict[str, Any]]:
    """One who came eight days ago and never again, and Jane, who came then too and is here."""
    long_ago = {"timestamp": now - 8 * DAY, "receivedAt": now - 8 * DAY}
    return [
        {"type": "page", "messageId": "m1", "anonymousId": "gone", **long_ago},
        {"type": "page", "messageId": "m2", "anonymousId": "janes", **long_ago},
        {"type": "identify", "messageId": "m3", "anonymousId": "janes", "userId": "jane", "timestamp": now - 8 * DAY + 1,
         "receivedAt": now - 8 * DAY + 1, "traits": {"plan": "free"}, "context": {"source": {"type": "app"}}}]


@pytest.mark.timeout(120)
def test_who_did_not_come_back_is_in_no_row_of_the_changelog(
    commanded: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    told: list[OutputRecord] = []
    (tmp_path / "rules.yaml").write_text(DEFINITIONS)
    assert main(["apply", str(tmp_path)]) == 0
    with Upstream(commanded.settings) as upstream:
        for message in visits(int(time.time() * 1000)):
            upstream.send("events.hits", f"cookie:{message['anonymousId']}".encode(), json.dumps(message).encode())
    commanded.worker("one").start()
    with Observer(commanded.settings, ["audiences.changes"], told.append):
        wait_until(lambda: any(line.record and line.record["change"] == "exited" for line in told), within=60,
                   what="an anonymous visitor ends")
    (exited,) = [line.record for line in told if line.record and line.record["change"] == "exited"]
    assert (exited["identifiers"], exited["cause"]) == (["cookie:gone"], "time")
    stores = [read_state(commanded.settings, partition) for partition in range(commanded.settings.partitions)]
    rows = [row for store in stores for table in TABLES for row in store.scan(table, b"", b"\xff\xff", 1 << 30)]
    assert any(b"janes" in key for key, _ in rows)
    assert not any(b"gone" in key or b"gone" in value for key, value in rows)
    _check_shown(capsys)


def _check_shown(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["profile", "show", "cookie:gone"]) == 1
    assert "nobody has this cookie" in capsys.readouterr().err
    assert main(["profile", "show", "customer_id:jane", "--json", "--events", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["trait_origins"]["plan"]["source"] == "app"
    assert [(move["origin"], move["to"]) for move in found["basics"]["moves"]] == [("web", "app")]
    assert [event["message_id"] for event in found["latest_events"]] == ["m3"]
    assert main(["profile", "show", "Cookie: janes "]) == 0
    assert "  1 session on " in capsys.readouterr().out
