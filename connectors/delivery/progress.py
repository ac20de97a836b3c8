"""How far a partition is done, when one activation in the middle has to wait for hours.

After a committed offset alone everything behind that one would come again at a restart. So a mark also names what is open
above the offset, as the metadata of Kafka's own offset commit, which is atomic with it. A topic or a database of outcomes
would be a second truth, to be kept in step with the first.
"""
from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field

CAPACITY = 1_000
"""Open activations of a destination. Three bytes each as a rule, so that a mark stays below the broker's 4,096."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Everything below `end` is done, except what is open."""

    end: int
    open: frozenset[int] = frozenset()

    @property
    def offset(self) -> int:
        """Where to read on."""
        return min(self.open, default=self.end)

    def is_done(self, offset: int) -> bool:
        return offset < self.end and offset not in self.open

    def joined(self, other: Mark) -> Mark:
        """What either says is done."""
        shorter, longer = sorted((self, other), key=lambda mark: mark.end)
        return Mark(end=longer.end, open=frozenset(place for place in longer.open if not shorter.is_done(place)))


@dataclass(slots=True)
class OpenOffsets:
    """A partition's open offsets, as they are taken and settled."""

    end: int
    open: set[int] = field(default_factory=set)

    def take(self, offset: int) -> None:
        self.end = max(self.end, offset + 1)
        self.open.add(offset)

    def settle(self, offset: int) -> None:
        self.open.discard(offset)

    def mark(self) -> Mark:
        return Mark(end=self.end, open=frozenset(self.open))


def as_text(mark: Mark) -> str:
    """The mark without its offset, for the metadata of a commit: distances as base-128 numbers, in Base64."""
    places = sorted(mark.open)
    ends = (*places[1:], mark.end) if places else ()
    distances = [after - before for before, after in zip(places, ends, strict=True)]
    return base64.b64encode(b"".join(map(_number, distances))).decode()


def from_text(offset: int, text: str) -> Mark:
    """The mark that was committed. What cannot be read, as after another tool moved the offset, is a plain offset."""
    try:
        distances = list(_numbers(base64.b64decode(text, validate=True)))
    except (binascii.Error, ValueError):
        return Mark(end=offset)
    places = [offset]
    for distance in distances:
        places.append(places[-1] + distance)
    return Mark(end=places[-1], open=frozenset(places[:-1]))


def _number(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _numbers(data: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0
