"""What a profile knows of its messages is kept for a time: when one was sent, which caps count, and how each campaign and
channel decided last. `apply` refuses caps that count over longer than that."""
from __future__ import annotations

from streams.core.context import Context
from streams.core.messages import Sent
from streams.core.profile import DUE, PERIOD, Profile
from streams.core.tables import MESSAGES


def watch(context: Context, profile: Profile) -> None:
    """See that a timer fires when the oldest entry is to go. If one is armed there is nothing to do: what comes later is
    younger."""
    if not profile.recall:
        watch_anew(context, profile)


def watch_anew(context: Context, profile: Profile) -> None:
    """The same, where something older may have come or the definition has changed."""
    kept, timers = context.plan.definitions.messages_expire_after, context.tables.timers
    oldest = min([*(sent for instants in profile.sent.values() for sent in instants),
                  *(at for at, _ in profile.decided.values())], default=None)
    recall = [oldest + kept, kept] if kept is not None and oldest is not None else []
    if recall == profile.recall:
        return
    if profile.recall:
        timers.disarm(profile.recall[DUE], MESSAGES, profile.key)
    if recall:
        timers.arm(recall[DUE], MESSAGES, profile.key)
    profile.recall = recall
    context.tables.profiles.put(profile.key, profile)


def redefined(context: Context, profile: Profile) -> None:
    """A revision may remember messages for another time than before."""
    if context.plan.definitions.messages_expire_after != (profile.recall[PERIOD] if profile.recall else None):
        watch_anew(context, profile)


def due(context: Context, key: str, at: int) -> list[Sent]:
    """The timer: what has been kept for long enough goes. `at`: the instant it was armed for, however late it fires."""
    profile, kept = context.tables.profiles.get(key), context.plan.definitions.messages_expire_after
    if not isinstance(profile, Profile):
        return []
    profile.recall = []
    context.tables.profiles.put(key, profile)
    if kept is not None:
        left = {scope: [sent for sent in instants if sent + kept > at] for scope, instants in profile.sent.items()}
        profile.sent = {scope: instants for scope, instants in left.items() if instants}
        profile.decided = {
            channel: [decided, says] for channel, (decided, says) in profile.decided.items() if decided + kept > at}
    watch_anew(context, profile)
    return []
