"""The webhook's connection. Requests of a batch run side by side; each has an outcome of its own, so that a connection
that is cut in the middle defers what was under way and nothing else."""
from __future__ import annotations

import asyncio
from collections.abc import Sequence

from connectors.delivery import Activation, Deferred, Outcome, Refused
from connectors.delivery.answers import outcome_of
from connectors.delivery.asking import Http
from connectors.destinations.http.mapping import body_of, headers_of
from connectors.destinations.http.settings import HttpSettings


class HttpConnector:
    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._http = Http(settings.timeout)

    @property
    def most(self) -> int:
        return self._settings.concurrency

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        return await asyncio.gather(*(self._post(activation, at) for activation in batch))

    async def close(self) -> None:
        """Lets go of the connections; the next `deliver` opens new ones."""
        await self._http.close()

    async def _post(self, activation: Activation, at: int) -> Outcome:
        body = body_of(activation, self._settings.body)
        if isinstance(body, Refused):
            return body
        headers = {"Content-Type": self._settings.content_type, **dict(self._settings.headers),
                   **headers_of(activation.activation_id, body, self._settings.key, at)}
        answer = await self._http.ask("POST", self._settings.url, data=body, headers=headers)
        if isinstance(answer, Deferred):
            return answer
        return outcome_of(answer.status, answer.retry_after, at, reference=answer.headers.get("X-Request-Id"))
