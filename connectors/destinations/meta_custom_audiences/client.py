"""The connection to Meta: a request for each list that a batch changes.

Adding and removing are idempotent there, so a request whose answer was lost is sent again without harm. Meta does not say
which people of a request it did not understand: such a request is halved until they are found.
"""
from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import groupby

from connectors.delivery import Activation, Deferred, Delivered, Outcome, Refused
from connectors.delivery.asking import Http
from connectors.delivery.halving import outcomes_of
from connectors.destinations.meta_custom_audiences.mapping import (
    MOST,
    Person,
    form_of,
    person_of,
    read_answer,
)
from connectors.destinations.meta_custom_audiences.settings import MetaSettings

REQUESTS = 60
"""Requests for one list in one call, while halving; who is not reached by then comes again."""


class MetaConnector:
    def __init__(self, settings: MetaSettings) -> None:
        self._settings = settings
        self._headers = {"Authorization": f"Bearer {settings.token}"}
        self._http = Http(settings.timeout)

    @property
    def most(self) -> int:
        return MOST

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        people = [person_of(activation, self._settings.audiences) for activation in batch]
        known = sorted((each for each in people if isinstance(each, Person)), key=lambda person: person.list)
        audiences = [list(each) for _, each in groupby(known, key=lambda person: person.list.audience)]
        told = await asyncio.gather(*(self._audience(each, at) for each in audiences))
        outcomes = {name: outcome for each in told for name, outcome in each.items()}
        return [each if isinstance(each, Refused) else outcomes[each.activation_id] for each in people]

    async def close(self) -> None:
        await self._http.close()

    async def _audience(self, people: Iterable[Person], at: int) -> dict[str, Outcome]:
        """One list after the other: removals first."""
        outcomes: dict[str, Outcome] = {}
        for _, each in groupby(people, key=lambda person: person.list):
            some = list(each)
            told = await outcomes_of(some, lambda part: self._told(part, at), REQUESTS)
            outcomes |= {person.activation_id: outcome for person, outcome in zip(some, told, strict=True)}
        return outcomes

    async def _told(self, people: Sequence[Person], at: int) -> Outcome | None:
        """One outcome for all of them; None where it is not the same for all."""
        method = "POST" if people[0].list.is_addition else "DELETE"
        url = self._settings.users(people[0].list.audience)
        answer = await self._http.ask(method, url, data=form_of(people), headers=self._headers)
        if isinstance(answer, Deferred):
            return answer
        read = read_answer(answer, len(people), at)
        if isinstance(read, Deferred):
            return read
        if not read.invalid:
            return Delivered()
        return Refused(why="Meta does not take this value") if read.invalid == len(people) else None
