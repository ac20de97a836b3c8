"""One message, one step: the dispatch of the pure core."""
from __future__ import annotations

from typing import assert_never

from streams.core import arrival, erasing, expiry, handover, profiling, sequencer, splitting, suppression
from streams.core.context import Context
from streams.core.endings import Bar, Expire, Forget, Keep, Report, Reported, Vacate, Wipe
from streams.core.messages import (
    Adopt,
    Arrive,
    Command,
    Cut,
    Decide,
    Deliver,
    Point,
    Release,
    Resolve,
    Sent,
    Visit,
)
from streams.core.requests import Announce, Asked, Petition, Split, Suppress, Suppressing


def step(context: Context, message: Command, at: int) -> list[Sent]:
    """What `message` causes at the instant `at`, beside its changes to the context's tables.

    Deterministic and total: the same tables, definitions, message and instant give the same result, and no
    message that `Intake` or a stage built raises.
    """
    match message:
        case Arrive():
            return arrival.arrive(context, message, at)
        case Deliver():
            return profiling.deliver(context, message, at)
        case Visit():
            return arrival.visit(context, message, at)
        case Decide():
            return sequencer.decide(context, message, at)
        case Split():
            return splitting.split(context, message, at)
        case Announce():
            return splitting.announce(context, message, at)
        case Point():
            return arrival.point(context, message, at)
        case Release():
            return handover.release(context, message, at)
        case Adopt():
            return handover.adopt(context, message, at)
        case Cut():
            return handover.cut(context, message, at)
        case Resolve():
            return arrival.resolve_alias(context, message, at)
        case Asked() | Suppress() | Suppressing():
            return suppression.agree(context, message, at)
        case Expire() | Keep() | Forget() | Vacate():
            return expiry.agree(context, message)
        case Petition() | Bar() | Wipe() | Report() | Reported():
            return erasing.agree(context, message, at)
        case _:
            assert_never(message)
