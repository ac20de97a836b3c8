"""What a timer does when it is due."""
from __future__ import annotations

from collections.abc import Callable, Mapping

from streams.core import expiry, forwarding, profiling, receipts, retention, vacating
from streams.core.campaigns import history
from streams.core.context import Context
from streams.core.messages import ProfileSeen, Sent
from streams.core.profile import Profile
from streams.core.tables import ANSWER, EVENTS, EXPIRY, FORWARD, MESSAGES, RULE, VACANT, VIEW
from streams.core.upgrade import bring_up_to_date


def fire(context: Context, due: int, cause: str, key: str) -> list[Sent]:
    """A timer is due."""
    return _DUE[cause](context, key, due)


def _rule_due(context: Context, key: str, at: int) -> list[Sent]:
    """Let what time alone changed happen, and arm the next."""
    row = context.tables.profiles.get(key)
    if not isinstance(row, Profile):
        return []
    context.tables.profiles.put(key, row)
    row.timer_at = 0
    sends: list[Sent] = []
    if row.edition != context.edition:
        sends += bring_up_to_date(context, row, max(at, row.now))
    sends += profiling.lapse(context, row, at)
    profiling.arm(context, row)
    return sends


def _view_due(context: Context, key: str, at: int) -> list[Sent]:
    row = context.tables.profiles.get(key)
    return [ProfileSeen(row)] if isinstance(row, Profile) and not row.handovers else []


_DUE: Mapping[str, Callable[[Context, str, int], list[Sent]]] = {
    RULE: _rule_due, VIEW: _view_due, EXPIRY: expiry.due, EVENTS: retention.due, MESSAGES: history.due,
    FORWARD: forwarding.due, VACANT: vacating.due, ANSWER: receipts.due}
"""By cause: what a timer of that key does at its own instant, however late it fires."""
