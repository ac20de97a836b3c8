"""Destinations that are a folder: their common settings, and the engine's side of a spool. What a row holds, and in which
format files are written, is each connector's own."""
from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from connectors.delivery.activation import Activation
from connectors.delivery.outcomes import Deferred, Delivered, Outcome, Refused
from connectors.delivery.reading import SettingsReader
from connectors.delivery.spool import Rolling, Row, Spool, Write

log = logging.getLogger(__name__)

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
AGAIN_AFTER = 10.0
"""Seconds after which a file that could not be written is tried again, when no activation comes before."""
FOLDER = r"(?![\s\S]*://)[\s\S]+"
RowOf: TypeAlias = Callable[[Activation], bytes | Refused]


def spool_of(reader: SettingsReader, suffix: str, write: Write) -> Spool:
    """Read after a connector's own settings. WrongDestination with every fault of both."""
    folder = reader.matching("folder", FOLDER, "", "a folder; an object store is reached by mounting or syncing one")
    rolling = Rolling(rows=int(reader.number("rows", 100_000, 1, 10_000_000)),
                      megabytes=reader.number("megabytes", 64, 0.001, 4_000),
                      seconds=reader.number("every", 300, 0.01, 86_400))
    reader.finish()
    return Spool(Path(folder), reader.destination, suffix, write, rolling)


class FilingConnector:
    """What is safely on the disk is delivered; the spool decides when it appears in a file."""

    most = 1_000
    """Activations of one call: one write and one sync."""

    def __init__(self, spool: Spool, row_of: RowOf) -> None:
        self._spool = spool
        self._row_of = row_of
        self._writing = asyncio.Lock()
        self._waiting: asyncio.Task[None] | None = None

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        values = [self._row_of(activation) for activation in batch]
        rows = [Row(id=activation.activation_id, at=activation.at, value=value)
                for activation, value in zip(batch, values, strict=True) if isinstance(value, bytes)]
        kept = await self._kept(rows, at) if rows else Delivered()  # of nobody
        return [value if isinstance(value, Refused) else kept for value in values]

    async def close(self) -> None:
        """What is kept becomes a file, if it can; else the next `deliver`, of this process or another, sees to it."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        async with self._writing:
            try:
                await asyncio.to_thread(self._spool.publish)
            except OSError as failure:
                log.warning("what is kept stays in the journal: %s", advice(failure))
            await asyncio.to_thread(self._spool.release)

    async def _kept(self, rows: Sequence[Row], at: int) -> Outcome:
        async with self._writing:
            try:
                name = await asyncio.to_thread(self._spool.keep, rows, at)
            except OSError as failure:
                return Deferred(why=advice(failure))
            due_in = self._spool.due_in(at)
            if self._waiting is None and due_in is not None:
                self._waiting = asyncio.create_task(self._publish_after(due_in))
            return Delivered(reference=name)

    async def _publish_after(self, seconds: float) -> None:
        """Publish what is kept after a while, so that the last rows appear on time even if nothing comes after them."""
        while True:
            await asyncio.sleep(seconds)
            async with self._writing:
                try:
                    await asyncio.to_thread(self._spool.publish)
                    self._waiting = None
                    return
                except OSError as failure:
                    log.warning("no file was written, and is tried again: %s", advice(failure))
                    seconds = AGAIN_AFTER


def advice(failure: OSError) -> str:
    """What the operator has to do about it."""
    if failure.errno in FULL:
        return "the disk of the folder is full (or its quota): nothing is lost, it goes on when there is room"
    if isinstance(failure, BlockingIOError):
        return "another process writes to this folder for this destination; let only one of them run it"
    return f"the folder cannot be written to: {failure.strerror or type(failure).__name__}"
