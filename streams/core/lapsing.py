"""What time alone does to a profile, each change at its own instant, and the one timer by which it is done in time."""
from __future__ import annotations

from streams.core import campaigns, expiry, telling
from streams.core.campaigns import history, holding
from streams.core.context import Context
from streams.core.messages import Sent
from streams.core.outputs import ProfileSeen
from streams.core.profile import ERASED, Profile
from streams.core.segments import evaluate
from streams.core.tables import RULE, VIEW
from streams.core.upgrade import bring_up_to_date


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
        crossings = evaluate.lapse(context.plan, profile, instant)
        if crossings:
            sends += telling.tell(context, profile, crossings, "time", instant)
        if profile.held:
            sends += campaigns.release_held(context, profile, instant)
        due = next_due(profile)
    return sends


def end_overdue(context: Context, profile: Profile, received_at: int) -> list[Sent]:
    """Does what time did to the profile before the event, as if its timers had fired in time. Afterwards it is not
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
    held = holding.first_due(profile)
    return held if due is None else min(due, held)


def due(context: Context, key: str, at: int) -> list[Sent]:
    """The timer: lets happen what time alone changed, and arms the next."""
    row = context.tables.profiles.get(key)
    if not isinstance(row, Profile):
        return []
    context.tables.profiles.put(key, row)
    row.timer_at = 0
    sends: list[Sent] = []
    if row.edition != context.edition:
        sends += bring_up_to_date(context, row, max(at, row.now))
    sends += lapse(context, row, at)
    arm(context, row)
    return sends


def arm(context: Context, profile: Profile) -> None:
    """Arms the profile's one timer, written only when it moves to an earlier instant; one that fires too early is armed
    anew."""
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


def view_due(context: Context, key: str, at: int) -> list[Sent]:
    """The timer of the 360 view."""
    row = context.tables.profiles.get(key)
    return [ProfileSeen(row)] if isinstance(row, Profile) and not row.handovers else []
