"""The stage that folds events into profiles, and says what they change."""
from __future__ import annotations

from collections.abc import Iterable

from streams.core import bounds, campaigns, expiry, retention, telling
from streams.core.campaigns import history
from streams.core.campaigns.local_time import zone as time_zone
from streams.core.consent.merging import announce, expect, forget_announced, hold_back
from streams.core.context import Context
from streams.core.events import Event
from streams.core.intervals import BEGINNING
from streams.core.messages import Decide, Deliver, Sent, Visit
from streams.core.profile import ENDED, ERASED, LINKED, LONE, Forward, Fragment, Profile, fragment_key, home, split_key
from streams.core.segments import evaluate
from streams.core.segments.folding import fold
from streams.core.tables import RULE, VIEW, Entry, Tables
from streams.core.upgrade import bring_up_to_date

TRIM_EVERY = 512


def begin(context: Context, key: str, created: int) -> Profile:
    """A profile that owns nothing but the identifier it is named after."""
    profile = Profile(key, context.profile_id(key), created)
    profile.identifiers[home(key)] = [0, BEGINNING]
    context.tables.profiles.put(key, profile)
    return profile


def next_visit(event: Event, pending: tuple[str, ...], visits: dict[str, int | None]) -> Sent:
    """New evidence goes to the next home it must visit, and after the last to the sequencer."""
    return Visit(event, pending, visits) if pending else Decide(event, visits)


def deliver(context: Context, message: Deliver, at: int) -> list[Sent]:
    """Fold the event in if this profile has all the identifiers that it names; the strongest too, which may have moved on
    while the event was under way."""
    event, row = message.event, context.tables.profiles.get(message.profile)
    if isinstance(row, Forward):
        message.profile = row.to
        return [message]
    if message.decided:
        return take(context, row or _begin_decided(context, message), message.fragment, event, at, message)
    if row is not None and expiry.is_overdue(row, event.received_at):
        return [*end_overdue(context, row, event.received_at), message]
    if row is None or not is_known(row, event) or _is_of_an_older_ownership(row, message):
        alone = mark_linked(context.tables, row) if row is not None and is_own(row, event.subject) else None
        sends = withdraw_early(context, row, event, at) if row is not None and event.consent else []
        return [*sends, next_visit(event, event.identifiers[1:], {event.subject: alone})]
    return take(context, row, message.fragment, event, at)


def take(
    context: Context, profile: Profile, fragment: str, event: Event, at: int, decision: Deliver | None = None,
) -> list[Sent]:
    """The event is this profile's own: fold it in, and say what it changes.

    decision: the sequencer's, which came with the event; None for nearly every event, as it says nothing new about who this
    is. Half a person is brought up to date with the other half."""
    if at < profile.now:
        at = profile.now
    is_stale, is_half = profile.edition != context.edition, decision is not None and bool(decision.expects)
    is_behind = not is_half if is_stale else 0 < profile.timer_at < at
    if is_stale and event.consent:
        hold_back(profile, event)
    sends = catch_up(context, profile, at) if is_behind else []
    if decision is not None:
        _note_decision(profile, decision)
    is_first = not profile.fragments
    touched = fold_in(context, profile, fragment, event, at)
    if (decision is not None or is_stale) and event.consent:
        forget_announced(profile)
    if bounds.add(context, profile, event):
        told, lost = bounds.curtail(context, profile, at)
        sends, touched = [*sends, *told], [*touched, *lost]
    if profile.handovers or is_half:
        sends += campaigns.postpone(context, profile, event, at)
        sends += settle(context, profile, at)
    else:
        sends += judge(context, profile, event, touched, is_first)
        if is_first:
            expiry.unwatch(context, profile)
            expiry.watch(context, profile, event.received_at)
        if decision is not None and decision.gained:
            sends += campaigns.identifiers_changed(context, profile, at)
            expiry.watch(context, profile, event.received_at)
    if decision is not None and expiry.asked_before(profile):
        expiry.ask_now(context, profile)
    arm(context, profile)
    return sends


