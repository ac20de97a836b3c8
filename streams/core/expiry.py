"""Ends profiles that nobody comes back to: anonymous ones by default 395 days after their last event was received, known
ones after a time of their own, if one is defined.

A cookie that the identity graph never heard of is known to its own task alone and ends there. A profile that the graph knows
asks the sequencer. Until the answer comes it passes its events on as new evidence, so that each is decided before the end or
after it. Its identifiers then stay undecided for as long as a message can be under way; only after that may a lone profile
begin there again.

Events pay nothing for this: the timer is armed with the profile, and when it fires the timeline says if it was too early."""
from __future__ import annotations

from streams.core.context import Context
from streams.core.endings import Expire, Forget, Keep
from streams.core.forgetting import forget
from streams.core.identifiers import is_anonymous
from streams.core.intervals import DAY_MS
from streams.core.messages import Sent
from streams.core.outputs import IdentityChanged
from streams.core.profile import DUE, ENDED, LEAVING, LINKED, LONE, PERIOD, Profile, home
from streams.core.segments.wording import duration
from streams.core.sequencer import DECISIONS, next_decision
from streams.core.tables import EXPIRY, Entry, Person
from streams.core.vacating import RENAMED, let_go, named_after, rename_others

RENAMING = "the identifier that it was named after is nobody's"
EXPIRY_FIELDS = 2
ASK_AGAIN, ASK_AT_LAST = 60_000, DAY_MS
"""ms after which a profile asks again that could not end: at first, and at most."""


def watch(context: Context, profile: Profile, received_at: int | None = None) -> None:
    """Sees that a timer fires when the profile is to end; mostly there is nothing to do. received_at: of the profile's last
    event; None where the caller does not know, and the timeline is asked."""
    idle, timers = _idle(context, profile), context.tables.timers
    if idle == (profile.expiry[PERIOD] if profile.expiry else None) or profile.standing in ENDED or profile.handovers:
        return
    unwatch(context, profile)
    if idle is not None:
        last = _last(context, profile) if received_at is None else received_at
        profile.expiry = [last + idle, idle]
        timers.arm(last + idle, EXPIRY, profile.key)
    context.tables.profiles.put(profile.key, profile)


def unwatch(context: Context, profile: Profile) -> None:
    """Disarms the timer. What the profile is given now may be older than its last event, so the next `watch` asks the
    timeline. The caller writes the row."""
    if profile.expiry:
        context.tables.timers.disarm(profile.expiry[DUE], EXPIRY, profile.key)
        profile.expiry = []


def is_overdue(profile: Profile, received_at: int) -> bool:
    """Whether an event came after the profile should have ended: timers wait for what is under way elsewhere, so its own has
    yet to fire."""
    return bool(profile.expiry) and profile.expiry[DUE] < received_at


def end_of(context: Context, profile: Profile) -> int | None:
    """When the profile ends if nothing more comes; None if it never does, or must wait for fragments first."""
    idle = _idle(context, profile)
    if idle is None or profile.handovers:
        return None
    return _last(context, profile) + idle


def due(context: Context, key: str, until: int) -> list[Sent]:
    """The timer: ends the profile if that was due by `until` and nothing has come since the timer was armed."""
    profile = context.tables.profiles.get(key)
    if not isinstance(profile, Profile):
        return []
    unwatch(context, profile)
    context.tables.profiles.put(key, profile)
    end = end_of(context, profile)
    if end is None or end > until:
        watch(context, profile)
        return []
    if profile.standing == LONE:
        return _end(context, profile, end)
    profile.standing = LEAVING
    return [Expire(key, profile.created, profile.heard, end, not _is_anonymous(profile))]


