"""What a worker does when the world is not as it should be: a clear end, a code of its own, nothing lost."""
from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from streams.core.errors import Misconfigured
from streams.runtime.clock import wall_ms
from streams.runtime.exits import Exit
from streams.runtime.kafka.declared import declared_topics
from streams.runtime.kafka.topics import check_topics, ensure_topics
from streams.runtime.state.claim import claim
from streams.runtime.state.memory import Memory
from streams.runtime.state.store import VERSION_KEY, TaskStore
from streams.unit import Change
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment, wait_until
from tests.kafka.faults import makes_progress
from tests.kafka.shop import POISON, Shop, assert_exact

FACTORY = "tests.kafka.counting:factory"
ENDS_WITHIN = 60


def without_broker(folder: Path) -> Deployment:
    return Deployment("127.0.0.1:9", folder, FACTORY, has_topics=False)


def test_too_many_dead_letters_in_a_row_end_the_worker_after_committing_them(broker: Broker, tmp_path: Path) -> None:
    with Deployment(broker.address, tmp_path, FACTORY, AUDIENCE_DEAD_LETTER_RUN="20") as deployment:
        shop = Shop(deployment, seed=1)
        shop.poison_only = True
        shop.send(400)
        worker = deployment.worker("one")
        worker.start()
        assert worker.wait(ENDS_WITHIN) == Exit.DEAD_LETTERS
        assert worker.said("Too many records were refused") and worker.said("AUDIENCE_DEAD_LETTER_RUN")
        assert not worker.said(POISON.decode())
        shop.poison_only = False
        shop.send(500)
        worker = deployment.worker("two", AUDIENCE_DEAD_LETTER_RUN="0")
        worker.start()
        assert_exact(deployment, shop.answer)


def test_a_disk_that_is_full_ends_the_worker_and_the_next_start_replays_what_was_committed(
    broker: Broker, tmp_path: Path,
) -> None:
    with Deployment(broker.address, tmp_path, FACTORY, AUDIENCE_INSTANCE="one") as deployment:
        shop = Shop(deployment, seed=1)
        shop.open(rate=2_000)
        worker = deployment.worker("one")
        worker.start(largest_file=50_000)
        assert worker.wait(ENDS_WITHIN) == Exit.DISK
        assert worker.said("Is the disk full?")
        shop.close()
        worker.start()
        assert_exact(deployment, shop.answer)


@pytest.mark.parametrize("loses_state", [False, True])
def test_state_of_a_newer_version_is_refused_with_what_to_do(
    broker: Broker, tmp_path: Path, *, loses_state: bool,
) -> None:
    with Deployment(broker.address, tmp_path, FACTORY, AUDIENCE_INSTANCE="one") as deployment:
        shop = Shop(deployment, seed=1)
        shop.open(rate=500)
        worker = deployment.worker("one")
        worker.start()
        makes_progress(deployment)
        shop.close()
        worker.stop()
        if loses_state:
            _log_newer_version(deployment)
            worker.lose_state()
        else:
            _store_newer_version(worker.data)
        worker.start()
        assert worker.wait(ENDS_WITHIN) == Exit.STATE
        assert worker.said("The state has version 99") and worker.said("Start that version again")


def test_l8_state_whose_offsets_kafka_has_forgotten_is_refused(broker: Broker, tmp_path: Path) -> None:
    """It does so a week after the last worker has left. What the topics still had was counted a second time."""
    with Deployment(broker.address, tmp_path, FACTORY, AUDIENCE_INSTANCE="one") as deployment:
        shop = Shop(deployment, seed=1)
        shop.send(200)
        worker = deployment.worker("one")
        worker.start()
        assert_exact(deployment, shop.answer)
        worker.stop()
        admin, group = AdminClient({"bootstrap.servers": broker.address, "log_level": 0}), deployment.names.group
        wait_until(lambda: admin.delete_consumer_groups([group])[group].exception() is None, within=30, what="it is empty")
        worker.start()
        assert worker.wait(ENDS_WITHIN) == Exit.STATE
        assert worker.said(f"has state, and group {group} no offsets") and worker.said("offsets.retention.minutes")


@pytest.mark.parametrize("deleted", ["changelog", "commands"])
def test_l8_a_topic_of_the_pipelines_own_that_was_deleted_is_not_made_anew(
    broker: Broker, tmp_path: Path, deleted: str,
) -> None:
    """A worker that had lost its disk too went on from the group's offsets with a state in which nothing was; and nobody
    missed what tasks had told one another."""
    with Deployment(broker.address, tmp_path, FACTORY, AUDIENCE_INSTANCE="one") as deployment:
        Shop(deployment, seed=1).send(200)
        worker = deployment.worker("one")
        worker.start()
        makes_progress(deployment)
        worker.stop()
        worker.lose_state()
        topic = deployment.names.changelog if deleted == "changelog" else deployment.names.on_cluster(deleted)
        admin = AdminClient({"bootstrap.servers": broker.address, "log_level": 0})
        admin.delete_topics([topic])[topic].result(10)
        for _ in range(2):
            worker.start()
            assert worker.wait(ENDS_WITHIN) == Exit.MISCONFIGURED
        assert worker.said(f"group {deployment.names.group} has offsets that go with them: {topic}. They were deleted")


