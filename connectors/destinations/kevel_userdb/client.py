"""The connection to Kevel: UserDB takes one user a request."""
from __future__ import annotations

from connectors.delivery import Activation, Deferred, Delivered, Outcome, Refused
from connectors.delivery.singly import Singly
from connectors.destinations.kevel_userdb.mapping import change_of, read_answer
from connectors.destinations.kevel_userdb.settings import KevelSettings


class KevelConnector(Singly):
    def __init__(self, settings: KevelSettings) -> None:
        super().__init__(settings.concurrency, settings.timeout)
        self._settings = settings
        self._headers = {"X-Adzerk-ApiKey": settings.key}
        self._has_taken = False
        """Then the address is right: what is not found is a user."""

    async def _tell(self, activation: Activation, at: int) -> Outcome:
        change = change_of(activation, is_hashed=self._settings.is_hashed)
        if isinstance(change, Refused):
            return change
        answer = await self._http.ask(
            change.method, self._settings.interests, params={"userKey": change.user_key}, json=[change.interest],
            headers=self._headers)
        if isinstance(answer, Deferred):
            return answer
        outcome = read_answer(answer, at, is_about_the_user=self._has_taken and change.method == "DELETE")
        self._has_taken |= isinstance(outcome, Delivered)
        return outcome
