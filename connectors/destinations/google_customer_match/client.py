"""The connection to Google: a request for each list that a batch adds to, and one for each that it removes from.

Both are idempotent there, so a request whose answer was lost is sent again without harm.
"""
from __future__ import annotations

from collections.abc import Sequence

from connectors.delivery import Activation, Deferred, Outcome, Refused
from connectors.delivery.asking import Http
from connectors.delivery.halving import list_by_list
from connectors.destinations.google_customer_match.mapping import MOST, Member, body_of, member_of, read_answer
from connectors.destinations.google_customer_match.settings import GoogleSettings
from connectors.destinations.google_customer_match.signing_in import SigningIn


class GoogleConnector:
    def __init__(self, settings: GoogleSettings) -> None:
        self._settings = settings
        self._http = Http(settings.timeout)
        self._signing_in = SigningIn(settings, self._http)

    @property
    def most(self) -> int:
        return MOST

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        members = [member_of(activation, self._settings.lists) for activation in batch]
        known = sorted((each for each in members if isinstance(each, Member)), key=lambda member: member.list)
        outcomes = await list_by_list(known, lambda part: self._told(part, at))
        return [each if isinstance(each, Refused) else outcomes[each.activation_id] for each in members]

    async def close(self) -> None:
        await self._http.close()

    async def _told(self, members: Sequence[Member], at: int) -> Outcome | None:
        """One outcome for all of them; None where it is not the same for all."""
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
