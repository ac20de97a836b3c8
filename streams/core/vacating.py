"""Identifiers whose owner is forgotten: nobody's at once, unknown once nothing that names them is under way any more.

Shared by the two ends of a profile, expiry and erasure. In between an identifier stays undecided, so that every event
of it goes to the sequencer and no profile begins beside what is still on its way.
"""
from __future__ import annotations

from streams.core.barring import is_known
from streams.core.context import Context
from streams.core.copies import forget_copies
from streams.core.endings import Redact, Vacate
from streams.core.messages import Point, Sent
from streams.core.ownership import vacate
from streams.core.profile import generation, home
from streams.core.tables import UNDER_WAY, VACANT, Node


def let_go(context: Context, key: str, identifier: str, at: int) -> Point:
    """Next generation, next epoch: whatever begins there next is nothing that was there before. Of every identifier: a
    forward may stand where an absorbed profile was named after it."""
    node = context.tables.nodes.get(identifier) or Node()
    vacate(node.owners, key)
    node.epochs += 1
    node.generation = max(node.generation, generation(key) if identifier == home(key) else 0) + 1
    return leave_vacant(context, identifier, node, at)


def leave_vacant(context: Context, identifier: str, node: Node, at: int) -> Point:
    """Where nobody else ever had it, what is known of it goes in a while. By the wall clock, because after an outage the
    end may lie far back, and messages of now are under way."""
    if not node.owners:
        node.vacant_until = max(at, context.wall) + UNDER_WAY
        context.tables.timers.arm(node.vacant_until, VACANT, identifier)
    context.tables.nodes.put(identifier, node)
    return Point(identifier, [list(owner) for owner in node.owners])


def vacant(context: Context, identifier: str, at: int) -> list[Sent]:
    """A timer: nothing that knew the former owner is under way any more. What is on the suppression list stays."""
    node = context.tables.nodes.get(identifier)
    if node is None or node.owners or node.vacant_until > at or (node.suppressed and node.suppressed[1] is not None):
        return []
    context.tables.nodes.delete(identifier)
    return [Vacate(identifier), *(_redacted(context, identifier) if is_known(context, identifier) else [])]


def _redacted(context: Context, identifier: str) -> list[Redact]:
    namespace, _, value = identifier.partition(":")
    guess = f"cookie:{value}"
    node = context.tables.nodes.get(guess) if namespace == "customer_id" else None
    is_guessed = namespace == "customer_id" and (node is None or not node.owners)
    return [Redact(identifier), *([Redact(guess, True)] if is_guessed else [])]


def leave(context: Context, message: Vacate) -> list[Sent]:
    """The pointer goes, unless an event passed it since: that one is with the sequencer, or was."""
    tables, identifier = context.tables, message.identifier
    pointer = tables.pointers.get(identifier)
    if pointer is not None and pointer.is_vacant and not pointer.owners:
        forget_copies(pointer, identifier, tables.chunks)
        tables.pointers.delete(identifier)
    return []