def is_known(profile: Profile, event: Event) -> bool:
    """Whether all identifiers that the event names are this profile's, as of the event's time."""
    if profile.standing in ENDED:
        return False
    identifiers, moment = profile.identifiers, event.event_time
    for identifier in event.identifiers:
        owned = identifiers.get(identifier)
        if owned is None or owned[1] > moment:
            return False
    return True


def _is_of_an_older_ownership(profile: Profile, message: Deliver) -> bool:
    """Whether the strongest identifier left and came back while the event was under way: the event belongs to the later
    ownership then."""
    subject = message.event.subject
    return message.fragment != fragment_key(subject, profile.identifiers[subject][0])


def is_own(profile: Profile, identifier: str) -> bool:
    """Whether the profile is named after the identifier and still has it: a split or a move may leave it the name only."""
    return profile.key == identifier in profile.identifiers


def own_profile(tables: Tables, identifier: str) -> Profile | None:
    """The profile that is named after the identifier and still has it, at the identifier's home."""
    row = tables.profiles.get(identifier)
    return row if isinstance(row, Profile) and is_own(row, identifier) else None


def withdraw_early(context: Context, profile: Profile, event: Event, at: int) -> list[Sent]:
    """What the event withdraws is withdrawn before it is decided whose else it is: others may be decided meanwhile."""
    if not announce(profile, event):
        return []
    context.tables.profiles.put(profile.key, profile)
    if profile.handovers or profile.standing in ENDED:
        return []
    at = max(at, profile.now)
    sends = catch_up(context, profile, at)
    profile.now = at
    sends += campaigns.consent_changed(context, profile, at)
    arm(context, profile)
    return sends


def _begin_decided(context: Context, message: Deliver) -> Profile:
    profile = begin(context, message.profile, message.created)
    profile.identifiers.clear()
    profile.standing = LINKED
    return profile


def mark_linked(tables: Tables, profile: Profile) -> int:
    """Note that the sequencer is about to hear of a lone profile, which must not end on its own from now on. Returns when it
    was created."""
    if profile.standing == LONE:
        profile.standing = LINKED
        tables.profiles.put(profile.key, profile)
    return profile.created


def _note_decision(profile: Profile, message: Deliver) -> None:
    """What the sequencer decided about this profile: what it gained, and whose fragments to expect."""
    profile.heard += 1
    profile.identifiers.update(message.gained)
    profile.suppressed.update(message.suppressed)
    expect(profile, message.expects)


def catch_up(context: Context, profile: Profile, at: int) -> list[Sent]:
    """Everything that new definitions and time alone have changed before `at`, each change at its own instant."""
    sends: list[Sent] = []
    if profile.edition != context.edition and profile.fragments:
        sends += bring_up_to_date(context, profile, at)
    if profile.timer_at and profile.timer_at < at:
        sends += lapse(context, profile, at - 1)
    return sends


def lapse(context: Context, profile: Profile, until: int) -> list[Sent]:
    """The changes that time alone makes, up to and including `until`."""
    sends: list[Sent] = []
    if profile.handovers:
        return sends
    due = next_due(profile)
    while due is not None and due <= until:
        instant = max(due, profile.now)
        profile.now = instant
        changes = evaluate.lapse(context.plan, profile, instant)
        if changes:
            sends += telling.tell(context, profile, changes, "time", instant)
        if profile.held:
            sends += campaigns.release_held(context, profile, instant)
        due = next_due(profile)
    return sends


def end_overdue(context: Context, profile: Profile, received_at: int) -> list[Sent]:
    """What time has done to the profile before the event, as if its timers had fired in time. Afterwards it is not
    overdue."""
    end = expiry.end_of(context, profile)
    is_over = end is not None and end < received_at and profile.edition == context.edition
    sends = lapse(context, profile, end) if is_over and end is not None else []
    return sends + expiry.due(context, profile.key, received_at - 1)


def next_due(profile: Profile) -> int | None:
    """When time alone does something next: a leaf may change, or a held message is due."""
    due = evaluate.next_due(profile)
    if not profile.held:
        return due
    held: int = min(row[0] for row in profile.held)
    return held if due is None else min(due, held)


