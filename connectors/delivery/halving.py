"""Finding whom a platform did not take, when it answers for a whole request and does not say, or not reliably, for whom."""
from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from connectors.delivery.outcomes import Deferred, Outcome

T = TypeVar("T")


async def outcomes_of(
    people: Sequence[T], ask: Callable[[Sequence[T]], Awaitable[Outcome | None]], requests: int,
) -> list[Outcome]:
    """One outcome each, in order. `ask` gives one for all whom it is asked about, or None where it is not the same for
    all; it must not give None for one alone. Those whom `requests` do not reach are deferred: they come again."""
    found: list[Outcome | None] = [None] * len(people)
    waiting = [(0, len(people))]
    while waiting:
        start, end = waiting.pop(0)
        outcome = await ask(people[start:end]) if requests > 0 else Deferred(why="its request was refused in part")
        requests -= 1
        if outcome is None:
            middle = (start + end) // 2
            waiting += [(start, middle), (middle, end)]
        else:
            found[start:end] = [outcome] * (end - start)
    return [outcome for outcome in found if outcome is not None]
