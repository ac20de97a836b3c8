"""The connection to Twilio: one request a message."""
from __future__ import annotations

from aiohttp import encode_basic_auth

from connectors.delivery import Activation, Deferred, Outcome, Refused
from connectors.delivery.singly import Singly
from connectors.destinations.twilio.mapping import form_of, read_answer
from connectors.destinations.twilio.settings import TwilioSettings

MOST = 20
"""Requests side by side."""


class TwilioConnector(Singly):
    def __init__(self, settings: TwilioSettings) -> None:
        super().__init__(MOST, settings.timeout)
        self._settings = settings
        self._headers = {"Authorization": encode_basic_auth(settings.account, settings.token)}

    async def _tell(self, activation: Activation, at: int) -> Outcome:
        form = form_of(activation, self._settings.sender, self._settings.callback)
        if isinstance(form, Refused):
            return form
        answer = await self._http.ask("POST", self._settings.messages, data=form, headers=self._headers)
        return answer if isinstance(answer, Deferred) else read_answer(answer, at)
