"""Profiles that nobody comes back to end: anonymous ones by default 395 days after the last event was received, known ones
after a time of their own, if there is one.

A cookie that the identity graph never heard of is known to its own task alone and ends there. One that the graph knows
asks the sequencer: until the answer it passes its events on as new evidence, so that each is decided before the end or
after it, and none is folded into what is about to go. Its identifiers then stay undecided for as long as a message can
be under way; only after that a lone profile may begin there again.

No event pays for this: the timer is armed with the profile, and when it fires the timeline says whether it was too early.
"""
from __future__ import annotations

from streams.core.context import Context
from streams.core.endings import Expire, Forget, Keep
from streams.core.forgetting import forget
from streams.core.identifiers import is_anonymous
from streams.core.intervals import DAY_MS
from streams.core.messages import IdentityChanged, Sent
from streams.core.profile import ENDED, LEAVING, LINKED, LONE, Profile, home
from streams.core.segments.wording import duration
from streams.core.sequencer import DECISIONS, next_decision
from streams.core.tables import EXPIRY, Entry, Person
from streams.core.vacating import RENAMED, let_go, named_after, rename_others

RENAMING = "the identifier that it was named after is nobody's"
EXPIRY_FIELDS = 2
ASK_AGAIN, ASK_AT_LAST = 60_000, DAY_MS
"""ms after which a profile asks again that could not end: at first, and at most."""


def watch(context: Context, profile: Profile, received_at: int | None = None) -> None:
    """See that the end comes when it is due; at once cheap and mostly nothing to do.

    received_at: of the profile's last event, where the caller knows it; else the timeline is asked."""
    idle, timers = _idle(context, profile), context.tables.timers
    if idle == (profile.expiry[1] if profile.expiry else None) or profile.standing in ENDED or profile.handovers:
        return
    unwatch(context, profile)
    if idle is not None:
        last = _last(context, profile) if received_at is None else received_at
        profile.expiry = [last + idle, idle]
        timers.arm(last + idle, EXPIRY, profile.key)
    context.tables.profiles.put(profile.key, profile)


def unwatch(context: Context, profile: Profile) -> None:
    """What the profile is given may be older than what it went by, if it had no event at all: the next `watch` asks the
    timeline. The caller writes the row."""
    if profile.expiry:
        context.tables.timers.disarm(profile.expiry[0], EXPIRY, profile.key)
        profile.expiry = []


def is_overdue(profile: Profile, received_at: int) -> bool:
    """An event came after the instant of a timer that has yet to fire: timers wait for what is under way elsewhere."""
    return bool(profile.expiry) and profile.expiry[0] < received_at


def end_of(context: Context, profile: Profile) -> int | None:
    """When the profile ends if nothing comes; None if it does not, or must wait for fragments first."""
    idle = _idle(context, profile)
    if idle is None or profile.handovers:
        return None
    return _last(context, profile) + idle


def due(context: Context, key: str, until: int) -> list[Sent]:
    """The profile ends, if it was to end at `until` or before and nothing came since its timer was armed."""
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
    """The sequencer's word: a profile to which something was decided since lives on; else what it owned is nobody's."""
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
    audit = IdentityChanged(message.at, "erased", context.profile_id(key), None, named, "",
                            _because(context, is_known=message.is_known), number)
    return [*points, *rename_others(context, others, number, message.at, RENAMING), audit, Forget(key, message.at)]


def keep(context: Context, message: Keep) -> list[Sent]:
    """Not yet: some decision was faster. It asks again once it has heard that one, else in a while: nothing may go
    round in a circle."""
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
    """As long as it is overdue already, so each is twice the one before: what never comes is asked about once a day."""
    end = end_of(context, profile)
    return ASK_AGAIN if end is None else min(max(ASK_AGAIN, context.wall - end), ASK_AT_LAST)


def asked_before(profile: Profile) -> bool:
    """It was told to live on, because of a decision that was on its way."""
    return len(profile.expiry) > EXPIRY_FIELDS


def ask_now(context: Context, profile: Profile) -> None:
    """What it waited for has come, or events have left: the end is where the events that it has put it."""
    context.tables.timers.disarm(profile.expiry[0], EXPIRY, profile.key)
    profile.expiry = []
    watch(context, profile)


def go(context: Context, message: Forget) -> list[Sent]:
    """The profile goes. Its pointers said so before: nothing finds it any more but what was under way, which is then
    new evidence."""
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
    """When the newest event was received; where there is none, the last that is forgotten, or what the profile did last."""
    entries: list[Entry] = context.tables.timeline.entries(profile.key)
    if not entries:
        return profile.forgotten[0] if profile.forgotten else profile.now
    return max(entry.received_at for entry in entries)


def _because(context: Context, *, is_known: bool) -> str:
    definitions = context.plan.definitions
    idle = definitions.known_expire_after if is_known else definitions.anonymous_expire_after
    return f"{'' if is_known else 'anonymous, and '}no event for {'long' if idle is None else duration(idle)}"
