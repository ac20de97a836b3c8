"""The process behind `audience collect`: what comes over HTTP goes to the event topics."""
from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from typing import Any

import orjson

from connectors.sources.collector import Collector, application
from streams.core.identifiers import Namespaces
from streams.core.intake import Intake
from streams.definitions.phones import phone_number
from streams.runtime.beside.listening import Address, listening, stopping
from streams.runtime.beside.writer import Record, Writer
from streams.runtime.clock import wall_ms
from streams.runtime.outside.upstream import address
from streams.runtime.settings import Settings
from streams.task.reading import COLLECTED

log = logging.getLogger(__name__)


class EventTopics:
    """Puts messages on them, many requests at once."""

    def __init__(self, settings: Settings) -> None:
        self._intake, self._writer = Intake(Namespaces(), phone_number), Writer(settings, {COLLECTED: b"1"})

    async def put(self, messages: Sequence[dict[str, Any]]) -> None:
        """As `Writer.put`."""
        await self._writer.put(map(self._record, messages))

    async def is_there(self) -> bool:
        """Whether the broker answers and has the topics."""
        return await self._writer.has("events.hits")

    def close(self) -> None:
        """Gives whatever is under way its time."""
        self._writer.close()

    def _record(self, message: dict[str, Any]) -> Record:
        topic, key = address(self._intake, message)
        return topic, key.encode() if key else None, orjson.dumps(message)


async def collect(settings: Settings, where: Address, keys: Collection[str], origins: Collection[str]) -> None:
    """Until SIGTERM or SIGINT."""
    stopped, topics = stopping(), EventTopics(settings)
    try:
        collector = Collector(topics.put, topics.is_there, clock=wall_ms, keys=keys, origins=origins)
        async with listening(application(collector), where) as there:
            log.info("Events are taken at http://%s:%d/v1/", there.host, there.port)
            await stopped.wait()
    finally:
        await asyncio.to_thread(topics.close)
