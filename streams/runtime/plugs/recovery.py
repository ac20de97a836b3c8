"""Faust's table manager and recovery, replaced by what an assignment means here: tasks are taken over and started.

Faust's recovery reads changelogs through its own consumer, a message at a time, before anything is fenced. This one has the
same place in Faust's life cycle, so that the app reports ready, and streams begin, once the tasks run.
"""
from __future__ import annotations

import logging
from collections import deque
from time import monotonic
from typing import Any

from faust.tables.manager import TableManager
from faust.types import TP, AppT
from mode import Service
from mode.utils.locks import Event

from streams.runtime.exits import Exit, Stop, end_process
from streams.runtime.logs import SERVICES
from streams.topology import INPUTS

log = logging.getLogger(__name__)

WATCH_EVERY = 5.0
"""Seconds between two looks at the tasks."""
REPLACED = 5
"""So many assignments of one generation within `REPLACED_WITHIN` seconds mean that another worker has the same permanent
name: each joins again once the other has taken its place, and the group does not rebalance."""
REPLACED_WITHIN = 30.0


class TaskRecovery(Service):
    """Takes tasks over after each rebalance; one assignment at a time, outside the rebalance itself."""

    logger = SERVICES
    app: Any
    """An AudienceApp; Faust knows its interface only."""

    def __init__(self, app: AppT, tables: TableManager, **options: Any) -> None:
        self.app, self.tables = app, tables
        self.in_recovery = False
        self.signal_recovery_start, self.completed = Event(), Event()
        self._generation = self._rebalances = 0
        self._again: deque[float] = deque(maxlen=REPLACED)
        super().__init__(**options)

    def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Nothing: the consumer has made the tasks quiet."""

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0,
    ) -> None:
        """A new assignment is there. Returns at once; the group must not wait for a restore."""
        self._refuse_twin(generation_id)
        self._generation, self._rebalances = generation_id, self.app.rebalancing_count
        self.signal_recovery_start.set()

    def _refuse_twin(self, generation: int) -> None:
        if generation != self._generation:
            self._again.clear()
        self._again.append(monotonic())
        if len(self._again) == REPLACED and self._again[-1] - self._again[0] < REPLACED_WITHIN:
            end_process(Stop(Exit.FENCED, "Another worker takes this one's place in the consumer group again and again: two "
                             "have the same AUDIENCE_INSTANCE; give each a name of its own"))

    @Service.task
    async def _take_over(self) -> None:
        while not self.should_stop:
            if await self.wait_for_stopped(self.signal_recovery_start):
                return
            self.signal_recovery_start.clear()
            await self._begin(self._generation, self._rebalances)

    @Service.task
    async def _watch(self) -> None:
        while not self.should_stop:
            await self.sleep(WATCH_EVERY)
            self.app.crew.check()

    async def _begin(self, generation: int, rebalances: int) -> None:
        """Begin, unless another rebalance has come since that assignment, perhaps while this one waited for the one
        before."""
        app, crew = self.app, self.app.crew
        assigned = {tp for tp in app.consumer.assignment() if tp.topic in app.input_names}
        is_ready = app.rebalancing_count == rebalances and await crew.take_over(_whole_tasks(assigned), generation)
        if not is_ready or app.rebalancing_count != rebalances or app.consumer_generation_id != generation:
            log.info("Assignment %d was superseded", generation)
            return
        app.consumer.resume_partitions(assigned)
        app.flow_control.resume()
        app.consumer.resume_flow()
        await app._fetcher.maybe_start()  # noqa: SLF001
        if await crew.go(generation):
            await self._report()

    async def _report(self) -> None:
        self.app.instruments.taken_over()
        self.completed.set()
        self.tables.on_actives_ready()
        self.tables.on_standbys_ready()
        await self.app.on_rebalance_complete.send()
        self.app.on_rebalance_end()


def _whole_tasks(assigned: set[TP]) -> set[int]:
    """The partition numbers; Stop(MISCONFIGURED) if a task's inputs were given to different workers."""
    partitions = {tp.partition for tp in assigned}
    if len(assigned) != len(partitions) * len(INPUTS):
        raise Stop(Exit.MISCONFIGURED, (
            "The group has given the inputs of one task to different workers, as where topics have different numbers of "
            "partitions: were some added to a topic? `audience check` names it, and says what to do"))
    return partitions


class TaskTables(TableManager):
    """Declares tables and their changelog without subscribing to it: restores do not go through Faust."""

    logger = SERVICES

    _recovery: Any

    @property
    def recovery(self) -> Any:
        """The TaskRecovery, in the place of Faust's own."""
        if self._recovery is None:
            self._recovery = TaskRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()

    async def _update_channels(self) -> None:
        self._tables_finalized.set()
        for table in self.values():
            await table.maybe_start()
        self._tables_registered.set()
