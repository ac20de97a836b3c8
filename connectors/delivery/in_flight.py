"""What was taken and is not settled yet: in order for each identifier, which waits for no other's retry while there is room.

Order matters: an `exited` that overtakes a deferred `entered` would leave the person in the audience.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile

from connectors.delivery.activation import Activation
from connectors.delivery.contract import Place, Taken
from connectors.delivery.progress import CAPACITY, Mark, OpenOffsets


@dataclass(slots=True, kw_only=True)
class Pending:
    """`due_at` is epoch ms, and so is `deferred_at`, when it was last deferred. `passed_over`: how often a removal that is
    old enough to be given up was deferred though others were taken since. `is_alone`: the connector failed on a call with
    it, so from then on it is called with this one alone: others would be sent again with every failure."""

    place: Place
    activation: Activation
    due_at: int
    attempt: int = 0
    deferred_at: int = 0
    passed_over: int = 0
    is_alone: bool = False


class InFlight:
    """Pure: no clock, no waiting."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[Pending]] = {}
        self._offsets: dict[int, OpenOffsets] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def room(self) -> int:
        return CAPACITY - self._size

    def add(self, taken: Taken, at: int) -> None:
        pending = Pending(place=taken.place, activation=taken.activation, due_at=at)
        self._lines.setdefault(taken.activation.identifier, deque()).append(pending)
        self._of(taken.place).take(taken.place.offset)
        self._size += 1

    def skip(self, place: Place) -> None:
        """Taken, and nothing to be done about it."""
        offsets = self._of(place)
        offsets.take(place.offset)
        offsets.settle(place.offset)

    def due(self, at: int, most: int) -> list[Pending]:
        """Up to `most` that may go now, those first that have waited longest: of each identifier the oldest only."""
        return sorted((head for head in self._heads() if head.due_at <= at), key=lambda head: head.due_at)[:most]

    def batch(self, at: int, most: int) -> list[Pending]:
        """Of those that are due, what one call may be about."""
        due = self.due(at, most)
        return due[:1] if due and due[0].is_alone else list(takewhile(lambda pending: not pending.is_alone, due))

    def settle(self, pending: Pending) -> None:
        line = self._lines[pending.activation.identifier]
        line.popleft()
        if not line:
            del self._lines[pending.activation.identifier]
        self._of(pending.place).settle(pending.place.offset)
        self._size -= 1

    def next_due(self) -> int | None:
        """When the first may go; None while there is nothing."""
        return min((head.due_at for head in self._heads()), default=None)

    def marks(self) -> Mapping[int, Mark]:
        return {partition: offsets.mark() for partition, offsets in self._offsets.items()}

    def _heads(self) -> Iterator[Pending]:
        return (line[0] for line in self._lines.values())

    def _of(self, place: Place) -> OpenOffsets:
        return self._offsets.setdefault(place.partition, OpenOffsets(place.offset))
