"""The embedded broker is a whole Kafka: transactions, data that outlives it, clear refusals, no orphans."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.core.errors import Misconfigured
from streams.runtime.broker.download import fetch_kafka
from streams.runtime.broker.embedded import EmbeddedBroker
from streams.runtime.broker.folder import BrokerFolder
from tests.kafka.conftest import Broker
from tests.kafka.deployment import wait_until


def test_shows_committed_records_and_hides_aborted_ones(broker: Broker) -> None:
    topic = create_topic(broker.address, "committed-and-aborted")
    producer = Producer({"bootstrap.servers": broker.address, "transactional.id": "writer"})
    producer.init_transactions(30)
    for value, is_kept in (("one", True), ("two", False), ("three", True)):
        producer.begin_transaction()
        producer.produce(topic, value)
        producer.flush(10)
        producer.commit_transaction(10) if is_kept else producer.abort_transaction(10)
    assert read(broker.address, topic, expected=2) == ["one", "three"]


@pytest.mark.parametrize("end", [EmbeddedBroker.stop, EmbeddedBroker.kill])
def test_keeps_records_and_address_when_started_again(
        own_broker: EmbeddedBroker, end: Callable[[EmbeddedBroker], None]) -> None:
    before = own_broker.address, own_broker.folder.cluster_id()
    topic = create_topic(own_broker.address, "kept")
    write(own_broker.address, topic, "one")
    end(own_broker)
    assert own_broker.pid is None
    with EmbeddedBroker(own_broker.folder.path) as again:
        assert (again.address, again.folder.cluster_id()) == before
        assert read(again.address, topic, expected=1) == ["one"]


def test_ends_with_the_process_that_started_it(own_broker: EmbeddedBroker) -> None:
    own_broker.stop()
    script = ("import sys, pathlib; from streams.runtime.broker.embedded import EmbeddedBroker\n"
              "broker = EmbeddedBroker(pathlib.Path(sys.argv[1])); broker.start()\n"
              "print(broker.pid, flush=True); input()")
    with subprocess.Popen([sys.executable, "-c", script, str(own_broker.folder.path)], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    try:
        wait_until(lambda: not runs(pid), within=30, what="the orphaned broker ends")
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_refuses_a_folder_that_another_broker_uses(own_broker: EmbeddedBroker) -> None:
    with pytest.raises(Misconfigured, match="Another Kafka runs on the folder"):
        EmbeddedBroker(own_broker.folder.path).start()
    assert own_broker.pid is not None


def test_refuses_a_port_that_is_taken(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, pytest.raises(Misconfigured, match="is taken") as refusal:
        EmbeddedBroker(tmp_path, port=listener.getsockname()[1]).start()
    assert "AUDIENCE_BROKER" in str(refusal.value)


def test_shows_the_end_of_the_log_when_kafka_cannot_start(tmp_path: Path) -> None:
    embedded = EmbeddedBroker(tmp_path)
    embedded.folder.data.mkdir()
    (embedded.folder.data / "bootstrap.checkpoint").touch()
    (embedded.folder.data / "meta.properties").write_text("cluster.id=another\nnode.id=7\nversion=1\n")
    with pytest.raises(Misconfigured, match="ended while starting") as refusal:
        embedded.start()
    assert "Stored node id 7 doesn't match" in str(refusal.value)


def test_says_what_to_do_when_the_download_is_impossible(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        nowhere = f"http://127.0.0.1:{closed_soon.getsockname()[1]}"
    told: list[str] = []
    embedded = EmbeddedBroker(tmp_path / "kafka", on_progress=told.append, repositories={"nowhere": nowhere},
                              maven_cache=tmp_path / "maven", jar_cache=tmp_path / "jars")
    with pytest.raises(Misconfigured) as refusal:
        embedded.start()
    sentence = str(refusal.value)
    assert f"could not be downloaded from {nowhere}" in sentence
    assert "AUDIENCE_BROKER" in sentence
    assert "--broker" in sentence
    assert told == ["fetching Apache Kafka (45 MB, the first time only)"]


def test_says_how_to_install_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jgo", None)
    with pytest.raises(Misconfigured, match=r"jgo is missing.*pip install 'audience-streams\[demo\]'"):
        fetch_kafka(on_progress=print)


def create_topic(address: str, name: str) -> str:
    name = f"{name}-{time.monotonic_ns()}"
    admin = AdminClient({"bootstrap.servers": address})
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(10)
    return name


def write(address: str, topic: str, value: str) -> None:
    producer = Producer({"bootstrap.servers": address, "acks": "all"})
    producer.produce(topic, value)
    assert producer.flush(10) == 0


def read(address: str, topic: str, *, expected: int) -> list[str]:
    """All committed records once `expected` of them came; longer than that only if Kafka has more."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": topic, "auto.offset.reset": "earliest",
                         "isolation.level": "read_committed", "enable.partition.eof": False})
    consumer.subscribe([topic])
    values: list[str] = []

    def enough() -> bool:
        for message in consumer.consume(100, 0.5):
            assert not message.error()
            values.append((message.value() or b"").decode())
        return len(values) >= expected

    try:
        wait_until(enough, within=30, what=f"{expected} records of {topic}")
        return values
    finally:
        consumer.close()


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_new_cluster_id_is_never_taken_for_an_option(tmp_path: Path) -> None:
    folder = BrokerFolder(tmp_path)
    found = {folder.cluster_id() for _ in range(1_000)}
    assert len(found) == 1_000
    assert not [each for each in found if each.startswith("-") or len(each) != 22]
