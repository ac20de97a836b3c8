"""The process behind `audience deliver`: definitions are followed, destinations run, pages are served."""
from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as AnswerMissing
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # untyped re-export

from streams.core.errors import Misconfigured
from streams.runtime.deliveries import KafkaActivations
from streams.runtime.delivering import AGAIN_AFTER, Destinations, Plan
from streams.runtime.delivering_web import Ends, Pages
from streams.runtime.destinations_log import DestinationsLog
from streams.runtime.names import Names
from streams.runtime.settings import Settings
from streams.topology import TOPICS

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5
ANSWER = 3.0

CHANNEL = "activations."
CHANNELS = tuple(topic.name.removeprefix(CHANNEL) for topic in TOPICS if topic.name.startswith(CHANNEL))

Planned = Callable[[Mapping[str, Any]], Plan]
"""From the documents of destinations, by `destination/id`, to what is to run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    host: str
    port: int


async def deliver(settings: Settings, planned: Planned, address: Address) -> None:
    """Until SIGTERM or SIGINT; what is under way then is finished and written down. Misconfigured when what
    is in force at the start cannot run."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    destinations = Destinations(lambda each: KafkaActivations(settings, each.id, each.channel))
    following = _Following(settings, planned, destinations)
    ends = ChannelEnds(settings)
    runner = web.AppRunner(Pages(destinations, ends.now, lambda: following.is_current).application(), access_log=None)
    await runner.setup()
    try:
        await _listen(runner, address)
        await following.run(stopped)
    finally:
        await destinations.stop()
        await runner.cleanup()


async def _listen(runner: web.AppRunner, address: Address) -> None:
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as failure:
        raise Misconfigured((f"{address.host}:{address.port} cannot be listened on ({failure.strerror}); "
                             "give another --port, each process on a machine its own",)) from failure


class _Following:
    """Puts every revision in force here."""

    def __init__(self, settings: Settings, planned: Planned, destinations: Destinations) -> None:
        self._settings, self._planned, self._destinations = settings, planned, destinations
        self._is_first = True
        self.is_current = False

    async def run(self, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            try:
                await self._follow(stopped)
            except Misconfigured:
                raise
            except Exception:  # a broker away, a record of a newer worker: destinations go on as they are meanwhile
                self.is_current = False
                log.exception("definitions cannot be followed; destinations go on as they are; again in %g s", AGAIN_AFTER)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), AGAIN_AFTER)

    async def _follow(self, stopped: asyncio.Event) -> None:
        definitions = DestinationsLog(self._settings)
        try:
            while not stopped.is_set():
                documents = await definitions.news(LOOK_EVERY)
                if documents is not None:
                    self._put(self._planned(documents))
        finally:
            await asyncio.to_thread(definitions.close)

    def _put(self, plan: Plan) -> None:
        """At the start faults end the process, for whoever starts it reads them; later they stop what has them."""
        faults = tuple(fault for each in plan.faults.values() for fault in each)
        if faults and self._is_first:
            raise Misconfigured(faults)
        for fault in faults:
            log.error("not delivered to until it is mended: %s", fault)
        self._destinations.become(plan)
        self._is_first, self.is_current = False, True
        log.info("destinations in force: %s", ", ".join(sorted(plan.running)) or "none; waits for `audience apply`")


class ChannelEnds:
    """Where the channels' topics end: beyond them nothing could be read."""

    def __init__(self, settings: Settings) -> None:
        self._names, self._partitions = Names(settings), range(settings.partitions)
        options: dict[str, Any] = {"bootstrap.servers": settings.broker, "log_level": 0, "error_cb": lambda _: None}
        self._admin = AdminClient(options)

    def now(self) -> Ends:
        """Nothing while the broker does not answer."""
        latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        topics = {self._names.on_cluster(CHANNEL + channel): channel for channel in CHANNELS}
        wanted = {TopicPartition(name, number): latest for name in topics for number in self._partitions}
        found: dict[str, dict[int, int]] = {channel: {} for channel in CHANNELS}
        try:
            answers = self._admin.list_offsets(
                wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=ANSWER)
            for place, answer in answers.items():
                found[topics[place.topic]][place.partition] = answer.result(ANSWER).offset
        except (KafkaException, AnswerMissing):
            return {}
        return found
