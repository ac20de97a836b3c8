"""The connection to Google: a request for each list that a batch adds to, and one for each that it removes from.

Both are idempotent there, so a request whose answer was lost is sent again without harm.
"""
from __future__ import annotations

from collections.abc import Sequence

from connectors.delivery import Activation, Deferred, Outcome, Refused
from connectors.delivery.listing import Listing, Member
from connectors.destinations.google_customer_match.mapping import MOST, Identifier, body_of, member_of, read_answer
from connectors.destinations.google_customer_match.settings import GoogleSettings
from connectors.destinations.google_customer_match.signing_in import SigningIn


class GoogleConnector(Listing[Identifier]):
    def __init__(self, settings: GoogleSettings) -> None:
        super().__init__(MOST, settings.timeout)
        self._settings = settings
        self._signing_in = SigningIn(settings, self._http)

    def _member(self, activation: Activation) -> Member[Identifier] | Refused:
        return member_of(activation, self._settings.lists)

    async def _tell(self, members: Sequence[Member[Identifier]], at: int) -> Outcome | None:
        token = await self._signing_in.token(at)
        if isinstance(token, Deferred):
            return token
        method = "ingest" if members[0].list.is_addition else "remove"
        answer = await self._http.ask(
            "POST", f"{self._settings.url}/v1/audienceMembers:{method}", headers={"Authorization": f"Bearer {token}"},
            json=body_of(members, self._settings.account, self._settings.login_account))
        if isinstance(answer, Deferred):
            return answer
        if answer.status == 401:
            self._signing_in.forget()
        return read_answer(answer, len(members), at)
