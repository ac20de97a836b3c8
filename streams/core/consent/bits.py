"""Bits of the IAB's base64url texts, as they are read one field after the other.

A whole text becomes one integer, so that a field is a shift and a mask; a bit list would cost a hundred times that."""
from __future__ import annotations

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
LONGEST = 16_384
"""Letters of one segment: all 65,535 vendors as a bitfield take 10,923."""


class Malformed(ValueError):
    """The text is not what its specification says. The argument is a reason of a closed list, without any part of it."""


class Bits:
    """A cursor over the bits of a text, most significant first. Every read raises Malformed beyond the end."""

    __slots__ = ("_at", "_length", "_number")

    def __init__(self, text: str) -> None:
        text = text.rstrip("=")
        if len(text) > LONGEST:
            raise Malformed("too long")
        number = 0
        for letter in text:
            value = _VALUES.get(letter)
            if value is None:
                raise Malformed("not base64url")
            number = number << 6 | value
        self._number, self._length, self._at = number, len(text) * 6, 0

    def skip(self, width: int) -> None:
        self.whole(width)

    def whole(self, width: int) -> int:
        """The next `width` bits as an unsigned integer."""
        self._at += width
        if self._at > self._length:
            raise Malformed("ends too early")
        return self._number >> (self._length - self._at) & ((1 << width) - 1)

    def flag(self) -> bool:
        return self.whole(1) == 1

    def members(self, width: int) -> frozenset[int]:
        """A bitfield: the places, counted from 1, whose bit is set."""
        field = self.whole(width)
        return frozenset(place for place in range(1, width + 1) if field >> (width - place) & 1)

    def fibonacci(self) -> int:
        """An integer of at least 1 in Fibonacci coding, which ends with two set bits."""
        total, one, two, was_set = 0, 1, 2, False
        while True:
            is_set = self.flag()
            if is_set and was_set:
                return total
            if one > LONGEST:
                raise Malformed("number out of range")
            total += one if is_set else 0
            one, two, was_set = two, one + two, is_set
