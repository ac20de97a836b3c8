"""How a text message travels: in GSM-7 if its alphabet holds every character, else in UCS-2; and in how many parts.

The alphabet is the default one of 3GPP TS 23.038 section 6.2.1 with its extension table, without national language
shift tables: gateways seldom pass those on. Compared in November 2026 with gsm0338/charset.py of github.com/dsch/gsm0338,
which is Unicode's GSM0338.TXT but for 0x09: there 3GPP has the capital Ç, as here. Parts are those of concatenated
messages with an 8-bit reference.
"""
from __future__ import annotations

from dataclasses import dataclass

ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""Position is the code; 0x1B is the escape to the extension table and no character of its own."""
EXTENSION = "\f^{}\\[~]|€"
_ONE, _TWO = frozenset(ALPHABET) - {"\x1b"}, frozenset(EXTENSION)
_SINGLE = {"gsm-7": 160, "ucs-2": 70}
_PART = {"gsm-7": 153, "ucs-2": 67}


@dataclass(frozen=True, slots=True)
class Size:
    """`length` in units of the encoding: septets (GSM-7) or 16-bit units (UCS-2). `segments`: messages billed."""

    encoding: str
    length: int
    segments: int


def size_of(text: str) -> Size:
    """The size of a text as it is sent. A character of two units is never split between parts; an empty text is one."""
    characters = frozenset(text)
    encoding = "gsm-7" if characters <= _ONE | _TWO else "ucs-2"
    units = [_units(character, encoding) for character in text]
    length = sum(units)
    return Size(encoding, length, 1 if length <= _SINGLE[encoding] else _parts(units, _PART[encoding]))


def _units(character: str, encoding: str) -> int:
    if encoding == "gsm-7":
        return 2 if character in _TWO else 1
    return 2 if ord(character) > 0xFFFF else 1


def _parts(units: list[int], room: int) -> int:
    parts, used = 1, 0
    for unit in units:
        if used + unit > room:
            parts, used = parts + 1, 0
        used += unit
    return parts
