"""Puts records on topics for a process that answers whoever sent them: many at once, and none waits long."""
from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias

from confluent_kafka import KafkaError, KafkaException, Producer

from streams.core.errors import Rejected, Retryable
from streams.runtime.kafka.names import Names
from streams.runtime.outside.upstream import producer_options
from streams.runtime.settings import Settings

PATIENCE = 10.0
"""Seconds in which the broker must have taken a record; then its sender is asked to come again."""
ROOM = 0.05
"""Seconds between two looks whether a full queue has room."""
LOOK = 3.0
"""Seconds for a look whether Kafka is there."""
AT_ONCE = 100
"""Records that are handed over before others have their turn."""
HELD = 64 << 20
"""Bytes of records that wait for the broker."""
OPTIONS = {"enable.idempotence": False, "max.in.flight": 1, "acks": "all", "message.timeout.ms": int(PATIENCE * 1000),
           "queue.buffering.max.kbytes": HELD >> 10}
"""An idempotent producer may end for good with an error; here what is sent twice is a copy to the pipeline. One request at a
time keeps the order where one has to be sent again, and took nothing from 50,000 messages/s."""
Record: TypeAlias = tuple[str, bytes | None, bytes]
"""Topic, key and value."""


class Writer:
    """A thread of its own serves the producer until it is closed. headers: of every record."""

    def __init__(self, settings: Settings, headers: Mapping[str, bytes] = MappingProxyType({})) -> None:
        self._names, self._headers = Names(settings), list[Any](headers.items())
        self._producer = Producer({**producer_options(settings), **OPTIONS})
        self._is_open = True
        self._thread = threading.Thread(target=self._serve, name="writer", daemon=True)
        self._thread.start()

    async def put(self, records: Iterable[Record]) -> None:
        """Returns when all records are on their topics. Raises Retryable if one may not be, Rejected if one is too large and
        never can be; the others may be there nevertheless."""
        loop = asyncio.get_running_loop()
        there: list[asyncio.Future[KafkaError | None]] = []
        try:
            async with asyncio.timeout(PATIENCE):
                for number, record in enumerate(records):
                    if number % AT_ONCE == 0:
                        await asyncio.sleep(0)
                    there.append(loop.create_future())
                    await self._hand_over(record, loop, there[-1])
                faults = await asyncio.gather(*there)
        except (KafkaException, TimeoutError) as fault:
            raise Retryable("Kafka takes no messages now", after=PATIENCE) from fault
        if any(fault is not None and fault.code() == KafkaError.MSG_SIZE_TOO_LARGE for fault in faults):
            raise Rejected("a message is larger than its topic takes; send less of it")
        if any(faults):
            raise Retryable("Kafka did not take all messages", after=PATIENCE)

    async def has(self, topic: str) -> bool:
        """Whether the broker answers and has it."""
        return await asyncio.to_thread(self._look, self._names.on_cluster(topic))

    def close(self) -> None:
        """Waits for what is under way."""
        self._is_open = False
        self._thread.join()
        self._producer.flush(PATIENCE)

    async def _hand_over(
        self, record: Record, loop: asyncio.AbstractEventLoop, there: asyncio.Future[KafkaError | None],
    ) -> None:
        topic, key, value = record
        while True:
            try:
                self._producer.produce(self._names.on_cluster(topic), value, key, headers=self._headers,
                                       on_delivery=partial(_tell, loop, there))
            except BufferError:  # full
                await asyncio.sleep(ROOM)
            else:
                return

    def _serve(self) -> None:
        while self._is_open:
            self._producer.poll(0.1)

    def _look(self, name: str) -> bool:
        try:
            return self._producer.list_topics(name, LOOK).topics[name].error is None
        except (KafkaException, LookupError):
            return False


def _tell(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[KafkaError | None], fault: KafkaError | None, _: object,
) -> None:
    """From the producer's thread."""
    loop.call_soon_threadsafe(lambda: None if future.done() else future.set_result(fault))
