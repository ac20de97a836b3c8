"""Lists of identifiers too long to carry about as text: sorted digests of eight bytes each.

A million of them take 8 MB and a search twenty steps; as a set of texts they would be 150 MB in every task. Two identifiers
with the same digest are taken for one: with a million listed and a hundred million people, the chance that anybody at all is
taken for a member is five in a million. The digest is no secret: whoever has an address can see whether it is listed."""
from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

WIDTH = 8
_IS_LITTLE = sys.byteorder == "little"


def digest_of(identifier: str) -> int:
    """The digest of a normalised identifier, the same everywhere."""
    return int.from_bytes(blake2b(identifier.encode("utf-8", "surrogatepass"), digest_size=WIDTH).digest())


_remembered = lru_cache(maxsize=65_536)(digest_of)
"""The same people come back, and are looked up in every list."""


def packed(ascending: Iterable[int]) -> bytes:
    """Digests in ascending order, each once, as bytes: big-endian, one after the other."""
    columns = array("Q", ascending)
    if _IS_LITTLE:
        columns.byteswap()
    return columns.tobytes()


class Digests:
    """A container of identifiers, over what `packed` made."""

    __slots__ = ("_ascending",)

    def __init__(self, data: bytes) -> None:
        self._ascending = array("Q", data)
        if _IS_LITTLE:
            self._ascending.byteswap()

    def __contains__(self, identifier: object) -> bool:
        ascending, digest = self._ascending, _remembered(identifier)
        place = bisect_left(ascending, digest)
        return place < len(ascending) and ascending[place] == digest

    def __len__(self) -> int:
        return len(self._ascending)
