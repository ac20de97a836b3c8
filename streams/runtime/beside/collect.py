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


async def collect(settings: Settings, where: Address, keys: Collection[str], origins: Collection[str]) -> None:
    """Until SIGTERM or SIGINT."""
    stopped, intake, writer = stopping(), Intake(Namespaces(), phone_number), Writer(settings, {COLLECTED: b"1"})

    async def put(messages: Sequence[dict[str, Any]]) -> None:
        await writer.put(_record(intake, message) for message in messages)

    try:
        collector = Collector(put, lambda: writer.has("events.hits"), clock=wall_ms, keys=keys, origins=origins)
        async with listening(application(collector), where) as there:
            log.info("Events are taken at http://%s:%d/v1/", there.host, there.port)
            await stopped.wait()
    finally:
        await asyncio.to_thread(writer.close)


def _record(intake: Intake, message: dict[str, Any]) -> Record:
    topic, key = address(intake, message)
    return topic, key.encode() if key else None, orjson.dumps(message)
