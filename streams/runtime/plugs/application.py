"""The Faust app: its settings, one agent for each stage group, one table for each column family.

To an operator it is a Faust app like any other: `faust -A streams.app worker`, `agents`, `tables`. All agents share one
body: it hands the batch to the task it belongs to.
"""
from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable
from time import monotonic
from typing import Any, BinaryIO

import faust
from faust.types import EventT

from streams.core.errors import Misconfigured
from streams.runtime.clock import wall_ms
from streams.runtime.exits import end_process, leave
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.topics import ensure_topics
from streams.runtime.logs import SERVICES, logging_config
from streams.runtime.plugs.dead_letter_limit import DeadLetterLimit
from streams.runtime.plugs.ending import EndingWorker
from streams.runtime.plugs.membership import Assignor
from streams.runtime.plugs.recovery import TaskTables
from streams.runtime.plugs.tables import CommittedTable
from streams.runtime.plugs.transport import BatchSchema, BatchTransport
from streams.runtime.settings import Settings
from streams.runtime.state.claim import FolderTaken, claim
from streams.runtime.status.console import Shared
from streams.runtime.status.instruments import Instruments
from streams.runtime.status.sites import own_sites
from streams.runtime.status.web import StatusWeb, refuse_taken
from streams.runtime.work.crew import Crew
from streams.runtime.work.ends import EndsWatch
from streams.runtime.work.fetch import Fetch
from streams.runtime.work.opening import Opening, ProcessorFactory
from streams.runtime.work.runner import Done
from streams.runtime.work.unit_of_work import State
from streams.topology import GROUPS, INPUTS, STAGES, TABLES, topics_of

log = logging.getLogger(__name__)

LET_GO_WITHIN = 15.0
"""Seconds for which a worker that starts waits for one that ends in the same folder: a supervisor may be quicker."""
Token = tuple[Any, EventT[Any]]
"""The stream a batch came through, and its event there."""


class AudienceApp(faust.App):
    """A Faust app whose events are settled by tasks."""

    logger = SERVICES

    def __init__(self, settings: Settings, new_processor: ProcessorFactory) -> None:
        self.settings = settings
        self.names = Names(settings)
        self.input_names = frozenset(self.names.on_cluster(topic.name) for topic in INPUTS)
        self._new_processor = new_processor
        self.instruments = Instruments(self.names.application)
        self.shared = Shared(settings)
        self._limits: dict[int, DeadLetterLimit] = defaultdict(
            lambda: DeadLetterLimit(settings.dead_letter_ratio, settings.dead_letter_run)
        )
        self._crew: Crew[Token] | None = None
        self._claim: BinaryIO
        """On the folder, from the start on."""
        super().__init__(self.names.application, **_options(settings))
        self.transport = BatchTransport(self.conf.broker_consumer, self)
        _declare(self)

    @property
    def crew(self) -> Crew[Token]:
        """This worker's tasks. Made when first asked for, at the first assignment."""
        if self._crew is None:
            self._crew = self._new_crew()
        return self._crew

    def states(self) -> Iterable[State]:
        """The committed state of the tasks here."""
        return () if self._crew is None else self._crew.states()

    async def quiet(self) -> None:
        """Before a rebalance: units end, what waits is dropped."""
        if self._crew is not None:
            await self._crew.quiet()

    async def let_go(self) -> None:
        """Before the worker ends."""
        if self._crew is not None:
            await self._crew.close()
            self._crew = None

    async def on_first_start(self) -> None:
        try:
            self._claim = await _claimed(self.settings)
            refuse_taken(self.settings)
            await super().on_first_start()
            created = await asyncio.get_running_loop().run_in_executor(None, ensure_topics, self.settings)
        except Misconfigured as failure:
            end_process(failure)
        except asyncio.CancelledError:
            leave()
        if created:
            log.info("Created topics: %s", ", ".join(created))

    def _new_crew(self) -> Crew[Token]:
        settings, instruments = self.settings, self.instruments
        opening = Opening(settings, self._new_processor, report=instruments.restoring)
        crew: Crew[Token] = Crew(
            opening, Fetch(settings, wall_ms), EndsWatch(settings, wall_ms), acknowledge=self._acknowledge,
            observe=self._observe, fail=end_process,
        )
        instruments.runners, instruments.assigned = lambda: crew.runners, lambda: crew.assigned
        instruments.store_memory = opening.used_memory
        return crew

    def _observe(self, partition: int, done: Done) -> None:
        """From a task's thread, once a unit."""
        self.instruments.observe(partition, done)
        self._limits[partition].count(done.outcome)

    def _new_web(self) -> StatusWeb:
        return StatusWeb(self)

    def _acknowledge(self, tokens: list[Token]) -> None:
        """From a task's thread; Faust's acknowledgements belong to the loop."""
        asyncio.run_coroutine_threadsafe(_acknowledge(tokens), self.loop)


async def _claimed(settings: Settings) -> BinaryIO:
    """The folder, once a worker that is ending has let it go."""
    deadline = monotonic() + LET_GO_WITHIN
    while True:
        try:
            return claim(settings)
        except FolderTaken:
            if monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


async def _acknowledge(tokens: list[Token]) -> None:
    for stream, event in tokens:
        await stream.ack(event)


def _options(settings: Settings) -> dict[str, Any]:
    timeout = settings.session_timeout
    return {
        "broker": [f"kafka://{address.strip()}" for address in settings.broker.split(",")],
        "autodiscover": False,
        "datadir": str(settings.data / "faust"),
        "topic_partitions": settings.partitions,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "table_standby_replicas": 0,
        "broker_session_timeout": timeout,
        "broker_heartbeat_interval": timeout / 6,
        "broker_request_timeout": max(30.0, timeout),
        "broker_rebalance_timeout": max(30.0, timeout),
        "consumer_group_instance_id": settings.instance or None,
        "agent_supervisor": "mode.CrashingSupervisor",
        "PartitionAssignor": Assignor,
        "TableManager": TaskTables,
        "Table": CommittedTable,
        "Worker": EndingWorker,
        "web_host": settings.web_host,
        "web_bind": settings.web_host,
        "web_port": settings.web_port,
        "web_application_options": {"middlewares": [own_sites(settings)]},
        "web_tables_enabled": False,
        "web_router_enabled": False,
        "web_graph_enabled": False,
        "web_stats_enabled": False,
        "web_metrics_enabled": False,
        "worker_redirect_stdouts": False,
        "logging_config": logging_config(),
    }


def _declare(app: AudienceApp) -> None:
    for group in GROUPS:
        names = [app.names.on_cluster(topic.name) for topic in topics_of(group)]
        app.agent(app.topic(*names, schema=BatchSchema()), name=group)(_agent(app, group))
    changelog = app.topic(app.names.changelog, compacting=True)
    for table in TABLES:
        app.Table(table.name, changelog_topic=changelog, help=table.what)


def _agent(app: AudienceApp, group: str) -> Any:
    """The body of every agent; only its name and what is said of it differ."""

    async def pass_on(stream: Any) -> None:
        unsettled = stream.noack()
        async for event in unsettled.events():
            app.crew.hand_over(event.value, (unsettled, event))

    pass_on.__name__ = group
    pass_on.__doc__ = "\n".join(f"{stage.name}: {stage.does}" for stage in STAGES if stage.group == group)
    return pass_on
