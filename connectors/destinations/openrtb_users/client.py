"""The connection to an exchange: one user a request."""
from __future__ import annotations

from connectors.delivery import Activation, Deferred, Outcome, Refused
from connectors.delivery.answers import outcome_of
from connectors.delivery.singly import Singly
from connectors.destinations.openrtb_users.mapping import body_of
from connectors.destinations.openrtb_users.settings import OpenRtbSettings

VERSION = {"x-openrtb-version": "2.6"}


class OpenRtbConnector(Singly):
    def __init__(self, settings: OpenRtbSettings) -> None:
        super().__init__(settings.concurrency, settings.timeout)
        self._settings = settings

    async def _tell(self, activation: Activation, at: int) -> Outcome:
        body = body_of(activation, self._settings.provider)
        if isinstance(body, Refused):
            return body
        headers = {**dict(self._settings.headers), **VERSION, "Idempotency-Key": activation.activation_id}
        answer = await self._http.ask("POST", self._settings.url, json=body, headers=headers)
        if isinstance(answer, Deferred):
            return answer
        return outcome_of(answer.status, answer.retry_after, at, reference=answer.headers.get("X-Request-Id"))
