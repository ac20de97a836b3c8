"""What is seen of the pipeline from outside."""
from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.runtime.exits import Exit, Stop
from streams.runtime.outside.observer import ALL_INPUTS, lag
from streams.runtime.outside.reading import committed
from streams.runtime.settings import Settings
from streams.runtime.work.kafka_log import KafkaLog
from streams.unit import Change
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment

FACTORY = "tests.kafka.counting:factory"


def told(settings: Settings) -> int:
    """The lag, once the broker leads all partitions of topics that it has just created."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return lag(settings)
        except KafkaException:
            assert time.monotonic() < deadline


def test_the_lag_is_told_while_a_transaction_is_open(broker: Broker, tmp_path: Path) -> None:
    with Deployment(broker.address, tmp_path, FACTORY) as deployment:
        settings, names = deployment.settings, deployment.names
        hits = names.on_cluster("events.hits")
        sending = Producer({"bootstrap.servers": broker.address, "log_level": 0})
        for number in range(7):
            sending.produce(hits, b"{}", b"cookie:%d" % number, partition=0)
        assert sending.flush(30) == 0
        assert told(settings) == 7
        log = KafkaLog(settings, 0)
        log.fence()
        log.begin()
        log._producer.send_offsets_to_transaction(
            [TopicPartition(hits, 0, 5)], log.reader.consumer_group_metadata(), 10)
        assert lag(settings) == 7
        log._producer.commit_transaction(10)
        assert lag(settings) == 2
        sending.produce(names.on_cluster("commands"), b"{}", b"cookie:7", partition=0)
        assert sending.flush(30) == 0
        assert lag(settings) == 2
        assert lag(settings, ALL_INPUTS) == 3
        log.close()


class Noting:
    """A producer that notes how many of its records are still under way when the offsets are sent."""

    def __init__(self, producer: Producer) -> None:
        self._producer, self.under_way = producer, -1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)

    def send_offsets_to_transaction(self, *told: Any) -> None:
        self.under_way = len(self._producer)
        self._producer.send_offsets_to_transaction(*told)


def test_offsets_are_held_back_only_while_a_transaction_ends(broker: Broker, tmp_path: Path) -> None:
    """While they are pending, whoever reads the group's committed offsets waits."""
    with Deployment(broker.address, tmp_path, FACTORY) as deployment:
        assert told(deployment.settings) == 0
        log = KafkaLog(deployment.settings, 0)
        log.fence()
        log.begin()
        noting = log._producer = Noting(log._producer)  # type: ignore[assignment]
        log.produce([Change("meta", b"%d" % number, b"value" * 100) for number in range(20_000)], [])
        log.commit({"events.hits": 0}, 0)
        assert noting.under_way == 0
        log.close()


@pytest.mark.parametrize("number", range(5))
def test_who_was_fenced_meanwhile_learns_it_however_many_records_are_under_way(
    broker: Broker, tmp_path: Path, number: int,
) -> None:
    with Deployment(broker.address, tmp_path, FACTORY) as deployment:
        assert told(deployment.settings) == 0
        former, heir = KafkaLog(deployment.settings, 0), KafkaLog(deployment.settings, 0)
        former.fence()
        former.begin()
        heir.fence()
        former.produce([Change("meta", b"%d" % each, b"value") for each in range(10 ** number)], [])
        with pytest.raises(Stop) as ended:
            former.commit({"events.hits": 0}, 0)
        assert ended.value.code is Exit.FENCED
        former.close()
        heir.close()


def test_what_retention_has_left_is_read(broker: Broker, tmp_path: Path) -> None:
    """The dead letters and the decisions of a deployment that is older than they are kept."""
    with Deployment(broker.address, tmp_path, FACTORY) as deployment:
        topic = deployment.names.on_cluster("dead-letters")
        sending = Producer({"bootstrap.servers": broker.address, "log_level": 0})
        for number in range(5):
            sending.produce(topic, b"%d" % number, partition=0)
        assert sending.flush(30) == 0
        admin = AdminClient({"bootstrap.servers": broker.address, "log_level": 0})
        admin.delete_records([TopicPartition(topic, 0, 3)])[TopicPartition(topic, 0)].result(30)
        assert [message.value() for message in committed(deployment.settings, topic, [0])] == [b"3", b"4"]
