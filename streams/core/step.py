"""Which stage takes a message, and which a timer that is due."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from streams.core import (
    arrival,
    barring,
    erasing,
    expiry,
    exporting,
    forwarding,
    handover,
    lapsing,
    messages,
    profiling,
    receipts,
    retention,
    sequencer,
    splitting,
    suppression,
    vacating,
)
from streams.core.campaigns import history
from streams.core.context import Context
from streams.core.endings import Bar, Expire, Forget, Keep, Report, Reported, Vacate, Wipe
from streams.core.messages import Command, Sent
from streams.core.requests import Announce, Asked, Petition, Split, Suppress, Suppressing
from streams.core.tables import ANSWER, EVENTS, EXPIRY, FORWARD, MESSAGES, RULE, VACANT, VIEW


def step(context: Context, message: Command, at: int) -> list[Sent]:
    """What `message` causes at the instant `at`, besides its changes to the context's tables.

    Deterministic and total: the same tables, definitions, message and instant give the same result, and no message that
    `Intake` or a stage has built makes it raise."""
    match message:
        case messages.Arrive():
            return arrival.arrive(context, message, at)
        case messages.Deliver():
            return profiling.deliver(context, message, at)
        case messages.Visit():
            return arrival.visit(context, message, at)
        case messages.Decide():
            return sequencer.decide(context, message, at)
        case messages.Point():
            return arrival.point(context, message, at)
        case messages.Release():
            return handover.release(context, message, at)
        case messages.Adopt():
            return handover.adopt(context, message, at)
        case messages.Cut():
            return handover.cut(context, message, at)
        case messages.Resolve():
            return arrival.resolve_alias(context, message, at)
        case _:
            return _request_or_end(context, message, at)


def _request_or_end(
    context: Context, message: (Split | Announce | Asked | Suppress | Suppressing | Petition | Report | Reported
                                | Expire | Keep | Forget | Vacate | Wipe | Bar), at: int,
) -> list[Sent]:
    """What somebody asked for, and how a profile ends: rare beside events."""
    match message:
        case Asked():
            return suppression.asked(context, message, at)
        case Suppress():
            return suppression.suppress(context, message, at)
        case Suppressing():
            return suppression.tell_owner(context, message, at)
        case Split():
            return splitting.split(context, message, at)
        case Announce():
            return splitting.announce(context, message, at)
        case Petition():
            return receipts.once(context, message, at, erasing.decide if message.action == "erase" else exporting.decide)
        case Report():
            return exporting.report(context, message)
        case Reported():
            return receipts.reported(context, message, at)
        case Wipe():
            return erasing.wipe(context, message, at)
        case Bar():
            return barring.bar(context, message)
        case Expire():
            return expiry.decide(context, message)
        case Keep():
            return expiry.keep(context, message)
        case Forget():
            return expiry.go(context, message)
        case Vacate():
            return vacating.leave(context, message)
        case _:
            assert_never(message)


def fire(context: Context, due: int, cause: str, key: str) -> list[Sent]:
    """What a timer of this cause causes at `due`, the instant it was armed for, however late it fires."""
    return _DUE[cause](context, key, due)


_DUE: Mapping[str, Callable[[Context, str, int], list[Sent]]] = {
    RULE: lapsing.due, VIEW: lapsing.view_due, EXPIRY: expiry.due, EVENTS: retention.due, MESSAGES: history.due,
    FORWARD: forwarding.due, VACANT: vacating.due, ANSWER: receipts.due}
