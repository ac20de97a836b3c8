"""A message that the rules refuse, and that comes back by `audience dead-letters replay` when they do not any more."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import Producer

from schemas.codec import Codec
from streams.cli import main
from streams.runtime.clock import wall_ms
from streams.runtime.kafka.names import Names
from streams.runtime.outside.observer import Observer, OutputRecord
from streams.runtime.outside.upstream import Upstream
from streams.runtime.settings import Settings
from streams.task.publishing import HEAD
from streams.topology import MIB
from tests.kafka.deployment import Deployment, wait_until

BLOCKS = "kind: identity\nid: rules\nnamespaces: {cookie: {blocked: [kiosk]}}\n"
SEGMENT = "kind: segment\nid: seen\nrule: {performed: {event: Seen, within: 1h}}\n"
HOUR = 3_600_000
Command = Callable[..., str]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command line that must end with `code`, if one is given; what it says, as JSON without stderr."""
    def run(words: str, code: int | None = 0) -> str:
        ended = main(words.split())
        said = capsys.readouterr()
        assert code in (ended, None), said
        return said.out + (said.err if "--json" not in words else "")
    return run


@pytest.mark.timeout(180)
def test_what_was_refused_is_accepted_once_the_rule_is_gone_and_once_only(
    commanded: Deployment, tmp_path: Path, command: Command,
) -> None:
    """Also: received when it was first, so that of two hours ago it is no member of a segment of the last hour."""
    told: list[OutputRecord] = []

    def wait_for(topic: str, count: int) -> None:
        wait_until(lambda: sum(seen.topic == topic for seen in told) == count, within=60, what=f"{count} on {topic}")

    apply(command, tmp_path, f"{BLOCKS}---\n{SEGMENT}")
    commanded.worker("one").start()
    wait_until(lambda: is_everywhere(command, 1), within=60, what="the rule is in force everywhere")
    with Observer(commanded.settings, ["dead-letters", "audiences.changes"], told.append):
        then = send(commanded, "kiosk", messageId="m1")
        send(commanded, "other", messageId="m2")
        send(commanded, "kiosk", messageId="m3", receivedAt=then - 2 * HOUR)
        wait_for("dead-letters", 2)
        wait_for("audiences.changes", 1)
        letters = json.loads(command("dead-letters list --json"))
        assert [each["count"] for each in letters["reasons"]] == [2]
        ids = {orjson.loads(each["value"])["messageId"]: each["id"] for each in letters["dead_letters"]}
        assert "2 not sent: no identifier" in command("dead-letters replay --all", 1)

        apply(command, tmp_path, f"{SEGMENT}name: Seen of late\n")
        wait_until(lambda: is_everywhere(command, 2), within=60, what="the rule is gone everywhere")
        assert "1 of 1 sent again" in command(f"dead-letters replay {ids.pop('m3')}") and [*ids] == ["m1"]
        assert "2 of 2 sent again" in command("dead-letters replay --reason identifier")
        wait_for("audiences.changes", 2)
        wait_until(lambda: len(events(command)) == 2, within=60, what="both events of the cookie")
        assert "2 of 2 sent again" in command("dead-letters replay --all")
        send(commanded, "kiosk", messageId="m4", event="Last")
        wait_until(lambda: "Last" in events(command), within=60, what="what came after the copies")
        assert sorted(events(command)) == ["Last", "Seen", "Seen"]
    assert sum(seen.topic == "audiences.changes" for seen in told) == 2


@pytest.mark.timeout(180)
def test_a_definition_that_is_small_only_when_compressed_ends_no_worker(
    commanded: Deployment, tmp_path: Path, command: Command,
) -> None:
    """Its own producer refused to hand it on, and so at every start."""
    row = {"kind": "segment", "id": "large", "version": 1, "revision": 1, "deleted": False, "state": None, "press": None,
           "at": wall_ms(), "source": json.dumps({"kind": "segment", "id": "large", "rule": "x" * 9 * MIB})}
    producer = Producer({"bootstrap.servers": commanded.settings.broker, "message.max.bytes": 90 * MIB,
                         "compression.type": "gzip"})
    for key, record in (("segment/large", row), (HEAD, row | {"kind": HEAD, "id": "head", "source": "null"})):
        producer.produce(Names(commanded.settings).on_cluster("definitions"), Codec().encode("definition", record),
                         key.encode(), partition=0)
    assert producer.flush(20) == 0
    worker = commanded.worker("one")
    worker.start()
    told: list[OutputRecord] = []
    with Observer(commanded.settings, ["dead-letters"], told.append):
        wait_until(lambda: len(told) == commanded.settings.partitions, within=60, what="a dead letter of every task")
    apply(command, tmp_path, SEGMENT)
    wait_until(lambda: is_everywhere(command, 1), within=60, what="what mends it is in force")
    assert worker.stop() == 0


def apply(command: Command, folder: Path, definitions: str) -> None:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules/all.yaml").write_text(definitions)
    command(f"apply {folder}/rules")


def send(deployment: Deployment, cookie: str, **fields: Any) -> int:
    message = {"type": "track", "event": "Seen", "anonymousId": cookie, **fields}
    with Upstream(deployment.settings) as upstream:
        upstream.send("events.hits", f"cookie:{cookie}".encode(), orjson.dumps(message))
    return wall_ms()


def is_everywhere(command: Command, version: int) -> bool:
    """Whether every task has that version of the segment, and with it what was applied beside it."""
    found = json.loads(command("segment list --json", None))
    tasks = [each["version"] for each in found["segments"][0]["by_task"]]
    return tasks == [version] * Settings.read({}).partitions


def events(command: Command) -> list[str]:
    return [each["event"] for each in json.loads(command("profile show cookie:kiosk --json"))["latest_events"]]
