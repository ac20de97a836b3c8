"""Destinations that take one activation a request: those of a batch go side by side, and each has an outcome of its own, so
that a connection that is cut in the middle defers what was under way and nothing else."""
from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence

from connectors.delivery.activation import Activation
from connectors.delivery.asking import Http
from connectors.delivery.outcomes import Deferred, Outcome, where

log = logging.getLogger(__name__)


class Singly(ABC):
    """A connector but for the request itself. `most`: so many go side by side; `timeout` in seconds, of each."""

    def __init__(self, most: int, timeout: float) -> None:
        self.most, self._http = most, Http(timeout)

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        return await asyncio.gather(*(self._safely(activation, at) for activation in batch))

    async def close(self) -> None:
        """Lets go of the connections; the next `deliver` opens new ones."""
        await self._http.close()

    async def _safely(self, activation: Activation, at: int) -> Outcome:
        """A bug with one of them is no reason to send the others again."""
        try:
            return await self._tell(activation, at)
        except Exception as failure:
            log.error("the connector failed: %s", where(failure))
            return Deferred(why=f"the connector failed: {type(failure).__name__}")

    @abstractmethod
    async def _tell(self, activation: Activation, at: int) -> Outcome:
        """One request, and what its answer means."""
