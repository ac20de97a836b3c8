"""Phone numbers, so that messages and lists of members spell them alike. Not in core: numbering plans are a package."""
from __future__ import annotations

import phonenumbers


def phone_number(text: str) -> str | None:
    """E.164 of a number in international form; None where it is none."""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
