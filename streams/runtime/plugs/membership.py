"""aiokafka for the consumer group alone: it joins, sends heartbeats and gets the assignment, but fetches nothing.

The one place that touches private names of a library. aiokafka cannot be a member without fetching, and its fetcher would
reset positions and read every record a second time. Nor does it say that its membership is over: the worker would stay
alive without tasks. `test_membership.py` checks both against the pinned version.
"""
from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import copy
from typing import Any, cast

import aiokafka
from faust.assignor.client_assignment import ClientMetadata
from faust.assignor.partition_assignor import PartitionAssignor
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Transport, server_list

from streams.runtime.exits import Exit, Stop, end_process
from streams.runtime.logs import SERVICES

NOTHING_TO_FETCH: tuple[Any, ...] = ([], {}, 3600, False, [])
"""What aiokafka's fetcher is told to do: no fetches, no resets, look again in an hour."""
NEVER_LATE = 2**31 - 1
"""ms; we never poll, so aiokafka must not count that against us. Stuck tasks are watched by the crew."""


_NO_MEMBER = ("The consumer group does not take this worker as a member (have two the same AUDIENCE_INSTANCE? may this "
              "client join the group?)")


class MemberOnly(aiokafka.AIOKafkaConsumer):  # type: ignore[misc]
    """A member of the group that reads no records. `fail` is called once it is no longer a member and cannot rejoin."""

    fail: Callable[[BaseException], None] = staticmethod(end_process)

    async def start(self) -> None:
        await super().start()
        self._fetcher._get_actions_per_node = lambda _assignment: NOTHING_TO_FETCH  # noqa: SLF001
        self._coordinator._push_error_to_user = self._refused  # noqa: SLF001
        self._coordinator._coordination_task.add_done_callback(self._over)  # noqa: SLF001

    async def _refused(self, failure: BaseException) -> None:
        self.fail(Stop(Exit.BROKER, f"{_NO_MEMBER}: {failure}"))

    def _over(self, coordination: asyncio.Task[None]) -> None:
        if not coordination.cancelled() and (failure := coordination.exception()):
            self.fail(Stop(Exit.BROKER, f"{_NO_MEMBER}: {failure}"))


class Assignor(PartitionAssignor):
    """Faust's, for workers whose address changes. A permanent member that comes back within its session gets the assignment
    made for it before, with its former address, and Faust takes any other address for an error."""

    def on_assignment(self, assignment: Any) -> None:
        metadata = cast(ClientMetadata, ClientMetadata.loads(self._decompress(assignment.user_data)))
        metadata.url = str(self._url)
        moved = copy(assignment)
        moved.user_data = self._compress(metadata.dumps())
        super().on_assignment(moved)


class MemberThread(AIOKafkaConsumerThread):
    """Faust's thread around it, with the timeouts of the app's settings."""

    logger = SERVICES

    def _create_worker_consumer(self, transport: Transport) -> aiokafka.AIOKafkaConsumer:
        conf = self.app.conf
        self._assignor = self.app.assignor
        return MemberOnly(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            bootstrap_servers=server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_interval_ms=NEVER_LATE,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
            connections_max_idle_ms=conf.consumer_connections_max_idle_ms,
        )
