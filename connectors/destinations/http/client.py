"""The webhook's connection. Requests of a batch run side by side; each has an outcome of its own, so that a connection
that is cut in the middle defers what was under way and nothing else."""
from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import ClientError, ClientSession, ClientTimeout

from connectors.delivery import Activation, Deferred, Outcome, Refused
from connectors.delivery.answers import outcome_of
from connectors.destinations.http.mapping import body_of, headers_of
from connectors.destinations.http.settings import HttpSettings

READ = 64 * 1024
"""Bytes of an answer that are read, so that the connection can be used again; what is longer closes it."""


class HttpConnector:
    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._session: ClientSession | None = None

    @property
    def most(self) -> int:
        return self._settings.concurrency

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=self._settings.timeout))
        session = self._session
        return await asyncio.gather(*(self._post(session, activation, at) for activation in batch))

    async def close(self) -> None:
        """Lets go of the connections; the next `deliver` opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, session: ClientSession, activation: Activation, at: int) -> Outcome:
        body = body_of(activation, self._settings.body)
        if isinstance(body, Refused):
            return body
        headers = {"Content-Type": self._settings.content_type, **dict(self._settings.headers),
                   **headers_of(activation.activation_id, body, self._settings.key, at)}
        try:
            async with session.post(self._settings.url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.content.read(READ)
                return outcome_of(answer.status, answer.headers.get("Retry-After"), at,
                                  reference=answer.headers.get("X-Request-Id"))
        except TimeoutError:
            return Deferred(why=f"no answer within {self._settings.timeout:g} s")
        except (ClientError, OSError) as failure:
            return Deferred(why=f"connection: {type(failure).__name__}")
