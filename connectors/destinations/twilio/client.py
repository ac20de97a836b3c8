"""The connection to Twilio: one request a message, those of a batch side by side."""
from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import ClientError, ClientSession, ClientTimeout, encode_basic_auth

from connectors.delivery import Activation, Deferred, Outcome, Refused
from connectors.destinations.twilio.mapping import form_of, read_answer
from connectors.destinations.twilio.settings import TwilioSettings

MOST = 20
READ = 64 * 1024


class TwilioConnector:
    def __init__(self, settings: TwilioSettings) -> None:
        self._settings = settings
        self._session: ClientSession | None = None

    @property
    def most(self) -> int:
        return MOST

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        if self._session is None:
            credentials = encode_basic_auth(self._settings.account, self._settings.token)
            self._session = ClientSession(timeout=ClientTimeout(total=self._settings.timeout),
                                          headers={"Authorization": credentials})
        session = self._session
        return await asyncio.gather(*(self._post(session, activation, at) for activation in batch))

    async def close(self) -> None:
        """Lets go of the connections; the next `deliver` opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, session: ClientSession, activation: Activation, at: int) -> Outcome:
        form = form_of(activation, self._settings.sender)
        if isinstance(form, Refused):
            return form
        try:
            async with session.post(self._settings.messages, data=form, allow_redirects=False) as answer:
                body = await answer.content.read(READ)
                return read_answer(answer.status, answer.headers.get("Retry-After"), body, at)
        except TimeoutError:
            return Deferred(why=f"no answer within {self._settings.timeout:g} s")
        except (ClientError, OSError) as failure:
            return Deferred(why=f"connection: {type(failure).__name__}")
