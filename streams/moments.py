"""Instants and durations as people write them in tests and notebooks, and as messages state them; inside they are ms."""
from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeAlias

import orjson

from streams.core.errors import Rejected
from streams.core.intake import read_instant
from streams.definitions.scalars import milliseconds

Moment: TypeAlias = int | str | datetime
"""Epoch ms, ISO 8601 or a datetime; without a zone: UTC."""
Span: TypeAlias = int | str | timedelta
"""Ms, a duration as in definitions (`3d`), or a timedelta."""
TIMES = ("receivedAt", "timestamp", "sentAt", "originalTimestamp")


def moment(stated: Moment) -> int:
    """Epoch ms. ValueError if it is no time."""
    try:
        return read_instant(stated.isoformat() if isinstance(stated, datetime) else stated, "the moment")
    except Rejected as fault:
        raise ValueError(f"{stated!r}: {fault.reason}") from None


def span(stated: Span) -> int:
    """Ms. ValueError if it is no duration."""
    if isinstance(stated, timedelta):
        return stated // timedelta(milliseconds=1)
    found = milliseconds(stated) if isinstance(stated, str) else stated
    if found is None:
        raise ValueError(f"{stated!r} is no duration; expected ms, a timedelta, or a text such as 90s, 30m, 3h, 7d or 2w")
    return found


def received_at(raw: bytes, otherwise: int) -> int:
    """When a message says that it was received, in ms: the first of TIMES that it states; `otherwise` if it states none, or
    one that is no time."""
    try:
        message = orjson.loads(raw)
        stated = [message[name] for name in TIMES if message.get(name) is not None] if isinstance(message, dict) else []
        return read_instant(stated[0], "receivedAt") if stated else otherwise
    except (orjson.JSONDecodeError, Rejected):
        return otherwise
