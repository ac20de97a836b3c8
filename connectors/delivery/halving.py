"""Finding whom a platform did not take, when it answers for a whole request and does not say, or not reliably, for whom."""
from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, Protocol, TypeVar

from connectors.delivery.outcomes import Deferred, Outcome

REQUESTS = 60
"""For one list in one call; those whom they do not reach are deferred: they come again."""


class Listed(Protocol):
    """Somebody to be put on a list or taken off it: `list` is what one request may change."""

    @property
    def activation_id(self) -> str: ...

    @property
    def list(self) -> Any: ...


Member = TypeVar("Member", bound=Listed)


async def list_by_list(
    members: Iterable[Member], ask: Callable[[Sequence[Member]], Awaitable[Outcome | None]],
) -> dict[str, Outcome]:
    """By activation id. `members` stand in the order of their lists, which are asked about one after the other. `ask` gives
    one outcome for all whom it is asked about, or None where it is not the same for all; never None for one alone."""
    found: dict[str, Outcome] = {}
    for _, each in groupby(members, key=lambda member: member.list):
        waiting, requests = [list(each)], REQUESTS
        while waiting:
            part = waiting.pop(0)
            outcome = await ask(part) if requests else Deferred(why="its request was refused in part")
            requests = max(0, requests - 1)
            if outcome is None:
                middle = len(part) // 2
                waiting += [part[:middle], part[middle:]]
            else:
                found |= dict.fromkeys((member.activation_id for member in part), outcome)
    return found
