"""TC strings of the IAB's Transparency & Consent Framework, version 2, policies 2.0 to 2.3.

Source: IAB Tech Lab, "Consent string and vendor list formats v2" (core string, segments), and IAB Europe's TCF Policies:
since 2.2 (policy version 4) no legitimate interest for purposes 3 to 6; since 2.3 (5) vendors must be in the segment of
disclosed vendors."""
from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from streams.core.consent.bits import Bits, Malformed

POLICY_2_2 = 4
POLICY_2_3 = 5
VENDORS_DISCLOSED = 1
_BEFORE_POLICY = (36, 36, 12, 12, 6, 12, 12)
"""Created, last updated, CMP, its version, screen, language, vendor list version."""
_NO_LEGITIMATE_INTEREST = frozenset({3, 4, 5, 6})
_NEVER_LEGITIMATE_INTEREST = frozenset({1})
"""Storing on a device needs consent under every policy."""


class Basis(StrEnum):
    CONSENT = "consent"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Restriction(IntEnum):
    """What a publisher restricts a vendor's purpose to."""

    NOT_ALLOWED = 0
    REQUIRE_CONSENT = 1
    REQUIRE_LEGITIMATE_INTEREST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendors:
    """Vendors by number: `field` has a bit for each of 1 to `width`; `ranges` are inclusive. Neither is written out as a
    set: a hostile string of 12 KB may name the same 65,535 vendors 3,000 times."""

    field: int = 0
    width: int = 0
    ranges: tuple[tuple[int, int], ...] = ()

    def __contains__(self, vendor: int) -> bool:
        if 1 <= vendor <= self.width and self.field >> (self.width - vendor) & 1:
            return True
        return any(first <= vendor <= last for first, last in self.ranges)


@dataclass(frozen=True, slots=True, kw_only=True)
class TcString:
    """Purposes and vendors by their numbers. `disclosed` None: the string has no such segment. `restrictions`:
    (purpose, restriction) -> vendors."""

    policy: int
    special_features: frozenset[int]
    consents: frozenset[int]
    interests: frozenset[int]
    vendor_consents: Vendors
    vendor_interests: Vendors
    restrictions: dict[tuple[int, int], Vendors]
    disclosed: Vendors | None

    def permits(self, purpose: int, basis: Basis, vendor: int | None) -> bool:
        """Whether the purpose may be pursued on that basis, by that vendor (None: nobody in particular)."""
        if basis is Basis.CONSENT:
            return purpose in self.consents and (vendor is None or (
                vendor in self.vendor_consents and self._is_open(purpose, vendor, Restriction.REQUIRE_LEGITIMATE_INTEREST)))
        if purpose in _NEVER_LEGITIMATE_INTEREST or (
                self.policy >= POLICY_2_2 and purpose in _NO_LEGITIMATE_INTEREST):
            return False
        return purpose in self.interests and (vendor is None or (
            vendor in self.vendor_interests and self._is_open(purpose, vendor, Restriction.REQUIRE_CONSENT)))

    def _is_open(self, purpose: int, vendor: int, other_basis: Restriction) -> bool:
        """The vendor was disclosed, and the publisher neither forbids the purpose nor demands another basis."""
        is_disclosed = self.policy < POLICY_2_3 if self.disclosed is None else vendor in self.disclosed
        return is_disclosed and not any(
            vendor in self.restrictions.get((purpose, each), _NOBODY) for each in (Restriction.NOT_ALLOWED, other_basis))


def decode(text: str) -> TcString:
    """Raises Malformed. Segments of vendors allowed and of the publisher's own purposes are not looked at."""
    core, *segments = text.split(".")
    bits = Bits(core)
    if bits.whole(6) != 2:
        raise Malformed("not version 2")
    for width in _BEFORE_POLICY:
        bits.skip(width)
    policy = bits.whole(6)
    bits.skip(2)
    features, consents, interests = bits.members(12), bits.members(24), bits.members(24)
    bits.skip(1 + 12)
    return TcString(
        policy=policy, special_features=features, consents=consents, interests=interests,
        vendor_consents=_vendors(bits), vendor_interests=_vendors(bits), restrictions=_restrictions(bits),
        disclosed=_disclosed(segments))


def _vendors(bits: Bits) -> Vendors:
    width = bits.whole(16)
    return Vendors(ranges=_ranges(bits)) if bits.flag() else Vendors(field=bits.whole(width), width=width)


def _ranges(bits: Bits) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for _ in range(bits.whole(12)):
        is_range, first = bits.flag(), bits.whole(16)
        last = bits.whole(16) if is_range else first
        if last < first:
            raise Malformed("range ends before it starts")
        found.append((first, last))
    return tuple(found)


def _restrictions(bits: Bits) -> dict[tuple[int, int], Vendors]:
    found: dict[tuple[int, int], Vendors] = {}
    for _ in range(bits.whole(12)):
        key = (bits.whole(6), bits.whole(2))
        found[key] = Vendors(ranges=found.get(key, _NOBODY).ranges + _ranges(bits))
    return found


def _disclosed(segments: list[str]) -> Vendors | None:
    for segment in segments:
        bits = Bits(segment)
        if bits.whole(3) == VENDORS_DISCLOSED:
            return _vendors(bits)
    return None


_NOBODY = Vendors()
