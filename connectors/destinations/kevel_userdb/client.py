"""The connection to Kevel: UserDB takes one user a request; those of a batch go side by side."""
from __future__ import annotations

import asyncio
from collections.abc import Sequence

from connectors.delivery import Activation, Deferred, Outcome, Refused
from connectors.delivery.asking import Http
from connectors.destinations.kevel_userdb.mapping import change_of, read_answer
from connectors.destinations.kevel_userdb.settings import KevelSettings


class KevelConnector:
    def __init__(self, settings: KevelSettings) -> None:
        self._settings = settings
        self._headers = {"X-Adzerk-ApiKey": settings.key}
        self._http = Http(settings.timeout)

    @property
    def most(self) -> int:
        return self._settings.concurrency

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        return await asyncio.gather(*(self._tell(activation, at) for activation in batch))

    async def close(self) -> None:
        await self._http.close()

    async def _tell(self, activation: Activation, at: int) -> Outcome:
        change = change_of(activation, is_hashed=self._settings.is_hashed)
        if isinstance(change, Refused):
            return change
        answer = await self._http.ask(
            change.method, self._settings.interests, params={"userKey": change.user_key}, json=[change.interest],
            headers=self._headers)
        return answer if isinstance(answer, Deferred) else read_answer(answer, at)
