"""Answers a person's request for their data with a receipt of what there is.

The document itself stands on no topic: `profile export` reads it from the state."""
from __future__ import annotations

from dataclasses import replace

from streams.core.context import Context
from streams.core.endings import Report, Reported
from streams.core.messages import Sent
from streams.core.ownership import present_owner
from streams.core.profile import Forward
from streams.core.receipts import Pending, place
from streams.core.requests import Petition, refused
from streams.core.sequencer import node_of

NOBODY = "nobody has this identifier"


def decide(context: Context, message: Petition, at: int) -> list[Sent | Pending]:
    """Find out, in the sequencer's order, whose the identifier is; that profile then says what is kept."""
    tables, identifier = context.tables, message.identifier
    node = node_of(context, identifier, message.created)
    key = present_owner(node.owners)
    if key is None:
        return [refused(message.request_id, message.action, at, NOBODY)]
    tables.nodes.put(identifier, node)
    return [Report(key, place(context, message)), Pending(context.profile_id(key), {})]


def report(context: Context, message: Report) -> list[Sent]:
    """What is kept here, counted as the exported document has it."""
    profile = context.tables.profiles.get(message.profile)
    if isinstance(profile, Forward):
        return [replace(message, profile=profile.to)]
    if profile is None:
        return [Reported(message.receipt, {})]
    fragments = profile.fragments.values()
    found = {"identifiers": len(profile.identifiers), "traits": sum(len(f.traits) for f in fragments),
             "consent": sum(len(f.consent) for f in fragments), "segments": len(profile.members),
             "timeline": len(context.tables.timeline.entries(profile.key))}
    return [Reported(message.receipt, {name: number for name, number in found.items() if number})]
