"""The connection to Meta: a request for each list that a batch changes.

Adding and removing are idempotent there, so a request whose answer was lost is sent again without harm.
"""
from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import groupby

from connectors.delivery import Activation, Deferred, Outcome, Refused
from connectors.delivery.listing import Listing, Member
from connectors.destinations.meta_custom_audiences.mapping import MOST, form_of, member_of, read_answer
from connectors.destinations.meta_custom_audiences.settings import MetaSettings


class MetaConnector(Listing[str]):
    def __init__(self, settings: MetaSettings) -> None:
        super().__init__(MOST, settings.timeout)
        self._settings = settings
        self._headers = {"Authorization": f"Bearer {settings.token}"}

    def _member(self, activation: Activation) -> Member[str] | Refused:
        return member_of(activation, self._settings.audiences)

    async def _outcomes(self, members: Iterable[Member[str]], at: int) -> dict[str, Outcome]:
        """Audiences side by side; of each, one list after the other."""
        audiences = [list(each) for _, each in groupby(members, key=lambda member: member.list.number)]
        told = await asyncio.gather(*map(super()._outcomes, audiences, [at] * len(audiences)))
        return {name: outcome for each in told for name, outcome in each.items()}

    async def _tell(self, members: Sequence[Member[str]], at: int) -> Outcome | None:
        method = "POST" if members[0].list.is_addition else "DELETE"
        url = self._settings.users(members[0].list.number)
        answer = await self._http.ask(method, url, data=form_of(members), headers=self._headers)
        return answer if isinstance(answer, Deferred) else read_answer(answer, len(members), at)
