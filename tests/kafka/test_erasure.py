"""On Kafka: who is erased is in no row of the state, no file of RocksDB and no compacted topic (law L7)."""
from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from rocksdict import BottommostLevelCompaction, CompactOptions, Rdict

from streams.cli import main
from streams.core.intervals import DAY_MS
from streams.runtime.outside.state_reader import StateReader
from streams.runtime.outside.upstream import Upstream
from streams.runtime.state.memory import Memory
from streams.topology import TOPICS
from streams.unit import TABLES
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment, wait_until
from tests.kafka.observed import standing
from tests.pipeline.erased import found_in

FACTORY = "tests.kafka.hasty:factory"
VALUES = ("jane-77", "jane@example.org", "janes-cookie")
DEFINITIONS = """\
kind: segment
id: everybody
rule: {everyone: {}}
---
kind: campaign
id: ads
segment: everybody
status: live
channels: {display: {audience: a, destinations: [gam], purpose: personalised-ads}}
---
kind: destination
id: gam
channel: display
connector: http
settings: {url: "http://127.0.0.1:1/"}
"""
CONSENT = {"consent": {"purposes": {"personalised-ads": True}}}
Rows = Iterator[tuple[str, bytes, bytes]]


def messages(now: int) -> list[dict[str, Any]]:
    """Jane, on two topics; and Bob, whose friend she is, and who once gave her address as his."""
    said = [{"anonymousId": "janes-cookie", "type": "page"},
            {"userId": "jane-77", "anonymousId": "janes-cookie", "type": "identify",
             "traits": {"email": "Jane@example.org"}},
            {"userId": "bob-1", "type": "identify", "traits": {"email": "bob@example.org", "friend": "jane@example.org"}}]
    return [{"messageId": f"m{number}", "timestamp": now + number, "context": CONSENT, **each}
            for number, each in enumerate(said)]


def send(deployment: Deployment, found: list[dict[str, Any]]) -> None:
    with Upstream(deployment.settings) as upstream:
        for message in found:
            key = "customer_id:" + message["userId"] if "userId" in message else "cookie:" + message["anonymousId"]
            topic = "events.interactions" if "userId" in message else "events.hits"
            upstream.send(topic, key.encode(), json.dumps(message).encode())


def compacted(deployment: Deployment) -> list[str]:
    names = deployment.names
    return [names.changelog, *(names.on_cluster(each.name) for each in TOPICS if each.compacted)]


def on_topics(deployment: Deployment) -> Rows:
    """Every record that stands on compacted topics, tombstones too."""
    for message in standing(deployment.settings, compacted(deployment)):
        yield message.topic() or "", message.key() or b"", message.value() or b""


def newest(rows: Rows) -> Rows:
    """What compaction leaves of them in the end."""
    found = {(topic, key): value for topic, key, value in rows}
    return ((topic, key, value) for (topic, key), value in found.items() if value)


def on_disk(folder: Path) -> Rows:
    """Every file of every RocksDB once it is compacted, and every row, since files are compressed."""
    for current in folder.rglob("CURRENT"):
        options, whole = Memory(64).options(), CompactOptions()
        whole.set_bottommost_level_compaction(BottommostLevelCompaction.force())
        database = Rdict(str(current.parent), options, column_families=dict.fromkeys(TABLES, options))
        for name in TABLES:
            family = database.get_column_family(name)
            family.flush()
            family.compact_range(None, None, whole)
            yield from ((name, key, value) for key, value in family.items())
        database.close()
        files = [file for file in current.parent.rglob("*") if file.suffix in (".sst", ".log")]
        yield from ((str(file), b"", file.read_bytes()) for file in files)


def alter(deployment: Deployment, topics: list[str], config: dict[str, str]) -> None:
    admin = AdminClient({"bootstrap.servers": deployment.settings.broker})
    entries = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in config.items()]
    resources = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries) for name in topics]
    for done in admin.incremental_alter_configs(resources).values():
        done.result(10)


