"""A request that comes again does nothing and gets its first receipt.

Whoever asks may ask twice: a client retries, a topic is replayed after an outage. A second split would be refused, because
the identifiers have left, and a second suppression would undo a later lifting; both answers would be wrong.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from streams.core.context import Context
from streams.core.messages import Sent
from streams.core.requests import Receipt, Split, Suppress
from streams.core.tables import ANSWER

REMEMBERED_FOR = 30 * 86_400_000
"""Longer than the topic keeps requests, so that a replay of all of it finds every answer."""
R = TypeVar("R", Split, Suppress)


def once(context: Context, request: R, at: int, act: Callable[[Context, R, int], list[Sent]]) -> list[Sent]:
    """What `act` does for the first request of its kind; it must give one receipt. The same id with other contents is
    another request: to take it for a repetition would be to ignore it."""
    tables = context.tables
    key = context.profile_id("\x00".join(("request", *request.question)))
    known = tables.receipts.get(key)
    if known is not None:
        return [known]
    sends = act(context, request, at)
    (receipt,) = [sent for sent in sends if isinstance(sent, Receipt)]
    tables.receipts.put(key, receipt)
    tables.timers.arm(at + REMEMBERED_FOR, ANSWER, key)
    return sends


def forget(context: Context, key: str) -> list[Sent]:
    """Its time is over."""
    context.tables.receipts.delete(key)
    return []
