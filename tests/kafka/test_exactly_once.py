"""Law L8 for the runtime: whatever is killed, state, changelog and topics are those of an undisturbed run."""
from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from streams.runtime.broker.embedded import EmbeddedBroker
from streams.runtime.exits import Exit
from streams.runtime.work.fetch import DEEP_RECORDS
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment, wait_until
from tests.kafka.faults import FaultPlan, Supervised, apply_kills, makes_progress
from tests.kafka.shop import Shop, assert_exact, assert_settles

FACTORY = "tests.kafka.counting:factory"
EVENTS = 20_000
SEED = int(os.environ.get("FAULT_SEED", "0")) or int(time.time())


@pytest.mark.timeout(180)
def test_l8_six_kills_half_with_lost_disks(broker: Broker, tmp_path: Path) -> None:
    plan = FaultPlan(SEED)
    with Deployment(broker.address, tmp_path, FACTORY, AUDIENCE_INSTANCE="one") as deployment:
        shop = opened(deployment)
        worker = deployment.worker("one")
        worker.start()
        apply_kills(deployment, worker, plan.kills(6))
        shop.close(at_least=EVENTS)
        assert_exact(deployment, shop.answer)


@pytest.mark.timeout(180)
def test_l8_one_two_three_one_workers(broker: Broker, tmp_path: Path) -> None:
    with Deployment(broker.address, tmp_path, FACTORY) as deployment:
        shop = opened(deployment)
        workers = [deployment.worker(name) for name in ("one", "two", "three")]
        for worker in workers:
            worker.start()
            wait_until(lambda: all(each.said("Tasks") for each in workers if each.is_running), within=40, what="joined")
            makes_progress(deployment)
        assert [worker.stop() for worker in workers[:2]] == [0, 0]
        makes_progress(deployment)
        shop.close(at_least=EVENTS)
        assert_exact(deployment, shop.answer)


@pytest.mark.timeout(180)
def test_l8_a_worker_paused_beyond_its_session_cannot_commit(broker: Broker, tmp_path: Path) -> None:
    with Deployment(broker.address, tmp_path, FACTORY) as deployment:
        shop = opened(deployment)
        zombie, heir = deployment.worker("zombie"), deployment.worker("heir")
        zombie.start()
        makes_progress(deployment)
        zombie.pause()
        heir.start()
        wait_until(lambda: heir.said("Tasks [0, 1, 2, 3]"), within=40, what="the heir takes everything over")
        makes_progress(deployment)
        zombie.go_on()
        makes_progress(deployment)
        shop.close(at_least=EVENTS)
        assert_exact(deployment, shop.answer)
        assert zombie.exit_code in (Exit.FENCED, Exit.DONE)


@pytest.mark.timeout(300)
def test_l8_a_broker_that_is_killed_and_comes_back(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    with Deployment(own_broker.address, tmp_path, FACTORY) as deployment:
        shop = opened(deployment)
        worker = deployment.worker("one")
        worker.start()
        with Supervised(worker) as supervised:
            makes_progress(deployment)
            own_broker.kill()
            own_broker.start()
            makes_progress(deployment)
            own_broker.stop()
            own_broker.start()
            makes_progress(deployment)
            shop.close(at_least=EVENTS)
            assert_settles(deployment, shop.answer, within=120)
            print("ends", supervised.ends)
        assert_exact(deployment, shop.answer)


@pytest.mark.timeout(120)
def test_a_backlog_deeper_than_what_may_wait_is_handled_although_inputs_pause(broker: Broker, tmp_path: Path) -> None:
    """The merge may wait for one input while another is full: that one alone must pause, or nothing moves again."""
    with Deployment(broker.address, tmp_path, FACTORY, AUDIENCE_PARTITIONS="1") as deployment:
        shop = Shop(deployment, SEED)
        shop.send(5 * DEEP_RECORDS)
        deployment.worker("one").start()
        assert_exact(deployment, shop.answer)


def opened(deployment: Deployment) -> Shop:
    """A shop that sells until it is closed, topics created."""
    shop = Shop(deployment, SEED)
    shop.open(rate=1_000)
    return shop