def decide(context: Context, message: Expire) -> list[Sent]:
    """At the sequencer. A profile that something was decided about since it asked lives on; else what it owned is
    nobody's."""
    tables, key = context.tables, message.profile
    person = tables.persons.get(key)
    if person is None:
        if tables.nodes.get(key) is not None or key != home(key) or key.startswith(RENAMED):
            return []
        person = Person(created=message.created, identifiers={home(key): message.created})
    if person.decisions != message.heard or all(map(is_anonymous, person.identifiers)) is message.is_known:
        return [Keep(key, message.heard)]
    tables.persons.delete(key)
    owned = sorted({*person.identifiers, *person.former})
    points = [let_go(context, key, identifier, message.at) for identifier in owned]
    others = named_after(context, owned)
    number = next_decision(context) if others else tables.counters.get(DECISIONS) or 0
    named = [] if message.is_known else sorted(person.identifiers)
    audit = IdentityChanged(
        at=message.at, change="erased", profile_id=context.profile_id(key), other_profile_id=None, identifiers=named,
        event_id="", reason=_because(context, is_known=message.is_known), decision=number)
    return [*points, *rename_others(context, others, number, message.at, RENAMING), audit, Forget(key, message.at)]


def keep(context: Context, message: Keep) -> list[Sent]:
    """Not yet: a decision was faster. The profile asks again when it has heard that decision; if it has heard it already, in
    a while, so that nothing goes round in a circle."""
    profile = context.tables.profiles.get(message.profile)
    if isinstance(profile, Profile) and profile.standing == LEAVING:
        profile.standing = LINKED
        context.tables.profiles.put(profile.key, profile)
        if profile.heard != message.heard:
            watch(context, profile)
            return []
        pause = _pause(context, profile)
        watch(context, profile, context.wall + pause - (_idle(context, profile) or 0))
        if profile.expiry:
            profile.expiry.append(pause)
    return []


def _pause(context: Context, profile: Profile) -> int:
    """As long as it is overdue already, so that each pause is twice the one before: a decision that never comes is asked
    about once a day."""
    end = end_of(context, profile)
    return ASK_AGAIN if end is None else min(max(ASK_AGAIN, context.wall - end), ASK_AT_LAST)


def asked_before(profile: Profile) -> bool:
    """Whether it was told to live on because of a decision on its way."""
    return len(profile.expiry) > EXPIRY_FIELDS


def ask_now(context: Context, profile: Profile) -> None:
    """The decision that the profile waited for has come, or some of its events have left: its events say again when it
    ends."""
    context.tables.timers.disarm(profile.expiry[DUE], EXPIRY, profile.key)
    profile.expiry = []
    watch(context, profile)


def go(context: Context, message: Forget) -> list[Sent]:
    """Ends the profile. Its pointers were told before, so only messages that were under way can still find it; they then
    count as new evidence."""
    profile = context.tables.profiles.get(message.profile)
    return _end(context, profile, message.at) if isinstance(profile, Profile) else []


def _end(context: Context, profile: Profile, at: int) -> list[Sent]:
    because = _because(context, is_known=not _is_anonymous(profile))
    return forget(context, profile, max(at, profile.now), "time", because)


def _is_anonymous(profile: Profile) -> bool:
    return all(map(is_anonymous, profile.identifiers))


def _idle(context: Context, profile: Profile) -> int | None:
    definitions = context.plan.definitions
    return definitions.anonymous_expire_after if _is_anonymous(profile) else definitions.known_expire_after


def _last(context: Context, profile: Profile) -> int:
    """When the newest event was received; if there is none, the newest that was forgotten, else when the profile last did
    anything."""
    entries: list[Entry] = context.tables.timeline.entries(profile.key)
    if entries:
        return max(entry.received_at for entry in entries)
    received_at, _ = profile.forgotten or (profile.now, None)
    return received_at


def _because(context: Context, *, is_known: bool) -> str:
    definitions = context.plan.definitions
    idle = definitions.known_expire_after if is_known else definitions.anonymous_expire_after
    return f"{'' if is_known else 'anonymous, and '}no event for {'long' if idle is None else duration(idle)}"
