"""The connection to Meta: a request for each list that a batch changes.

Adding and removing are idempotent there, so a request whose answer was lost is sent again without harm. Meta does not say
which people of a request it did not understand: such a request is halved until they are found.
"""
from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby

from connectors.delivery import Activation, Deferred, Delivered, Outcome, Refused
from connectors.delivery.asking import Http
from connectors.delivery.halving import list_by_list
from connectors.destinations.meta_custom_audiences.mapping import MOST, Member, form_of, member_of, read_answer
from connectors.destinations.meta_custom_audiences.settings import MetaSettings


class MetaConnector:
    def __init__(self, settings: MetaSettings) -> None:
        self._settings = settings
        self._headers = {"Authorization": f"Bearer {settings.token}"}
        self._http = Http(settings.timeout)

    @property
    def most(self) -> int:
        return MOST

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        """Audiences side by side; of each, one list after the other, removals first."""
        members = [member_of(activation, self._settings.audiences) for activation in batch]
        known = sorted((each for each in members if isinstance(each, Member)), key=lambda member: member.list)
        audiences = [list(each) for _, each in groupby(known, key=lambda member: member.list.audience)]
        told = await asyncio.gather(*(list_by_list(each, lambda part: self._told(part, at)) for each in audiences))
        outcomes = {name: outcome for each in told for name, outcome in each.items()}
        return [each if isinstance(each, Refused) else outcomes[each.activation_id] for each in members]

    async def close(self) -> None:
        await self._http.close()

    async def _told(self, members: Sequence[Member], at: int) -> Outcome | None:
        """One outcome for all of them; None where it is not the same for all."""
        method = "POST" if members[0].list.is_addition else "DELETE"
        url = self._settings.users(members[0].list.audience)
        answer = await self._http.ask(method, url, data=form_of(members), headers=self._headers)
        if isinstance(answer, Deferred):
            return answer
        read = read_answer(answer, len(members), at)
        if isinstance(read, Deferred):
            return read
        if not read.invalid:
            return Delivered()
        return Refused(why="Meta does not take this value") if read.invalid == len(members) else None
