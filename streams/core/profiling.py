"""The stage that folds events into profiles, and says what they change."""
from __future__ import annotations

from collections.abc import Iterable

from streams.core import bounds, campaigns, expiry, retention, telling
from streams.core.belonging import begin_decided, is_known, is_own, mark_linked
from streams.core.campaigns.local_time import zone as time_zone
from streams.core.consent.merging import announce, expect, forget_announced, hold_back
from streams.core.context import Context
from streams.core.events import Event
from streams.core.lapsing import arm, catch_up, end_overdue
from streams.core.messages import Decide, Deliver, Sent, Visit
from streams.core.profile import ENDED, Forward, Fragment, Profile, fragment_key, split_key
from streams.core.segments import evaluate
from streams.core.segments.folding import fold
from streams.core.tables import Entry
from streams.core.upgrade import bring_up_to_date

TRIM_EVERY = 512


def next_visit(event: Event, pending: tuple[str, ...], visits: dict[str, int | None]) -> Sent:
    """New evidence goes to the next home it must visit, and after the last to the sequencer."""
    return Visit(event, pending, visits) if pending else Decide(event, visits)


def deliver(context: Context, message: Deliver, at: int) -> list[Sent]:
    """Folds the event in if this profile has all the identifiers that it names, its strongest included: that may have moved
    on while the event was under way."""
    event, row = message.event, context.tables.profiles.get(message.profile)
    if isinstance(row, Forward):
        message.profile = row.to
        return [message]
    if message.decided:
        profile = row or begin_decided(context, message.profile, message.created)
        return take(context, profile, message.fragment, event, at, message)
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
    """The event is this profile's own: folds it in, and says what it changes.

    decision: the sequencer's, which came with the event; None for nearly every event, as it says nothing new about who this
    is. A profile that still waits for another part is brought up to date when that has come."""
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


def _is_of_an_older_ownership(profile: Profile, message: Deliver) -> bool:
    """Whether the strongest identifier left and came back while the event was under way: the event belongs to the later
    ownership then."""
    subject = message.event.subject
    epoch, _ = profile.identifiers[subject]
    return message.fragment != fragment_key(subject, epoch)


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
    sends += campaigns.permission_changed(context, profile, at, "consent changed")
    arm(context, profile)
    return sends


def _note_decision(profile: Profile, message: Deliver) -> None:
    """What the sequencer decided about this profile: what it gained, and whose fragments to expect."""
    profile.heard += 1
    profile.identifiers.update(message.gained)
    profile.suppressed.update(message.suppressed)
    expect(profile, message.expects)


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
    """Says what the event that was just folded in changes."""
    at, plan = profile.now, context.plan
    if is_first:
        crossings = evaluate.create(plan, profile, touched, at, event.message_id)
        profile.edition = context.edition
    elif touched:
        crossings = evaluate.refresh(plan, profile, touched, at, event.message_id)
    else:
        crossings = []
    sends = telling.tell(context, profile, crossings, "event", at, event) if crossings else []
    if event.consent:
        sends += campaigns.permission_changed(context, profile, at, "consent changed")
    if plan.definitions.campaigns and not crossings:
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
        _, newest = fragment.time_zone or (None, moment)
        if moment >= newest and isinstance(zone, str) and time_zone(zone):
            fragment.time_zone = [zone, moment]
    for identifier in event.identifiers:
        seen = fragment.identifiers.get(identifier)
        if seen is None:
            fragment.identifiers[identifier] = [moment, moment, event.source, event.arrival]
            continue
        first, last, source, arrival = seen
        if moment > last or (moment == last and event.arrival > arrival):
            seen[:] = first, moment, event.source, event.arrival
        elif moment < first:
            seen[:] = moment, last, source, arrival


def settle(context: Context, profile: Profile, at: int, cause: str = "") -> list[Sent]:
    """Once all fragments have come, evaluates the profile as a whole and tells only the difference. Its cause is by default
    whatever brought the fragments; if none came, only events of its own can have changed anything."""
    if profile.handovers:
        return []
    cause, profile.joined = cause or profile.joined or "event", ""
    sends = bring_up_to_date(context, profile, max(at, profile.now), cause)
    return sends + campaigns.answer_waiting(context, profile, max(at, profile.now))


def shrink(context: Context, profile: Profile, at: int) -> list[Sent]:
    """The row is too large, which `bounds` did not foresee: drop what is too much, and judge again what that touches."""
    told, lost = bounds.curtail(context, profile, at)
    context.tables.profiles.put(profile.key, profile)
    if profile.handovers or profile.edition != context.edition or not profile.fragments:
        return [*told]
    crossings = evaluate.refresh(context.plan, profile, lost, max(at, profile.now), "")
    sends = telling.tell(context, profile, crossings, "event", max(at, profile.now)) if crossings else []
    arm(context, profile)
    return [*told, *sends]
