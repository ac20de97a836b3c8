"""Who is not to be written to or advertised to: unsubscribed, bounced, complained, asked not to be contacted.

The list is the sequencer's, so it stays with an identifier whoever comes to own it. The owner's profile has a copy, because
that is where the question is asked, at the moment of sending. An identifier that nobody owns yet is listed too: its pointer
stays undecided, so its first event learns of it. Nothing is refused or forgotten by it; that is erasure."""
from __future__ import annotations

from streams.core import barring, campaigns
from streams.core.arrival import leave_undecided
from streams.core.belonging import mark_linked, own_profile
from streams.core.context import Context
from streams.core.endings import Bar
from streams.core.messages import Point, Sent
from streams.core.ownership import present_owner
from streams.core.profile import Forward, Profile
from streams.core.receipts import Pending, once
from streams.core.requests import NO_IDENTIFIER, Asked, Petition, Receipt, Suppress, Suppressing, refused
from streams.core.sequencer import next_decision, node_of
from streams.core.tables import DECISION

UNSTATED = "do not contact"
PERSONAL = frozenset({"erase", "export"})
"""Actions that concern all of whoever has the identifier."""
WRITING = frozenset({"erase", "suppress"})
"""Actions of which something is kept where nobody has the identifier."""
OFF_ALREADY = "it is not on the list: nothing to do"


def asked(context: Context, message: Asked, at: int) -> list[Sent]:
    """A request, at the home of its identifier: only here is it known whether that is a profile by itself."""
    tables, identifier = context.tables, message.identifier
    if not identifier:
        return [refused(message.request_id, message.action, at, NO_IDENTIFIER)]
    pointer, profile = tables.pointers.get(identifier), own_profile(tables, identifier)
    created = mark_linked(tables, profile) if profile is not None and pointer is None else None
    writes = message.action in WRITING and not barring.is_listed(context, identifier)
    if writes and (profile is None or pointer is not None):
        leave_undecided(tables, identifier, pointer)
    command = Petition if message.action in PERSONAL else Suppress
    return [command(message.request_id, message.action, identifier, message.reason, created)]


def suppress(context: Context, message: Suppress, at: int) -> list[Sent]:
    """The sequencer's note of it, its owner's copy, and the receipt; of a request that comes again the receipt alone."""
    return once(context, message, at, _decide)


def _decide(context: Context, message: Suppress, at: int) -> list[Sent | Pending]:
    tables, identifier = context.tables, message.identifier
    if barring.is_listed(context, identifier):
        return _of_erased(context, message, at)
    if message.action == "unsuppress" and _is_off(context, message):
        return [Receipt(message.request_id, message.action, None, {}, at, reason=OFF_ALREADY)]
    node = node_of(context, identifier, message.created)
    reason = (message.reason or UNSTATED) if message.action == "suppress" else None
    node.suppressed = [next_decision(context), reason]
    tables.nodes.put(identifier, node)
    sends: list[Sent | Pending] = []
    owner = present_owner(node.owners)
    if owner is not None:
        sends = [Point.of(identifier, node), Suppressing(owner, identifier, list(node.suppressed))]
    return [*sends, Receipt(message.request_id, message.action, context.profile_id(owner) if owner else None,
                            {"identities": 1, "profiles": int(owner is not None)}, at)]


def _is_off(context: Context, message: Suppress) -> bool:
    """Whether nobody has it and it is not listed. It may have been erased: to note it now would be to keep what was to
    go."""
    node = context.tables.nodes.get(message.identifier)
    if node is None:
        return message.created is None
    return present_owner(node.owners) is None and not node.is_suppressed


def _of_erased(context: Context, message: Suppress, at: int) -> list[Sent | Pending]:
    """Its hash is on the list already, which says more than that nothing may be sent; `unsuppress` takes it off. An erased
    identifier has no row but that hash, and must not get one."""
    if message.action == "suppress":
        return [Receipt(message.request_id, message.action, None, {}, at, reason="erased, which is more: nothing to do")]
    row = context.tables.barred.get(barring.mark(context, message.identifier))
    assert row is not None
    lifted = Bar(message.identifier, row.until, True)
    barring.bar(context, lifted)
    return [lifted, Receipt(message.request_id, message.action, None, {"identities": 1}, at)]


def take_note(profile: Profile, identifier: str, row: list[object]) -> bool:
    """Decisions may overtake each other on their way round former owners, so the newest counts. True if this one is news."""
    known = profile.suppressed.get(identifier)
    if identifier not in profile.identifiers or (known is not None and known[DECISION] >= row[DECISION]):
        return False
    profile.suppressed[identifier] = row
    return True


def tell_owner(context: Context, message: Suppressing, at: int) -> list[Sent]:
    """At the owner. Audiences and ad servers are told at once; for messages the question is asked when they are due."""
    profile = context.tables.profiles.get(message.profile)
    if isinstance(profile, Forward):
        message.profile = profile.to
        return [message]
    if profile is None or not take_note(profile, message.identifier, message.row):
        return []
    context.tables.profiles.put(profile.key, profile)
    return [] if profile.handovers else campaigns.permission_changed(
        context, profile, max(at, profile.now), "suppression changed")