def test_another_profile_key_is_refused_and_the_former_goes_on(broker: Broker, tmp_path: Path) -> None:
    """Everybody got another public id, and their lines of `audiences.changes` began anew under it."""
    with Deployment(broker.address, tmp_path, FACTORY, AUDIENCE_INSTANCE="one", AUDIENCE_PROFILE_KEY="one") as deployment:
        shop = Shop(deployment, seed=1)
        shop.send(200)
        worker = deployment.worker("one")
        worker.start()
        makes_progress(deployment)
        worker.kill()
        other = deployment.worker("other", AUDIENCE_PROFILE_KEY="two")
        other.start()
        assert other.wait(ENDS_WITHIN) == Exit.MISCONFIGURED
        assert other.said("AUDIENCE_PROFILE_KEY is not the one")
        shop.send(200)
        worker.start()
        assert_exact(deployment, shop.answer)


def test_a_folder_put_back_as_that_of_another_task_is_rebuilt(broker: Broker, tmp_path: Path) -> None:
    with Deployment(broker.address, tmp_path, FACTORY, AUDIENCE_INSTANCE="one", AUDIENCE_PARTITIONS="2") as deployment:
        shop = Shop(deployment, seed=1)
        shop.send(2_000)
        worker = deployment.worker("one")
        worker.start()
        assert_exact(deployment, shop.answer)
        first, second = sorted((worker.data / "state").glob("*-?"))
        first.rename(tmp_path / "first")
        second.rename(first)
        (tmp_path / "first").rename(second)
        worker.start()
        shop.send(2_000)
        assert_exact(deployment, shop.answer)
        assert worker.said("is of another task: discarded and rebuilt")


def test_topics_of_another_partition_count_are_refused_together(broker: Broker, tmp_path: Path) -> None:
    with Deployment(broker.address, tmp_path, FACTORY) as deployment:
        with pytest.raises(Misconfigured, match=r"Topics with 4 partitions, expected 3: .*events.hits, .*commands"):
            check_topics(replace(deployment.settings, partitions=3))
        worker = deployment.worker("one", AUDIENCE_PARTITIONS="3")
        worker.start()
        assert worker.wait(ENDS_WITHIN) == Exit.MISCONFIGURED
        assert worker.said("set AUDIENCE_PARTITIONS=4")


def test_a_wrong_partition_count_creates_no_topic_beside_the_others(broker: Broker, tmp_path: Path) -> None:
    with Deployment(broker.address, tmp_path, FACTORY, has_topics=False) as deployment:
        settings = deployment.settings
        created = ensure_topics(settings)
        assert set(created) == {topic.name for topic in declared_topics(settings)}
        assert ensure_topics(settings) == ()
        renamed = replace(settings, app="other", partitions=3)
        with pytest.raises(Misconfigured):
            ensure_topics(renamed)
        with pytest.raises(Misconfigured, match=r"Missing topics: .*other-state-changelog"):
            check_topics(replace(settings, app="other"))


def test_a_folder_that_cannot_be_made_ends_the_worker(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with without_broker(tmp_path) as deployment:
        worker = deployment.worker("one", AUDIENCE_DATA=str(tmp_path / "file"))
        worker.start()
        assert worker.wait(ENDS_WITHIN) == Exit.MISCONFIGURED
        assert worker.said(f"AUDIENCE_DATA={tmp_path}/file: File exists")


def test_a_folder_that_another_worker_uses_ends_the_worker_before_it_joins_the_others(tmp_path: Path) -> None:
    with without_broker(tmp_path) as deployment:
        settings = replace(deployment.settings, data=tmp_path / "shared")
        worker = deployment.worker("one", AUDIENCE_DATA=str(settings.data))
        with claim(settings):
            worker.start()
            assert worker.wait(ENDS_WITHIN) == Exit.MISCONFIGURED
        assert worker.said(f"AUDIENCE_DATA={settings.data}: a worker is using it; each needs a folder of its own")
        assert not worker.said("waiting for a Kafka broker")


def test_a_port_that_is_taken_ends_the_worker_before_it_joins_the_others(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, without_broker(tmp_path) as deployment:
        port = other.getsockname()[1]
        worker = deployment.worker("one", AUDIENCE_WEB_PORT=str(port))
        worker.start()
        assert worker.wait(ENDS_WITHIN) == Exit.MISCONFIGURED
        assert worker.said(f"AUDIENCE_WEB_PORT={port}: Address already in use")
        assert not worker.said("waiting for a Kafka broker")


def _store_newer_version(data: Path) -> None:
    for folder in (data / "state").iterdir():
        store = TaskStore(folder, Memory(32), wall=wall_ms())
        store.write([Change("meta", VERSION_KEY, bytes([99]))], store.position, wall_ms())
        store.close()


def _log_newer_version(deployment: Deployment) -> None:
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": deployment.settings.broker})
    for partition in range(deployment.settings.partitions):
        producer.produce(deployment.names.changelog, bytes([99]), b"m" + VERSION_KEY, partition=partition)
    assert producer.flush(10) == 0
