"""Answers each request once: a repetition does nothing, and gets the receipt of the first.

Clients retry, and topics are replayed after an outage. A second split would be refused, because the identifiers have left,
and a second `suppress` would undo a later `unsuppress`."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from streams.core.context import Context
from streams.core.endings import Reported
from streams.core.intervals import DAY_MS
from streams.core.messages import Sent
from streams.core.requests import Petition, Receipt, Split, Suppress
from streams.core.tables import ANSWER

REMEMBERED_FOR = 30 * DAY_MS
"""Longer than the topic keeps requests, so that a replay of all of it finds every answer. By the wall clock, because after
an outage a request may be of long ago, and its answer is under way now."""
GIVEN_UP_AFTER = 12 * REMEMBERED_FOR
"""Far longer than a profile waits for its parts: what was to answer has been lost."""
UNANSWERED = ("who was asked has not answered for 360 days: a message between tasks is lost; look for it among the dead "
              "letters of that time, and ask again under another id")
R = TypeVar("R", Split, Suppress, Petition)


@dataclass(slots=True)
class Pending:
    """Stands in for a receipt that is written when a profile has done its part. places: what is done by then."""

    profile_id: str
    places: dict[str, int]


def place(context: Context, request: Split | Suppress | Petition) -> str:
    """The key under which the receipt is kept. A request of the same id with other contents is another request: to take it
    for a repetition would be to ignore it."""
    return context.profile_id("\x00".join(("request", *request.question)))


def once(context: Context, request: R, at: int, act: Callable[[Context, R, int], list[Sent | Pending]]) -> list[Sent]:
    """What `act` does for the first such request, and the kept receipt for a repetition. `act` must give one receipt, now or
    as `Pending`."""
    tables, key = context.tables, place(context, request)
    known = tables.receipts.get(key)
    if known is not None:
        return [known] if known.outcome else []
    sends = act(context, request, at)
    (receipt,) = [_receipt(request, sent, at) for sent in sends if isinstance(sent, Receipt | Pending)]
    tables.receipts.put(key, receipt)
    tables.timers.arm(max(at, context.wall) + REMEMBERED_FOR, ANSWER, key)
    return [sent for sent in sends if not isinstance(sent, Pending)]


def _receipt(request: Split | Suppress | Petition, said: Receipt | Pending, at: int) -> Receipt:
    if isinstance(said, Receipt):
        return said
    action, *_ = request.question
    return Receipt(request.request_id, action, said.profile_id, said.places, at, outcome="")


def reported(context: Context, message: Reported, at: int) -> list[Sent]:
    """A profile has done its part: the receipt is written."""
    pending = context.tables.receipts.get(message.receipt)
    if pending is None or pending.outcome:
        return []
    done = replace(pending, places={**pending.places, **message.places}, outcome="done", at=at)
    context.tables.receipts.put(message.receipt, done)
    return [done]


def due(context: Context, key: str, at: int) -> list[Sent]:
    """The timer: nobody can repeat the request any more. A pending receipt stays as long as a profile may wait for its
    parts."""
    tables = context.tables
    receipt = tables.receipts.get(key)
    if receipt is None or receipt.outcome:
        tables.receipts.delete(key)
        return []
    tables.timers.arm(max(at, context.wall) + REMEMBERED_FOR, ANSWER, key)
    if at - receipt.at < GIVEN_UP_AFTER:
        return []
    refused = replace(receipt, outcome="refused", reason=UNANSWERED, at=at)
    tables.receipts.put(key, refused)
    return [refused]
