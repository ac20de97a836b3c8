"""`audience serve` as a process on a real Kafka: it follows, survives its own death, and knows when it is behind."""
from __future__ import annotations

from pathlib import Path

import pytest

from streams.runtime.broker.embedded import EmbeddedBroker
from streams.runtime.exits import Exit
from tests.kafka.conftest import Broker
from tests.kafka.deployment import wait_until
from tests.kafka.serving import Server, serving

DAMAGED = b"\xc3\x01 this is no record of a person"


def told(server: Server, identifier: str, *segments: str) -> None:
    wait_until(lambda: server.segments(identifier) == list(segments), within=20, what=f"{identifier} is in {segments}")


def test_follows_through_kills_tombstones_aborts_and_damaged_records(broker: Broker, tmp_path: Path) -> None:
    with serving(broker.address, tmp_path) as server:
        server.tell({f"cookie:{n}": ["all", f"s{n}"] for n in range(500)})
        server.start()
        wait_until(server.is_ready, within=40, what="ready")
        assert [server.segments(f"cookie:{n}") for n in (0, 499)] == [["all", "s0"], ["all", "s499"]]
        server.kill()
        server.tell({"cookie:1": None, "cookie:2": ["moved"], "cookie:3": DAMAGED})
        server.tell({"cookie:4": ["never"]}, is_kept=False)
        server.start()
        wait_until(server.is_ready, within=40, what="ready again")
        assert [server.segments(f"cookie:{n}") for n in (1, 2, 3, 4)] == [[], ["moved"], ["all", "s3"], ["all", "s4"]]
        server.tell({"cookie:5": ["later"]})
        told(server, "cookie:5", "later")
    log = server.log.read_text()
    assert "skipped: unknown-fingerprint" in log and "Traceback" not in log
    assert "no record of a person" not in log
    assert log.count("skipped") == 1


@pytest.mark.timeout(180)
def test_is_not_ready_while_the_broker_is_away_but_answers_with_what_it_has(
    own_broker: EmbeddedBroker, tmp_path: Path,
) -> None:
    with serving(own_broker.address, tmp_path, ready_within=2.0) as server:
        server.tell({"cookie:1": ["one"]})
        server.start()
        wait_until(server.is_ready, within=40, what="ready")
        own_broker.kill()
        wait_until(lambda: server.get("/ready")[0] == 503, within=20, what="not ready")
        assert server.segments("cookie:1") == ["one"] and server.get("/live")[0] == 200
        server.kill()
        server.start()
        told(server, "cookie:1", "one")
        assert server.get("/ready") == (503, {"ready": False, "behind_seconds": None})
        own_broker.start()
        wait_until(server.is_ready, within=60, what="ready once the broker is back")


def test_a_full_disk_ends_it_and_the_next_start_goes_on(broker: Broker, tmp_path: Path) -> None:
    with serving(broker.address, tmp_path) as server:
        server.tell({f"cookie:{n}": [f"a-segment-of-{n}"] for n in range(20_000)})
        server.start(largest_file=200_000)
        assert server.process.wait(60) == Exit.DISK
        assert "Is the disk full?" in server.log.read_text()
        server.start()
        wait_until(server.is_ready, within=40, what="ready")
        assert server.segments("cookie:19999") == ["a-segment-of-19999"]


def test_a_topic_that_is_made_anew_is_copied_anew(broker: Broker, tmp_path: Path) -> None:
    """Whom the new one does not name stood in the copy for ever, and what it said first was left out."""
    with serving(broker.address, tmp_path) as server:
        server.tell({f"cookie:{n}": ["old"] for n in range(100)})
        server.start()
        wait_until(server.is_ready, within=40, what="ready")
        server.make_topic_anew()
        wait_until(lambda: server.segments("cookie:1") == [], within=40, what="the old copy is gone")
        server.tell({"cookie:2": ["new"]})
        told(server, "cookie:2", "new")
        wait_until(server.is_ready, within=40, what="ready again")
        assert server.segments("cookie:3") == []
        server.kill()
        server.make_topic_anew()
        server.tell({f"cookie:{n}": ["newest"] for n in range(100, 400)})
        server.start()
        wait_until(server.is_ready, within=40, what="ready, of a topic longer than what it had read")
        assert server.segments("cookie:2") == [] and server.segments("cookie:100") == ["newest"]
    assert "Traceback" not in server.log.read_text()
