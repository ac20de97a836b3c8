"""Consent strings written by hand, bit by bit as text: an encoder that shares nothing with the decoder under test."""
from __future__ import annotations

import base64
from collections.abc import Sequence

Range = tuple[int, int]


def letters(bits: str) -> str:
    """base64url without padding; the bits are filled up with zeros."""
    filled = bits + "0" * (-len(bits) % 24)
    text = base64.urlsafe_b64encode(int(filled, 2).to_bytes(len(filled) // 8, "big")).decode()
    return text[:-(-len(bits) // 6)]


def number(value: int, width: int) -> str:
    return format(value, f"0{width}b")


def places(members: Sequence[int], width: int) -> str:
    return "".join("1" if place in members else "0" for place in range(1, width + 1))


def ranges(found: Sequence[Range]) -> str:
    return number(len(found), 12) + "".join(
        "0" + number(a, 16) if a == b else "1" + number(a, 16) + number(b, 16) for a, b in found)


def vendors(members: Sequence[int] = (), of_ranges: Sequence[Range] | None = None) -> str:
    if of_ranges is not None:
        return number(max((b for _, b in of_ranges), default=0), 16) + "1" + ranges(of_ranges)
    most = max(members, default=0)
    return number(most, 16) + "0" + places(members, most)


def tc_string(
    *, policy: int = 4, consents: Sequence[int] = (), interests: Sequence[int] = (), features: Sequence[int] = (),
    vendor_consents: str = vendors(), vendor_interests: str = vendors(),
    restrictions: Sequence[tuple[int, int, Sequence[Range]]] = (), disclosed: str | None = None,
) -> str:
    core = (
        number(2, 6) + number(0, 72) + number(7, 12) + number(1, 12) + number(1, 6) + number(0, 12) + number(300, 12)
        + number(policy, 6) + "10" + places(features, 12) + places(consents, 24) + places(interests, 24)
        + "0" + number(0, 12) + vendor_consents + vendor_interests + number(len(restrictions), 12)
        + "".join(number(purpose, 6) + number(kind, 2) + ranges(whom) for purpose, kind, whom in restrictions))
    return letters(core) + ("" if disclosed is None else "." + letters("001" + disclosed))


def fibonacci(value: int) -> str:
    terms = [1, 2]
    while terms[-1] <= value:
        terms.append(terms[-1] + terms[-2])
    bits = ""
    for term in reversed(terms[:-1]):
        bits = ("1" if term <= value else "0") + bits
        value -= term if term <= value else 0
    return bits.rstrip("0") + "1"


def gpp_string(sections: dict[int, str]) -> str:
    header, last = number(3, 6) + number(1, 6) + number(len(sections), 12), 0
    for section in sorted(sections):
        header += "0" + fibonacci(section - last)
        last = section
    return "~".join([letters(header), *(sections[section] for section in sorted(sections))])


def us_section(before: int, *opt_outs: int, gpc: bool | None = None) -> str:
    """`before`: how many notices of two bits stand before the opt-outs."""
    core = letters(number(1, 6) + "01" * before + "".join(number(each, 2) for each in opt_outs) + "0" * 40)
    return core if gpc is None else core + "." + letters("01" + ("1" if gpc else "0"))
