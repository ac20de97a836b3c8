"""Law L8 on three brokers: leaders and coordinators move while workers work, and are killed beside them."""
from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from streams.runtime.exits import Exit
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.offsets import GroupOffsets
from streams.runtime.outside.observer import ALL_INPUTS, lag
from streams.runtime.settings import Settings
from tests.kafka import shop_oracle
from tests.kafka.cluster import Cluster
from tests.kafka.deployment import Deployment, Worker, wait_until
from tests.kafka.faults import FaultPlan, Supervised, makes_progress
from tests.kafka.shop import assert_exact, assert_settles
from tests.kafka.test_exactly_once import EVENTS, FACTORY, opened

SEED = int(os.environ.get("FAULT_SEED", "0")) or int(time.time())
REPLICATED = {"AUDIENCE_REPLICATION": "3"}
pytestmark = pytest.mark.nightly


@pytest.mark.timeout(400)
def test_l8_three_brokers_end_in_turn_and_workers_beside_them(cluster: Cluster, tmp_path: Path) -> None:
    with Deployment(cluster.address, tmp_path, FACTORY, **REPLICATED) as deployment:
        shop = opened(deployment)
        workers = [deployment.worker(name) for name in ("one", "two")]
        with Supervised(*workers) as supervised:
            hurt(cluster, deployment, workers, FaultPlan(SEED))
            shop.close(at_least=EVENTS)
            assert_settles(deployment, shop.answer, within=120)
            print("ends", supervised.ends)
            assert_nobody_waited_in_vain(supervised)
        assert_exact(deployment, shop.answer)


@pytest.mark.timeout(500)
def test_l8_the_whole_pipeline_on_three_brokers(cluster: Cluster, tmp_path: Path) -> None:
    with (
        Deployment(cluster.address, tmp_path, **REPLICATED) as deployment,
        shop_oracle.RealShop(deployment, events=10_000, seed=SEED, seconds=100) as shop,
        shop_oracle.Seeing(deployment) as seeing,
    ):
        workers = [deployment.worker(name) for name in ("one", "two")]
        with Supervised(*workers) as supervised:
            hurt(cluster, deployment, workers, FaultPlan(SEED))
            shop.close()
            wait_until(lambda: lag(deployment.settings, ALL_INPUTS) == 0, within=120, what="every event is handled")
            print("ends", supervised.ends)
            assert_nobody_waited_in_vain(supervised)
        shop_oracle.assert_exact(deployment, shop, seeing)


def assert_nobody_waited_in_vain(supervised: Supervised) -> None:
    """librdkafka waits for the former coordinator of a group for ever, unless its connections come and go."""
    assert Exit.STUCK not in [code for _, code in supervised.ends]


@pytest.mark.timeout(200)
def test_who_asks_what_a_group_committed_outlives_its_coordinator(cluster: Cluster, tmp_path: Path) -> None:
    """An AdminClient that asks it ends with SIGSEGV: hence a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    with Deployment(cluster.address, tmp_path, FACTORY, **REPLICATED) as deployment:
        is_done, answers = spawn.Event(), spawn.Value("i", 0)
        asking = spawn.Process(target=ask, args=(deployment.variables, is_done, answers))
        asking.start()
        for node in cluster.nodes:
            gets_answers(asking, answers)
            node.stop()
            gets_answers(asking, answers)
            node.start()
            cluster.wait_until_in_sync()
        is_done.set()
        asking.join(30)
    assert asking.exitcode == 0


def ask(variables: dict[str, str], is_done: Event, answers: Any) -> None:
    settings = Settings.read(variables)
    names = Names(settings)
    offsets = GroupOffsets(settings, names.group)
    while not is_done.wait(0.002):
        answers.value += offsets.now([TopicPartition(names.on_cluster("events.hits"), 0)]) is not None


def gets_answers(asking: BaseProcess, answers: Any) -> None:
    before = answers.value
    wait_until(lambda: answers.value > before + 100 or not asking.is_alive(), within=30, what="it is answered")


def hurt(cluster: Cluster, deployment: Deployment, workers: list[Worker], plan: FaultPlan) -> None:
    """Two brokers are killed, each with a worker, one of which loses its disk; between them one is shut down."""
    for worker in workers:
        worker.start()
    victims = iter(workers)
    for node, is_killed in zip(plan.random.sample(cluster.nodes, 3), (True, False, True), strict=True):
        makes_progress(deployment)
        time.sleep(plan.random.uniform(0, 1.2))
        if is_killed:
            node.kill()
            worker = next(victims)
            worker.kill()
            if worker is workers[0]:
                worker.lose_state()
        else:
            node.stop()
        makes_progress(deployment)
        node.start()
        cluster.wait_until_in_sync()