@pytest.fixture
def erased(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> Iterator[tuple[Deployment, dict[str, Any]]]:
    """Jane is there, and then she is not; with the receipt of it."""
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "all.yaml").write_text(DEFINITIONS)
    with Deployment(broker.address, tmp_path, FACTORY) as deployment:
        alter(deployment, [deployment.names.on_cluster("events.interactions")], {"retention.ms": str(30 * DAY_MS)})
        deployment.be_commanded(monkeypatch)
        assert main(["apply", str(tmp_path / "definitions")]) == 0
        deployment.worker("one").start()
        send(deployment, messages(int(time.time() * 1000)))
        for who in ("customer_id:jane-77", "customer_id:bob-1"):
            wait_until(lambda who=who: StateReader(deployment.settings).find(who) is not None, within=60, what=who)
        capsys.readouterr()
        assert main(["profile", "erase", "email:Jane@Example.org", "--json"]) == 0
        yield deployment, json.loads(capsys.readouterr().out)


@pytest.mark.timeout(180)
def test_l7_who_is_erased_is_in_no_row_no_file_and_no_compacted_topic(
    erased: tuple[Deployment, dict[str, Any]], capsys: pytest.CaptureFixture[str],
) -> None:
    deployment, receipt = erased
    assert (receipt["action"], receipt["outcome"]) == ("erase", "done")
    places = {place["place"]: place for place in receipt["places"]}
    assert places["timeline"]["records"] == 2 and places["activations.display"]["records"] == 1
    assert places["events.hits"]["gone_by"] == receipt["at"] + (7 + 1) * DAY_MS
    assert places["events.interactions"]["gone_by"] == receipt["at"] + (30 + 1) * DAY_MS, "the topic's own time"
    wait_until(lambda: not found_in(newest(on_topics(deployment)), VALUES), within=60, what="nothing of Jane is kept")
    send(deployment, [{**message, "messageId": f"again-{message['messageId']}"} for message in messages(receipt["at"])[:2]])
    send(deployment, [{"type": "page", "messageId": "end", "userId": "bob-1", "timestamp": receipt["at"]}])
    wait_until(lambda: len(found_in(newest(on_topics(deployment)), ["end"])) > 0, within=60, what="more has come")
    assert found_in(newest(on_topics(deployment)), VALUES) == []
    for identifier in ("email:jane@example.org", "cookie:janes-cookie"):
        assert main(["profile", "show", identifier]) == 1
    capsys.readouterr()
    assert main(["profile", "show", "customer_id:bob-1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["traits"]["friend"].startswith("erased-")
    for worker in deployment.workers:
        worker.kill()
    assert found_in(on_disk(deployment.folder), ["bob-1"]), "the search finds what is there"
    assert found_in(on_disk(deployment.folder), VALUES) == []


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_l7_once_kafka_has_compacted_no_record_is_left(erased: tuple[Deployment, dict[str, Any]]) -> None:
    """Tombstones and older values too. The broker cleans a segment that is closed, so records must keep coming."""
    deployment, _ = erased
    alter(deployment, compacted(deployment), {
        "segment.ms": "500", "min.cleanable.dirty.ratio": "0.001", "delete.retention.ms": "0", "max.compaction.lag.ms": "1"})
    batches: list[str] = []

    def is_clean() -> bool:
        """When the last batch has come to the topics, another follows: what stood there before is in closed segments."""
        rows = list(on_topics(deployment))
        if not batches or found_in(rows, batches[-1:]):
            at, batch = int(time.time() * 1000), f"batch-{len(batches)}-"
            send(deployment, [{"type": "page", "messageId": f"{batch}{each}", "anonymousId": f"other-{at % 97}-{each}",
                               "timestamp": at, "context": CONSENT} for each in range(40)])
            batches.append(batch)
        return not found_in(rows, VALUES)

    wait_until(is_clean, within=500, what="compaction has removed every record of Jane")
