"""Workers with a permanent name (AUDIENCE_INSTANCE): what may change about one between two starts, and two of one name."""
from __future__ import annotations

from pathlib import Path

import pytest

from streams.runtime.exits import Exit
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment, wait_until
from tests.kafka.faults import makes_progress
from tests.kafka.shop import Shop, assert_exact

FACTORY = "tests.kafka.counting:factory"


@pytest.mark.timeout(120)
def test_a_worker_that_comes_back_at_another_address_within_its_session_goes_on(broker: Broker, tmp_path: Path) -> None:
    """The group gives it the assignment it had, which names its former address: it stood there without a task."""
    with Deployment(broker.address, tmp_path, FACTORY, AUDIENCE_INSTANCE="one", AUDIENCE_SESSION_TIMEOUT="60") as deployment:
        shop = Shop(deployment, seed=1)
        shop.open(rate=500)
        worker = deployment.worker("one")
        worker.start()
        makes_progress(deployment)
        worker.kill()
        elsewhere = deployment.worker("one")
        assert elsewhere.port != worker.port and elsewhere.data == worker.data
        elsewhere.start()
        makes_progress(deployment, within=20)
        shop.close()
        assert_exact(deployment, shop.answer)


@pytest.mark.parametrize("are_at_once", [True, False])
@pytest.mark.timeout(120)
def test_of_two_workers_of_one_name_one_ends_and_says_why_though_it_has_no_task(
    broker: Broker, tmp_path: Path, *, are_at_once: bool,
) -> None:
    """They took each other's place every second; at once, one of them was refused and stood there. Nobody was told."""
    with Deployment(broker.address, tmp_path, FACTORY, AUDIENCE_PARTITIONS="1") as deployment:
        shop = Shop(deployment, seed=1)
        shop.open(rate=500)
        one, *twins = (
            deployment.worker(name, AUDIENCE_INSTANCE=instance)
            for name, instance in (("one", "one"), ("former", "two"), ("later", "two")))
        one.start()
        makes_progress(deployment)
        for twin in twins:
            twin.start()
            wait_until(lambda twin=twin: are_at_once or twin.said("Tasks ["), within=40, what="it is a member")
        wait_until(lambda: any(twin.exit_code is not None for twin in twins), within=40, what="one of them has ended")
        [ended] = [twin for twin in twins if twin.exit_code is not None]
        assert ended.exit_code in (Exit.FENCED, Exit.BROKER) and ended.said("the same AUDIENCE_INSTANCE")
        makes_progress(deployment)
        shop.close()
        assert_exact(deployment, shop.answer)