def fold_in(context: Context, profile: Profile, key: str, event: Event, at: int) -> Iterable[str]:
    """Add the event to its fragment; returns the leaves to judge again."""
    tables, fragment = context.tables, profile.fragments.get(key)
    if fragment is None:
        fragment = profile.fragments[key] = Fragment(*split_key(key))
    count(fragment, event)
    tables.timeline.append(profile.key, Entry(
        event.arrival, event.event_time, event.received_at, key, event.identifiers, event.raw))
    if not profile.aging:
        retention.watch(context, profile, event.arrival)
    if fragment.events % TRIM_EVERY == 0:
        tables.timeline.trim(profile.key)
    profile.now = at
    tables.profiles.put(profile.key, profile)
    return fold(context.plan, fragment, event, is_alone=len(profile.fragments) == 1)


def judge(context: Context, profile: Profile, event: Event, touched: Iterable[str], is_first: bool) -> list[Sent]:
    """What the event that was just folded in changes."""
    at, plan = profile.now, context.plan
    if is_first:
        changes = evaluate.create(plan, profile, touched, at, event.message_id)
        profile.edition = context.edition
    elif touched:
        changes = evaluate.refresh(plan, profile, touched, at, event.message_id)
    else:
        changes = []
    sends = telling.tell(context, profile, changes, "event", at, event) if changes else []
    if event.consent:
        sends += campaigns.consent_changed(context, profile, at)
    if plan.definitions.campaigns and not changes:
        sends += campaigns.event_happened(context, profile, event, at)
    return sends


def count(fragment: Fragment, event: Event) -> None:
    """Counters and identifiers seen: what every event adds, whatever the rules are."""
    moment = event.event_time
    if not fragment.events:
        fragment.first_seen = fragment.last_seen = moment
    elif moment > fragment.last_seen:
        fragment.last_seen = moment
    elif moment < fragment.first_seen:
        fragment.first_seen = moment
    fragment.events += 1
    if "timezone" in event.context:
        zone = event.context["timezone"]
        is_newest = not fragment.time_zone or moment >= fragment.time_zone[1]
        if is_newest and isinstance(zone, str) and time_zone(zone):
            fragment.time_zone = [zone, moment]
    for identifier in event.identifiers:
        seen = fragment.identifiers.get(identifier)
        if seen is None:
            fragment.identifiers[identifier] = [moment, moment, event.source, event.arrival]
        elif moment > seen[1] or (moment == seen[1] and event.arrival > seen[3]):
            seen[1:] = moment, event.source, event.arrival
        elif moment < seen[0]:
            seen[0] = moment


def settle(context: Context, profile: Profile, at: int, cause: str = "") -> list[Sent]:
    """Once all fragments have come: evaluate the profile as a whole, and tell only the difference. Its cause is by default
    whatever brought the fragments; if none came, only events of the profile's own can have changed anything."""
    if profile.handovers:
        return []
    cause, profile.joined = cause or profile.joined or "event", ""
    sends = bring_up_to_date(context, profile, max(at, profile.now), cause)
    return sends + campaigns.answer_waiting(context, profile, max(at, profile.now))


def arm(context: Context, profile: Profile) -> None:
    """One timer per profile, written only when it moves to an earlier instant; one that fires too early is armed anew."""
    if profile.standing == ERASED:
        return
    if profile.sent or profile.decided:
        history.watch(context, profile)
    timers = context.tables.timers
    due = None if profile.handovers or not (profile.due or profile.held) else next_due(profile)
    if due is not None and (not profile.timer_at or due < profile.timer_at):
        if profile.timer_at:
            timers.disarm(profile.timer_at, RULE, profile.key)
        profile.timer_at = due
        timers.arm(due, RULE, profile.key)
        context.tables.profiles.put(profile.key, profile)
    if (context.view_after is not None and profile.view_due <= context.wall
            and not timers.is_armed(profile.view_due, VIEW, profile.key)):  # while a task is behind, it may not fire yet
        profile.view_due = context.wall + context.view_after
        timers.arm(profile.view_due, VIEW, profile.key)
