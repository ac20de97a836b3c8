"""US privacy strings, version 1: four letters. Source: IAB Tech Lab, "U.S. Privacy String" (deprecated by GPP, still sent).

Its one opt-out is of *sale*."""
from __future__ import annotations

import re

from streams.core.consent.bits import Malformed
from streams.core.consent.gpp import Activity

_FORM = re.compile(r"1[YNyn-][YNyn-][YNyn-]")


def decode(text: str) -> dict[Activity, bool]:
    """Whether sale is permitted; empty where the law does not apply. Raises Malformed."""
    if _FORM.fullmatch(text) is None:
        raise Malformed("not version 1")
    opted_out = text[2].upper()
    return {} if opted_out == "-" else {Activity.SALE: opted_out == "N"}
