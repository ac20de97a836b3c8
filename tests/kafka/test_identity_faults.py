"""Identity on Kafka against the ledger: people merge, move between devices and are split while workers are killed.

Three kills hit a hand-over in its middle: the old owner's worker while it gives a whole profile, while it cuts a device out
of one, and the new owner's while it adopts. The long run adds kills at random, half of them with the state lost.
"""
from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.kafka.conftest import Broker
from tests.kafka.crowd import Sender, assert_exact, wait_until_handled
from tests.kafka.deployment import Deployment, wait_until
from tests.kafka.faults import FaultPlan, Supervised
from tests.kafka.shop_oracle import Seeing
from tests.properties.crowds import Crowd, World

SEED = int(os.environ.get("FAULT_SEED", "0")) or int(time.time())
NOTING = "tests.kafka.noting:task_factory"
DEATHS = {"release": 5, "cut": 4, "adopt": 12}


def play(broker: Broker, folder: Path, *, events: int, a_second: int, kills: int) -> None:
    plan = FaultPlan(SEED)
    dies = {"DIES_AT": ",".join(f"{name}:{call}" for name, call in DEATHS.items()), "DIES_IN": str(folder)}
    with Deployment(broker.address, folder, NOTING) as deployment, Seeing(deployment) as seeing:
        crowd = Crowd(SEED, World())
        sender = Sender(deployment, crowd)
        workers = [deployment.worker(name, AUDIENCE_INSTANCE=name, **dies) for name in ("one", "two")]
        for worker in workers:
            worker.start()
        with Supervised(*workers):
            for kill in plan.kills(kills):
                sender.send(events // (kills + 1), a_second)
                worker = plan.random.choice(workers)
                worker.kill()
                if kill.loses_state:
                    worker.lose_state()
            sender.send(events // (kills + 1), a_second)
            wait_until(lambda: all((folder / f"died-{name}").exists() for name in DEATHS), within=60, what="all have died")
            wait_until_handled(deployment)
        assert_exact(deployment, crowd, seeing)


@pytest.mark.timeout(240)
def test_l3_l8_people_are_the_ledgers_though_owners_die_in_the_middle_of_a_hand_over(broker: Broker, tmp_path: Path) -> None:
    play(broker, tmp_path, events=1_200, a_second=200, kills=0)


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_l3_l8_for_long(broker: Broker, tmp_path: Path) -> None:
    play(broker, tmp_path, events=20_000, a_second=120, kills=6)
