"""What destinations that count calls have in common."""
from __future__ import annotations

import asyncio
from collections.abc import Sequence

from connectors.delivery import Activation, Delivered, Limits, Outcome
from tests.connectors.platforms import changes, run
from tests.connectors.recording import Log


class Counting:
    """Takes ten at a time and remembers when."""

    most = 10

    def __init__(self) -> None:
        self.calls: list[int] = []

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        self.calls.append(at)
        return [Delivered()] * len(batch)

    async def close(self) -> None:
        """Nothing to let go of."""


def test_calls_are_apart_and_what_comes_meanwhile_goes_together() -> None:
    connector, log = Counting(), Log([each for each in changes() if each.change == "entered"][:40])
    asyncio.run(run(connector, log, Limits(apart=50)))
    gaps = [later - earlier for earlier, later in zip(connector.calls, connector.calls[1:], strict=False)]
    assert len(connector.calls) == 4 and min(gaps) >= 50
