"""The process behind `audience collect`: what comes over HTTP goes to the event topics."""
from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import orjson
from confluent_kafka import KafkaError, KafkaException, Producer

from connectors.sources.collector import Collector, application
from streams.core.errors import Retryable
from streams.core.identifiers import Namespaces
from streams.core.intake import Intake
from streams.definitions.phones import phone_number
from streams.runtime.beside.listening import Address, listening, stopping
from streams.runtime.clock import wall_ms
from streams.runtime.kafka.names import Names
from streams.runtime.outside.upstream import address, producer_options
from streams.runtime.settings import Settings

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds in which the broker must have taken a message; then its sender is asked to come again."""
LOOK = 3.0
"""Seconds for a look whether Kafka is there."""
OPTIONS = {"enable.idempotence": False, "max.in.flight": 1, "acks": "all", "message.timeout.ms": int(PATIENCE * 1000),
           "queue.buffering.max.kbytes": 65_536}
"""An idempotent producer may end for good with an error; here what is sent twice is a copy to the pipeline. One request at a
time keeps the order where one has to be sent again, and took nothing from 50,000 messages/s."""


class EventTopics:
    """Puts messages on them, many requests at once. A thread of its own serves the producer until it is closed."""

    def __init__(self, settings: Settings) -> None:
        self._names, self._intake = Names(settings), Intake(Namespaces(), phone_number)
        self._producer = Producer({**producer_options(settings), **OPTIONS})
        self._is_open = True
        self._thread = threading.Thread(target=self._serve, name="collector", daemon=True)
        self._thread.start()

    async def put(self, messages: Sequence[dict[str, Any]]) -> None:
        """Returns when all are there. Retryable if one may not be; the others may be nevertheless."""
        loop = asyncio.get_running_loop()
        there = [loop.create_future() for _ in messages]
        try:
            for message, future in zip(messages, there, strict=True):
                topic, key = address(self._intake, message)
                self._producer.produce(
                    self._names.on_cluster(topic), orjson.dumps(message), key.encode() if key else None,
                    on_delivery=partial(_tell, loop, future))
            faults = await asyncio.wait_for(asyncio.gather(*there), 2 * PATIENCE)
        except (BufferError, KafkaException, TimeoutError) as fault:
            raise Retryable("Kafka takes no messages now", after=PATIENCE) from fault
        if any(faults):
            raise Retryable("Kafka did not take all messages", after=PATIENCE)

    async def is_there(self) -> bool:
        """Whether the broker answers and has the topics."""
        return await asyncio.to_thread(self._look)

    def close(self) -> None:
        """Whatever is under way is given its time."""
        self._is_open = False
        self._thread.join()
        self._producer.flush(PATIENCE)

    def _serve(self) -> None:
        while self._is_open:
            self._producer.poll(0.1)

    def _look(self) -> bool:
        name = self._names.on_cluster("events.hits")
        try:
            return self._producer.list_topics(name, LOOK).topics[name].error is None
        except (KafkaException, LookupError):
            return False


def _tell(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[KafkaError | None], fault: KafkaError | None, _: object,
) -> None:
    """From the producer's thread."""
    loop.call_soon_threadsafe(lambda: None if future.done() else future.set_result(fault))


async def collect(settings: Settings, where: Address, keys: Collection[str], origins: Collection[str]) -> None:
    """Until SIGTERM or SIGINT."""
    stopped, topics = stopping(), EventTopics(settings)
    try:
        collector = Collector(topics.put, topics.is_there, clock=wall_ms, keys=keys, origins=origins)
        async with listening(application(collector), where):
            log.info("Events are taken at http://%s:%d/v1/", where.host, where.port)
            await stopped.wait()
    finally:
        await asyncio.to_thread(topics.close)
