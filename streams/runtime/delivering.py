"""Destinations side by side in one process, each started again by itself: what ends one ends no other."""
from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from connectors.delivery import Connector, Engine, Limits
from streams.runtime.deliveries import KafkaActivations, Rebalanced
from streams.runtime.settings import Settings

log = logging.getLogger(__name__)

AGAIN_AFTER = 5.0
"""Seconds after which a destination that failed begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A destination with all that it needs."""

    id: str
    channel: str
    connector: Connector
    limits: Limits


async def run_destinations(settings: Settings, destinations: Sequence[Running]) -> None:
    """Until SIGTERM or SIGINT. What is under way then is finished and written down."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with asyncio.TaskGroup() as group:
        for destination in destinations:
            group.create_task(_keep(settings, destination, stopped))


async def _keep(settings: Settings, destination: Running, stopped: asyncio.Event) -> None:
    while not stopped.is_set():
        activations = KafkaActivations(settings, destination.id, destination.channel)
        try:
            while not stopped.is_set():
                await _one_assignment(destination, activations, stopped)
        except Exception:  # whatever it is, it is this destination's; Kafka holds all that is needed to resume
            log.exception("%s: begins anew in %g s", destination.id, AGAIN_AFTER)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), AGAIN_AFTER)
        finally:
            await asyncio.to_thread(activations.close)


async def _one_assignment(destination: Running, activations: KafkaActivations, stopped: asyncio.Event) -> None:
    """An engine from its first activation to the next rebalance, or to the end."""
    engine = Engine(destination.id, destination.connector, activations, destination.limits)

    async def stop() -> None:
        await stopped.wait()
        engine.stop()

    watching = asyncio.create_task(stop())
    try:
        await engine.run()
    except Rebalanced:
        log.info("%s: partitions were given to others or taken over; goes on from what is committed", destination.id)
    finally:
        watching.cancel()
