"""What the engine asks of its two neighbours: where activations come from, and who takes them away."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from connectors.delivery.activation import Activation
from connectors.delivery.outcomes import Outcome
from connectors.delivery.progress import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an activation stands in its source. Offsets of a partition rise, not necessarily by one."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    place: Place
    activation: Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An outcome as it is written down. `attempt` counts since this engine started; `at` is when it was answered."""

    activation: Activation
    destination: str
    outcome: Outcome
    attempt: int
    retry_at: int | None
    at: int


class Connector(Protocol):
    """A destination's protocol. Holds no queue and never tries again by itself: that is the engine's."""

    @property
    def most(self) -> int:
        """The most activations of one call."""
        ...

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        """One outcome for each, in order. Must end by itself; called once at a time. What the connector does not know to
        have arrived is `Deferred`: it is sent again under the same id. If it raises, which is a bug, all come again, one a
        call."""
        ...

    async def close(self) -> None: ...


class Activations(Protocol):
    """Where a destination's activations come from, and where their outcomes are written down."""

    async def take(self, most: int, within: float) -> Sequence[Taken]:
        """The next ones, at most `most`, waiting up to `within` seconds for the first. With `most` 0 it only waits."""
        ...

    async def stay(self) -> None:
        """Says, during a long call, that the reader lives. What has changed meanwhile is told by `settle` or the next
        `take`."""
        ...

    async def settle(self, deliveries: Sequence[Delivery], marks: Mapping[int, Mark]) -> None:
        """Writes the outcomes down, and only then how far each partition is done. What was not settled comes again
        after a restart; what a mark holds as done does not."""
        ...
