"""The connection to Twilio: one request a message, those of a batch side by side."""
from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import encode_basic_auth

from connectors.delivery import Activation, Deferred, Outcome, Refused
from connectors.delivery.asking import Http
from connectors.destinations.twilio.mapping import form_of, read_answer
from connectors.destinations.twilio.settings import TwilioSettings

MOST = 20


class TwilioConnector:
    def __init__(self, settings: TwilioSettings) -> None:
        self._settings = settings
        self._headers = {"Authorization": encode_basic_auth(settings.account, settings.token)}
        self._http = Http(settings.timeout)

    @property
    def most(self) -> int:
        return MOST

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        return await asyncio.gather(*(self._post(activation, at) for activation in batch))

    async def close(self) -> None:
        """Lets go of the connections; the next `deliver` opens new ones."""
        await self._http.close()

    async def _post(self, activation: Activation, at: int) -> Outcome:
        form = form_of(activation, self._settings.sender, self._settings.callback)
        if isinstance(form, Refused):
            return form
        answer = await self._http.ask("POST", self._settings.messages, data=form, headers=self._headers)
        if isinstance(answer, Deferred):
            return answer
        return read_answer(answer.status, answer.retry_after, answer.body, at)
