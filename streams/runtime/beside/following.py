"""Follows the destinations in force, for a process that lives by them: `deliver` and `feedback`."""
from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from streams.core.errors import Misconfigured
from streams.runtime.beside.destinations_log import DestinationsLog
from streams.runtime.exits import is_surprise
from streams.runtime.settings import Settings

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5
AGAIN_AFTER = 5.0
"""Seconds that a look at the definitions waits for news; and after one that failed, until the next."""

Documents: TypeAlias = Mapping[str, Any]
"""Of destinations, by `destination/id`."""


class DestinationsFollower:
    """Hands every revision to `put`. Faults that `put` raises at the start end the process, since whoever started it reads
    them; later ones are logged, and what was in force before stays."""

    def __init__(self, settings: Settings, put: Callable[[Documents], None]) -> None:
        self._settings, self._put = settings, put
        self.is_first = True
        self.is_current = False
        """Whether the newest definitions are in force here."""

    async def run(self, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            try:
                await self._follow(stopped)
            except Misconfigured:
                raise
            except Exception as fault:  # a broker away, a record of a newer worker: all goes on as it is meanwhile
                self.is_current = False
                log.error("definitions cannot be followed; all goes on as it is; again in %g s: %s", AGAIN_AFTER, fault,
                          exc_info=is_surprise(fault))
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), AGAIN_AFTER)

    async def _follow(self, stopped: asyncio.Event) -> None:
        definitions = await asyncio.to_thread(DestinationsLog, self._settings)
        try:
            while not stopped.is_set():
                documents = await definitions.news(LOOK_EVERY)
                if documents is not None:
                    self._take(documents)
        finally:
            await asyncio.to_thread(definitions.close)

    def _take(self, documents: Documents) -> None:
        try:
            self._put(documents)
            self.is_first, self.is_current = False, True
        except Misconfigured as faults:
            if self.is_first:
                raise
            self.is_current = False
            log.error("what was applied is not in force here: %s", faults)
