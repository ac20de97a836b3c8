"""The process behind `audience feedback`: reports come in, requests to suppress go out on `privacy.requests`."""
from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from connectors.sources.feedback import Feedback, Senders, Signal, application, read_new, senders_of
from streams.core.errors import Retryable
from streams.core.values import Json
from streams.definitions import build
from streams.runtime.beside.following import DestinationsFollower, Documents
from streams.runtime.beside.listening import Address, listening, stopping
from streams.runtime.clock import wall_ms
from streams.runtime.kafka.registry import codec_of
from streams.runtime.outside.privacy_requests import put
from streams.runtime.outside.upstream import Upstream
from streams.runtime.settings import Settings
from streams.task.requesting import request

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks into mailboxes."""


def request_of(signal: Signal, at: int) -> dict[str, Json]:
    """The same feedback is the same request however often it comes."""
    return request("suppress", signal.identifier, request_id=signal.id, source=f"feedback:{signal.source}", at=at,
                   reason=signal.reason.value)


class Requests:
    """Writes them, one at a time: feedback is rare beside events."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._codec = codec_of(settings)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="requests")

    async def tell(self, signal: Signal) -> None:
        """Returns when it is on the topic; Retryable if it is not."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, signal)

    def close(self) -> None:
        self._thread.shutdown()

    def _write(self, signal: Signal) -> None:
        with Upstream(self._settings) as upstream:
            put(upstream, self._codec, request_of(signal, wall_ms()))


class _Reports:
    """Who may report, and everything that is read from mailboxes."""

    def __init__(self, settings: Settings, variables: dict[str, str], tell: Requests) -> None:
        self._variables = variables
        self._senders = Senders()
        self.following = DestinationsFollower(settings, self._put)
        self.feedback = Feedback(lambda: None if self.following.is_first else self._senders, tell.tell, wall_ms)

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
        async with listening(application(reports.feedback), address):
            reading = asyncio.create_task(reports.read(mailboxes, stopped))
            try:
                await reports.following.run(stopped)
            finally:
                stopped.set()
                await reading
    finally:
        requests.close()
