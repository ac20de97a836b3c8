"""A crowd sent to a deployment as it comes, and what the deployment's state must be when all is handled."""
from __future__ import annotations

import json
from typing import Any

from streams.core.outputs import IdentityChanged
from streams.runtime.clock import wall_ms
from streams.runtime.kafka.registry import codec_of
from streams.runtime.outside.definitions_log import edit
from streams.runtime.outside.observer import ALL_INPUTS, lag
from streams.runtime.outside.privacy_requests import record
from streams.runtime.outside.state_reader import read_state
from streams.runtime.outside.upstream import Upstream, address
from streams.runtime.processor import task_factory
from streams.task import Task
from streams.task.publishing import revise
from streams.task.requesting import request
from streams.testing import Pipeline
from tests.kafka.deployment import Deployment, wait_until
from tests.kafka.noting import notes
from tests.kafka.shop_oracle import Seeing, assert_state_is_changelog, not_by_turns
from tests.oracle.ledger import Ledger
from tests.pacing import paced
from tests.properties.agreement import check_agreement
from tests.properties.crowds import RULES, Crowd
from tests.properties.identities import obey
from tests.properties.retracing import retrace
from tests.strategies import SEGMENTS

Message = dict[str, Any]


class Sender:
    """Puts a crowd's messages and requests on a deployment's topics, once its definitions are there."""

    def __init__(self, deployment: Deployment, crowd: Crowd) -> None:
        self._deployment, self._crowd = deployment, crowd
        self._codec = codec_of(deployment.settings)
        edit(deployment.settings, lambda found: revise(found.heads, SEGMENTS | RULES))

    def send(self, count: int, a_second: int) -> None:
        """Returns when they are on the broker. Paced, so that messages meet decisions under way."""
        with Upstream(self._deployment.settings) as upstream:
            for _ in paced(a_second, count):
                for step in self._crowd.steps(wall_ms()):
                    self._send(upstream, step)

    def _send(self, upstream: Upstream, step: Message) -> None:
        if step["type"] == "split":
            upstream.send(*record(self._codec, request(
                "split", step["identifier"], request_id=f"split-{len(self._crowd.history)}", source="t",
                at=step["receivedAt"], split_off=step["split_off"])))
            return
        topic, key = address(upstream.intake, step)
        upstream.send(topic, None if key is None else key.encode(), json.dumps(step).encode())


def wait_until_handled(deployment: Deployment) -> None:
    """Commands too."""
    wait_until(lambda: lag(deployment.settings, ALL_INPUTS) == 0, within=90, what="all is handled")


def assert_exact(deployment: Deployment, crowd: Crowd, seeing: Seeing) -> None:
    """Laws L1, L3, L4, L5 and L8: the ledger, fed in the order of the decisions, says of everybody what the changelog does.
    Everything has been handled."""
    seeing.wait_until_quiet(1)
    pipeline = restored(deployment)
    ledger = Ledger()
    obey(ledger, RULES)
    retrace(ledger, notes(pipeline.stores), pipeline, crowd.history)
    lines = [IdentityChanged(**line) for line in seeing.rows["identity.changes"]]
    changes = {line.change for line in lines}
    assert {"attached", "merged", "moved", "refused", "split"} == changes, changes
    check_agreement(pipeline, ledger, lines, crowd.history, RULES)
    assert not_by_turns(seeing.rows["audiences.changes"], ("profile_id", "segment_id")) == []
    assert seeing.rows["dead-letters"] == []
    for worker in deployment.workers:
        assert not worker.is_running or worker.stop() == 0
    assert_state_is_changelog(deployment)


def restored(deployment: Deployment) -> Pipeline:
    """The tasks as they stand on Kafka."""
    settings = deployment.settings
    pipeline = Pipeline(None, settings.partitions, wall_ms())
    pipeline.stores = [read_state(settings, partition) for partition in range(settings.partitions)]
    make = task_factory(settings)
    tasks = [make(partition, settings.partitions, store) for partition, store in enumerate(pipeline.stores)]
    pipeline.tasks = [task for task in tasks if isinstance(task, Task)]
    return pipeline
