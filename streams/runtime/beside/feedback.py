"""The process behind `audience feedback`: reports come in, requests to suppress go out on `privacy.requests`."""
from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from connectors.sources.feedback import Feedback, Senders, Signal, application, read_new, senders_of
from streams.core.errors import Retryable
from streams.core.values import Json
from streams.definitions import build
from streams.definitions.members import normalised
from streams.runtime.beside.following import DestinationsFollower, Documents
from streams.runtime.beside.listening import Address, listening, stopping
from streams.runtime.beside.writer import Writer
from streams.runtime.clock import wall_ms
from streams.runtime.kafka.registry import codec_of
from streams.runtime.outside.privacy_requests import record
from streams.runtime.settings import Settings
from streams.task.requesting import request

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks into mailboxes."""


def request_of(signal: Signal, at: int) -> dict[str, Json]:
    """The same feedback makes the same request, however often it comes."""
    return request("suppress", signal.identifier, request_id=signal.id, source=f"feedback:{signal.source}", at=at,
                   reason=signal.reason.value)


class Requests:
    """Writes requests to suppress, many at once."""

    def __init__(self, settings: Settings) -> None:
        self._codec, self._writer = codec_of(settings), Writer(settings)

    async def tell(self, signal: Signal) -> None:
        """Returns when it is on the topic; Retryable if it may not be."""
        await self._writer.put([record(self._codec, request_of(signal, wall_ms()))])

    def close(self) -> None:
        """Waits for what is under way."""
        self._writer.close()


class _Reports:
    """Keeps who may report up to date, and reads the mailboxes."""

    def __init__(self, settings: Settings, variables: dict[str, str], tell: Requests) -> None:
        self._variables = variables
        self._senders = Senders()
        self.following = DestinationsFollower(settings, self._put)
        self.feedback = Feedback(lambda: None if self.following.is_first else self._senders, tell.tell, wall_ms,
                                 normalised)

    def _put(self, documents: Documents) -> None:
        self._senders = senders_of(build(documents, 0, {}).destinations, self._variables)

    async def read(self, mailboxes: Sequence[Path], stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            for folder in mailboxes if self._senders.seals else ():  # without a seal nothing could be proved
                await self._read(folder)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), LOOK_EVERY)

    async def _read(self, folder: Path) -> None:
        try:
            _, passed_over = await read_new(folder, self._senders.identifier, self.feedback.tell)
            self.feedback.pass_over(passed_over)
        except (OSError, Retryable) as fault:
            log.warning("mailbox %s: %s; what is left in it is read again", folder, fault)
        except Exception:  # whatever is in a mailbox, people can unsubscribe
            log.exception("mailbox %s: what is left in it is read again", folder)


async def take_feedback(
    settings: Settings, variables: dict[str, str], address: Address, mailboxes: Sequence[Path],
) -> None:
    """Until SIGTERM or SIGINT. Misconfigured when secrets of what is in force at the start are not there."""
    stopped = stopping()
    requests = Requests(settings)
    reports = _Reports(settings, variables, requests)
    try:
        async with listening(application(reports.feedback), address) as there:
            log.info("Reports are taken at http://%s:%d/", there.host, there.port)
            reading = asyncio.create_task(reports.read(mailboxes, stopped))
            try:
                await reports.following.run(stopped)
            finally:
                stopped.set()
                await reading
    finally:
        await asyncio.to_thread(requests.close)
