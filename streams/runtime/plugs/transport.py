"""Faust's transport, carrying batches: one Faust message holds the records of one partition that were read together.

Membership, rebalancing, the conductor, streams and agents are Faust's own. Replaced are the three things that lose or
double events (streams/README.md, *Faust without its data plane*): fetching, offset bookkeeping and commit. Only the tasks'
transactions commit offsets; what Faust acknowledges is for its sensors.
"""
from __future__ import annotations

from typing import Any, cast

from faust import Schema
from faust.transport.consumer import Fetcher
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT, ConsumerMessage, Message
from mode import Service

from streams.runtime.logs import SERVICES
from streams.runtime.plugs.membership import MemberThread
from streams.runtime.work.batches import RecordBatch


class BatchSchema(Schema[Any, Any]):
    """Keys and values as they came: the value is a RecordBatch already."""

    def loads_key(self, app: AppT, message: Message, *, loads: Any = None, serializer: Any = None) -> None:
        return None

    def loads_value(self, app: AppT, message: Message, *, loads: Any = None, serializer: Any = None) -> RecordBatch:
        return cast(RecordBatch, message.value)


class BatchFetcher(Fetcher):
    """Hands the batches that the crew has fetched to Faust's conductor, one after the other."""

    logger = SERVICES
    app: Any
    """An AudienceApp; Faust knows its interface only."""

    @Service.task
    async def _fetcher(self) -> None:
        consumer = self.app.consumer
        while not self.should_stop:
            batch = await self.app.crew.arrived.get()
            await consumer.callback(consumer.message(batch))


class BatchConsumer(driver.Consumer):
    """A member of the group whose offsets are committed elsewhere."""

    logger = SERVICES
    app: Any

    def message(self, batch: RecordBatch) -> ConsumerMessage:
        """The batch as a Faust message; its offset is that of the last record."""
        last = batch.records[-1]
        topic = self.app.names.on_cluster(batch.topic)
        return ConsumerMessage(
            topic, batch.partition, last.offset, last.at / 1000, 0, [], None, cast(Any, batch), None, None, batch.size,
            TP(topic, batch.partition), generation_id=batch.generation,
        )

    def ack(self, message: Message) -> bool:
        """Remembers it for the monitor. Faust's own bookkeeping would keep every offset, waiting for a commit."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        self._committed_offset[message.tp] = message.offset + 1
        self.app.monitor.on_tp_commit({message.tp: message.offset + 1})
        return True

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """The tasks are quiet before anything else learns of it, and before this worker joins again."""
        await self.app.quiet()
        await super().on_partitions_revoked(revoked)

    async def wait_empty(self) -> None:
        """Called when partitions are revoked and when the worker stops."""
        if self.app.should_stop:
            await self.app.let_go()
        else:
            await self.app.quiet()

    async def commit(self, *_: Any, **__: Any) -> bool:
        """Never: only transactions commit offsets."""
        return False

    async def force_commit(self, *_: Any, **__: Any) -> bool:
        """Never: only transactions commit offsets."""
        return False

    @Service.task
    async def _commit_handler(self) -> None:
        """Nothing to do at an interval."""

    @Service.task
    async def _commit_livelock_detector(self) -> None:
        """Faust would look at positions of a consumer that does not fetch."""

    def _new_consumer_thread(self) -> MemberThread:
        return MemberThread(self, loop=self.loop, beacon=self.beacon)


class BatchTransport(driver.Transport):
    """What `app.transport` is set to."""

    Consumer = BatchConsumer
    Fetcher = BatchFetcher
