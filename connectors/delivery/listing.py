"""Destinations that take many people in one request, all for one list, and answer for the whole request: they do not say, or
not reliably, whom they refused. Such a request is halved until those are found."""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

from connectors.delivery.activation import Activation
from connectors.delivery.asking import Http
from connectors.delivery.outcomes import Deferred, Outcome, Refused

REQUESTS = 60
"""For one list in one call; those whom they do not reach are deferred: they come again."""
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class List:
    """What one request may change. Removals sort first: who is in by another address as well, or shares one, stays in."""

    number: str
    is_addition: bool
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Generic[Told]):
    """`value`: what the platform is told, a digest."""

    activation_id: str
    list: List
    value: Told


class Listing(ABC, Generic[Told]):
    """A connector but for the request itself. `most`: people of one; `timeout` in seconds, of each."""

    def __init__(self, most: int, timeout: float) -> None:
        self.most, self._http = most, Http(timeout)

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        found = [self._member(activation) for activation in batch]
        members = sorted((each for each in found if isinstance(each, Member)), key=lambda member: member.list)
        outcomes = await self._outcomes(members, at)
        return [each if isinstance(each, Refused) else outcomes[each.activation_id] for each in found]

    async def close(self) -> None:
        """Lets go of the connections; the next `deliver` opens new ones."""
        await self._http.close()

    async def _outcomes(self, members: Iterable[Member[Told]], at: int) -> dict[str, Outcome]:
        """By activation id. `members` stand in the order of their lists, which are asked about one after the other."""
        found: dict[str, Outcome] = {}
        for _, each in groupby(members, key=lambda member: member.list):
            waiting, requests = [list(each)], REQUESTS
            while waiting:
                part = waiting.pop(0)
                outcome = await self._tell(part, at) if requests else Deferred(why="its request was refused in part")
                requests = max(0, requests - 1)
                if outcome is None:
                    middle = len(part) // 2
                    waiting += [part[:middle], part[middle:]]
                else:
                    found |= dict.fromkeys((member.activation_id for member in part), outcome)
        return found

    @abstractmethod
    def _member(self, activation: Activation) -> Member[Told] | Refused: ...

    @abstractmethod
    async def _tell(self, members: Sequence[Member[Told]], at: int) -> Outcome | None:
        """One request about people of one list: an outcome for all of them, or None where it is not the same for all; never
        None for one alone."""
