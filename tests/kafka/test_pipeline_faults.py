"""Law L8 for the whole pipeline, and L1, L4, L5, L9 with it: the simulated shop's own answer, whatever is killed."""
from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from streams.runtime.broker.embedded import EmbeddedBroker
from streams.runtime.clock import wall_ms
from streams.runtime.exits import Exit
from streams.runtime.outside.observer import ALL_INPUTS, lag
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment, Worker, wait_until
from tests.kafka.faults import FaultPlan, Supervised, makes_progress
from tests.kafka.shop_oracle import RealShop, Seeing, assert_exact
from tests.kafka.uninterrupted import left_with_reason_to_stay, told_without_cause

SEED = int(os.environ.get("FAULT_SEED", "0")) or int(time.time())


@pytest.mark.timeout(240)
def test_l8_twenty_thousand_events_and_six_kills(broker: Broker, tmp_path: Path) -> None:
    plan = FaultPlan(SEED)
    with (
        Deployment(broker.address, tmp_path) as deployment,
        RealShop(deployment, events=20_000, seed=SEED, seconds=60) as shop, Seeing(deployment) as seeing,
    ):
        workers = [deployment.worker(name, AUDIENCE_INSTANCE=name) for name in ("one", "two")]
        for worker in workers:
            worker.start()
        kill_at_random(deployment, workers, plan)
        assert_exact(deployment, shop, seeing)


@pytest.mark.timeout(240)
def test_l8_rebalances_a_zombie_and_a_broker_restart(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    with (
        Deployment(own_broker.address, tmp_path) as deployment,
        RealShop(deployment, events=10_000, seed=SEED, seconds=55) as shop, Seeing(deployment) as seeing,
    ):
        one, two, three = (deployment.worker(name) for name in ("one", "two", "three"))
        one.start()
        makes_progress(deployment)
        two.start()
        three.start()
        wait_until(lambda: two.said("Tasks") and three.said("Tasks"), within=40, what="three workers share")
        makes_progress(deployment)
        assert [two.stop(), three.stop()] == [0, 0]
        makes_progress(deployment)
        one.pause()
        two.start()
        wait_until(lambda: two.said("Tasks [0, 1, 2, 3]"), within=40, what="the heir takes everything over")
        one.go_on()
        makes_progress(deployment)
        with Supervised(two):
            own_broker.kill()
            own_broker.start()
            makes_progress(deployment)
            assert_zombie_is_no_more_than_a_member(one)
            shop.close()
            wait_until(lambda: lag(deployment.settings, ALL_INPUTS) == 0, within=90, what="every event is handled")
        assert_exact(deployment, shop, seeing)


@pytest.mark.nightly
@pytest.mark.timeout(240)
def test_l8_events_that_waited_out_their_windows_make_nobody_leave(broker: Broker, tmp_path: Path) -> None:
    with (
        Deployment(broker.address, tmp_path) as deployment,
        RealShop(deployment, events=4_000, seed=SEED, seconds=36, presses_button=False) as shop,
        Seeing(deployment) as seeing,
    ):
        worker = deployment.worker("one", AUDIENCE_INSTANCE="one")
        worker.start()
        makes_progress(deployment)
        worker.kill()
        down_at = shop.started + 33_000
        wait_until(lambda: wall_ms() > down_at, within=45, what="windows of 15 to 30 s pass while nobody works")
        worker.start()
        shop.close()
        wait_until(lambda: lag(deployment.settings, ALL_INPUTS) == 0, within=90, what="every event is handled")
        seeing.wait_until_quiet(1)
        assert left_with_reason_to_stay(shop, seeing) == []
        assert told_without_cause(shop, seeing) == []
        assert_exact(deployment, shop, seeing)


def kill_at_random(deployment: Deployment, workers: list[Worker], plan: FaultPlan) -> None:
    """Six kills of either worker, half of them with its state deleted."""
    for kill in plan.kills(6):
        makes_progress(deployment)
        time.sleep(kill.after)
        worker = plan.random.choice(workers)
        worker.kill()
        if kill.loses_state:
            worker.lose_state()
        worker.start()


def assert_zombie_is_no_more_than_a_member(zombie: Worker) -> None:
    """It noticed while it still had nothing open, or it was fenced."""
    assert zombie.is_running or zombie.exit_code in (Exit.FENCED, Exit.STUCK, Exit.BROKER)
