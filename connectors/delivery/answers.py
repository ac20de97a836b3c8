"""What an HTTP status says about an activation: the same for every destination that speaks HTTP (RFC 9110)."""
from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

from connectors.delivery.outcomes import Deferred, Delivered, Outcome, Refused

LATER = frozenset({408, 409, 425, 429})
TO_MEND = frozenset({401, 403, 404, 405, 407})
"""Says that address or credentials are wrong, not this activation: it waits until the operator has mended them."""


def outcome_of(status: int, retry_after: str | None, at: int, *, reference: str | None = None) -> Outcome:
    """A redirection is not followed: signature and credentials are for one address, so it is the operator's to mend."""
    if 200 <= status < 300:
        return Delivered(reference=reference)
    if status >= 500 or status in LATER:
        return Deferred(why=f"HTTP {status}", until=instant_of(retry_after, at))
    if status < 400 or status in TO_MEND:
        return Deferred(why=f"HTTP {status}", until=instant_of(retry_after, at), to_mend=True)
    return Refused(why=f"HTTP {status}")


def instant_of(retry_after: str | None, at: int) -> int | None:
    """Of `Retry-After`, which is seconds or an HTTP date (10.2.3); None where it is neither."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return at + int(text) * 1000
    try:
        date = parsedate_to_datetime(text)
        return int(date.replace(tzinfo=date.tzinfo or UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
