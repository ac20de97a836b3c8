"""GPP strings of the IAB's Global Privacy Platform: which sections there are, and what those of the United States say.

Source: IAB Tech Lab, Global-Privacy-Platform, "Consent String Specification" (header, Fibonacci ranges) and the technical
specification of each section. Of a US section only the opt-outs matter here, and they stand at a fixed place near its
beginning: the table has those places, so that later versions that append fields are read as well. Compared field by field
with the texts in Sections/US-National and Sections/US-States of github.com/InteractiveAdvertisingBureau/
Global-Privacy-Platform in November 2026. Maryland, Indiana, Kentucky and Rhode Island (24 to 27) are not here: their texts
are for public comment and begin with a section header of another form."""
from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from streams.core.consent.bits import Bits, Malformed

HEADER, VERSION = 3, 1
TCF_EU, USP = 2, 6
_GPC = 1
_OPTED_OUT, _STAYED_IN = 1, 2


class Activity(StrEnum):
    """What a person in the United States may opt out of."""

    SALE = "sale"
    SHARING = "sharing"
    TARGETED_ADVERTISING = "targeted_advertising"


_STATE = {Activity.SALE: 12, Activity.TARGETED_ADVERTISING: 14}
_WITH_SENSITIVE_NOTICE = {Activity.SALE: 14, Activity.TARGETED_ADVERTISING: 16}
OPT_OUTS: Mapping[int, Mapping[Activity, int]] = {
    7: {Activity.SALE: 18, Activity.SHARING: 20, Activity.TARGETED_ADVERTISING: 22},
    8: {Activity.SALE: 12, Activity.SHARING: 14},
    11: _WITH_SENSITIVE_NOTICE, 18: _WITH_SENSITIVE_NOTICE,
    **dict.fromkeys((9, 10, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23), _STATE),
}
"""Section -> the bit at which each two-bit opt-out begins. 7 national, 8 California, 9 Virginia, 10 Colorado, 11 Utah,
12 Connecticut, 13 Florida, 14 Montana, 15 Oregon, 16 Texas, 17 Delaware, 18 Iowa, 19 Nebraska, 20 New Hampshire,
21 New Jersey, 22 Tennessee, 23 Minnesota."""


def decode(text: str) -> dict[int, str]:
    """Section -> its text, as it stands. Raises Malformed where the header is none, or does not name as many sections as
    follow."""
    header, *texts = text.split("~")
    bits = Bits(header)
    if bits.whole(6) != HEADER or bits.whole(6) != VERSION:
        raise Malformed("not version 1")
    ids: list[int] = []
    last = 0
    for _ in range(bits.whole(12)):
        is_range = bits.flag()
        first = last + bits.fibonacci()
        last = first + bits.fibonacci() if is_range else first
        ids.extend(range(first, last + 1))
        if len(ids) > len(texts):
            break
    if len(ids) != len(texts):
        raise Malformed("header and sections differ")
    return dict(zip(ids, texts, strict=True))


def us_activities(section: int, text: str) -> dict[Activity, bool]:
    """Activity -> permitted, of a US section; what does not apply is absent. The browser's Global Privacy Control
    opts out of all three. Raises Malformed."""
    core, *others = text.split(".")
    found: dict[Activity, bool] = {}
    for activity, place in OPT_OUTS[section].items():
        bits = Bits(core)
        bits.skip(place)
        stated = bits.whole(2)
        if stated == 3:
            raise Malformed("opt-out out of range")
        if stated in (_OPTED_OUT, _STAYED_IN):
            found[activity] = stated == _STAYED_IN
    if any(_is_gpc(other) for other in others):
        return dict.fromkeys(Activity, False)
    return found


def _is_gpc(segment: str) -> bool:
    bits = Bits(segment)
    return bits.whole(2) == _GPC and bits.flag()
