"""Who is not to be written to or advertised to: unsubscribed, bounced, complained, asked not to be contacted.

The list is the sequencer's, so that it stays with an identifier whoever comes to own it; the owner's profile has a copy,
because that is where the question is asked, at the moment of sending. An identifier that nobody owns yet is listed too:
its pointer stays undecided, and so its first event learns of it. Nothing is refused or forgotten by it: that is erasure.
"""
from __future__ import annotations

from streams.core import campaigns
from streams.core.arrival import leave_undecided
from streams.core.context import Context
from streams.core.messages import Point, Sent
from streams.core.ownership import ALWAYS
from streams.core.profile import Forward, Profile, profile_key
from streams.core.profiling import enters
from streams.core.receipts import once
from streams.core.requests import Asked, Receipt, Suppress, Suppressing
from streams.core.sequencer import next_decision
from streams.core.tables import Node, Person

UNSTATED = "do not contact"


def asked(context: Context, message: Asked) -> list[Sent]:
    """A request, at the home of its identifier: whether that is a profile by itself is known here alone."""
    tables, identifier = context.tables, message.identifier
    pointer, row = tables.pointers.get(identifier), tables.profiles.get(identifier)
    created = enters(tables, row) if isinstance(row, Profile) and pointer is None else None
    if row is None or pointer is not None:
        leave_undecided(tables, identifier, pointer)
    return [Suppress(message.request_id, message.action, identifier, message.reason, created)]


def decide(context: Context, message: Suppress, at: int) -> list[Sent]:
    """The sequencer's note of it, its owner's copy, and the receipt."""
    return once(context, message, at, _decide)


def _decide(context: Context, message: Suppress, at: int) -> list[Sent]:
    tables, identifier = context.tables, message.identifier
    node = tables.nodes.get(identifier) or _enter(context, message)
    reason = (message.reason or UNSTATED) if message.action == "suppress" else None
    node.suppressed = [next_decision(context), reason]
    tables.nodes.put(identifier, node)
    sends: list[Sent] = []
    owner = (node.owners[-1][1] or None) if node.owners else None
    if owner is not None:
        sends = [Point(identifier, [list(each) for each in node.owners]),
                 Suppressing(owner, identifier, list(node.suppressed))]
    return [*sends, Receipt(message.request_id, message.action, context.profile_id(owner) if owner else None,
                            {"identities": 1, "profiles": int(owner is not None)}, at)]


def _enter(context: Context, message: Suppress) -> Node:
    """A lone profile enters the graph; an identifier that nobody has enters it without an owner."""
    if message.created is None:
        return Node()
    key = profile_key(message.identifier)
    context.tables.persons.put(key, Person(created=message.created, identifiers={message.identifier: message.created}))
    return Node(owners=[[ALWAYS, key, 0]])


def take_note(profile: Profile, identifier: str, row: list[object]) -> bool:
    """Decisions may overtake each other on their way round former owners: the newest counts. True if it is news."""
    known = profile.suppressed.get(identifier)
    if identifier not in profile.identifiers or (known is not None and known[0] >= row[0]):
        return False
    profile.suppressed[identifier] = row
    return True


def suppressing(context: Context, message: Suppressing, at: int) -> list[Sent]:
    """At the owner: audiences and ad servers are told at once; messages are asked about when they are due."""
    profile = context.tables.profiles.get(message.profile)
    if isinstance(profile, Forward):
        message.profile = profile.to
        return [message]
    if profile is None or not take_note(profile, message.identifier, message.row):
        return []
    context.tables.profiles.put(profile.key, profile)
    return [] if profile.handovers else campaigns.consent_changed(context, profile, max(at, profile.now))
