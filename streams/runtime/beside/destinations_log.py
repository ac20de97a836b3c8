"""The destinations in force, from the topic `definitions`: all of them at the start, and after every revision.

Read to its end each time: with read_committed the end never lies within a revision, so what is returned was in force
together. Other kinds of definitions are skipped: how campaigns change shows in the activations themselves.
"""
from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from confluent_kafka import Consumer, Message, TopicPartition

from schemas.errors import Undecodable
from streams.runtime.kafka.consumers import at_end, committed_only
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.registry import codec_of
from streams.runtime.settings import Settings
from streams.task.publishing import HEAD, document_of

KIND = "destination/"


class DestinationsLog:
    """Reads from the topic's beginning. One reader; `close` it."""

    def __init__(self, settings: Settings) -> None:
        self._codec = codec_of(settings)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="definitions")
        self._consumer = Consumer(
            committed_only(settings, f"{settings.application}-deliver") | {"enable.partition.eof": True})
        self._consumer.assign([TopicPartition(Names(settings).on_cluster("definitions"), 0, 0)])
        self._documents: dict[str, Any] = {}
        self._read = 0
        self._told = -1

    async def news(self, within: float) -> Mapping[str, Any] | None:
        """Documents by `destination/id`, if a revision came since the last time; the first time in any case. None if
        nothing came `within` seconds. Stop when the broker refuses."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._polled, within)

    def close(self) -> None:
        self._thread.submit(self._consumer.close).result()
        self._thread.shutdown()

    def _polled(self, within: float) -> Mapping[str, Any] | None:
        message = self._consumer.poll(within)
        while message is not None:
            if message.error() is None:
                self._take(message)
            elif at_end(message) and self._told != self._read:
                self._told = self._read
                return dict(self._documents)
            message = self._consumer.poll(within)
        return None

    def _take(self, message: Message) -> None:
        key, value = (message.key() or b"").decode(errors="replace"), message.value()
        if key == HEAD:
            self._read += 1
        elif key.startswith(KIND) and "@" not in key and value is not None:
            try:
                row = self._codec.decode("definition", value)
            except Undecodable as fault:
                if fault.is_of_newer:
                    raise
                return
            if row["deleted"]:
                self._documents.pop(key, None)
            else:
                self._documents[key] = document_of(row)
