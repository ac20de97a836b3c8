"""The webhook's connection."""
from __future__ import annotations

from connectors.delivery import Activation, Deferred, Outcome, Refused
from connectors.delivery.answers import outcome_of
from connectors.delivery.singly import Singly
from connectors.destinations.http.mapping import body_of, headers_of
from connectors.destinations.http.settings import HttpSettings


class HttpConnector(Singly):
    def __init__(self, settings: HttpSettings) -> None:
        super().__init__(settings.concurrency, settings.timeout)
        self._settings = settings

    async def _tell(self, activation: Activation, at: int) -> Outcome:
        body = body_of(activation, self._settings.body)
        if isinstance(body, Refused):
            return body
        headers = {"Content-Type": self._settings.content_type, **dict(self._settings.headers),
                   **headers_of(activation.activation_id, body, self._settings.key, at)}
        answer = await self._http.ask("POST", self._settings.url, data=body, headers=headers)
        if isinstance(answer, Deferred):
            return answer
        return outcome_of(answer.status, answer.retry_after, at, reference=answer.headers.get("X-Request-Id"))
