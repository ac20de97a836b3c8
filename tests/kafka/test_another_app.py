"""Another AUDIENCE_APP on the same topics: what every message says that tells somebody to begin anew."""
from __future__ import annotations

from pathlib import Path

import pytest

from streams.task.views import view
from tests.kafka.conftest import Broker
from tests.kafka.crowd import Sender, restored, wait_until_handled
from tests.kafka.deployment import Deployment
from tests.kafka.faults import makes_progress
from tests.properties.crowds import Crowd, World


@pytest.mark.timeout(240)
def test_l1_another_app_rebuilds_from_the_source_topics_and_reads_no_commands_of_the_former(
    broker: Broker, tmp_path: Path,
) -> None:
    """It took them for its own: hand-overs of profiles that it did not have, and then a unit of work that never ended."""
    with Deployment(broker.address, tmp_path / "former", AUDIENCE_APP="former") as former:
        crowd = Crowd(7, World())
        sender = Sender(former, crowd)
        worker = former.worker("one")
        worker.start()
        makes_progress(former)
        sender.send(600, 300)
        wait_until_handled(former)
        assert worker.stop() == 0
        accepted = {step["messageId"] for step in crowd.history if "messageId" in step}
        prefix = former.variables["AUDIENCE_PREFIX"]
        with Deployment(broker.address, tmp_path / "later", AUDIENCE_APP="later", AUDIENCE_PREFIX=prefix) as later:
            for name in ("two", "three"):
                later.worker(name).start()
            wait_until_handled(later)
            assert events(later) == events(former) == len(accepted)


def events(deployment: Deployment) -> int:
    """Counted over all profiles."""
    pipeline = restored(deployment)
    return sum(int(str(view(pipeline.plan, profile, pipeline.now)["events"])) for profile in pipeline.profiles())
