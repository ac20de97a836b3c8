"""What becomes of the identifiers of a profile that ends, by expiry or erasure.

They are nobody's at once, and forgotten once nothing that names them can be under way any more. In between every event of
such an identifier goes to the sequencer, and no profile begins beside what is still on its way.

No profile keeps the name of an identifier that is nobody's: one that a split or a move left with nothing but the name gets
another key. So a profile that begins with a forgotten identifier meets no other."""
from __future__ import annotations

from collections.abc import Collection

from streams.core.barring import is_known, mark
from streams.core.context import Context
from streams.core.copies import forget_copies
from streams.core.endings import Redact, Vacate
from streams.core.messages import Point, Release, Sent
from streams.core.outputs import IdentityChanged
from streams.core.ownership import vacate
from streams.core.profile import Forward, profile_key, split_key
from streams.core.requests import Announce
from streams.core.tables import UNDER_WAY, VACANT, Node
from streams.core.transferring import transfer

RENAMED = "renamed:"
"""Begins a key that is not named after an identifier."""


def let_go(context: Context, key: str, identifier: str, at: int) -> Point:
    """Raises generation and epoch, so that whatever begins there later is nothing that was there before. Called for every
    identifier of the profile: a forward may stand where a profile that it absorbed was named after it."""
    node = context.tables.nodes.get(identifier) or Node()
    vacate(node.owners, key)
    node.epochs += 1
    name, generation = split_key(key)
    node.generation = max(node.generation, generation if identifier == name else 0) + 1
    return leave_vacant(context, identifier, node, at)


def leave_vacant(context: Context, identifier: str, node: Node, at: int) -> Point:
    """If nobody else ever had the identifier, what is known of it goes in a while. By the wall clock: after an outage the
    end may lie far back while messages of now are under way."""
    if not node.owners:
        node.vacant_until = max(at, context.wall) + UNDER_WAY
        context.tables.timers.arm(node.vacant_until, VACANT, identifier)
    context.tables.nodes.put(identifier, node)
    return Point.of(identifier, node)


def named_after(context: Context, let_go: Collection[str]) -> list[str]:
    """The keys of profiles that are named after one of these identifiers, which nobody has any more."""
    nodes, persons = context.tables.nodes, context.tables.persons
    found = {identifier: nodes.get(identifier) for identifier in sorted(let_go)}
    keys = [profile_key(identifier, each) for identifier, node in found.items() if node and not node.owners
            for each in range(node.generation)]
    return [key for key in keys if persons.get(key) is not None]


def rename_others(context: Context, keys: Collection[str], number: int, at: int, because: str) -> list[Sent]:
    """Gives these profiles keys that name nobody. The instant is part of such a key, because a lone visitor's key comes
    again."""
    sends: list[Sent] = []
    for key in keys:
        to = f"{RENAMED}{mark(context, f'{key} {at}')}"
        sends += _rename(context, key, to)
        sends.append(IdentityChanged(
            at=at, change="merged", profile_id=context.profile_id(to), other_profile_id=context.profile_id(key),
            identifiers=[], event_id="", reason=because, decision=number))
    return sends


def _rename(context: Context, key: str, to: str) -> list[Sent]:
    tables, person = context.tables, context.tables.persons.get(key)
    assert person is not None
    tables.persons.delete(key)
    person.decisions = 0
    tables.persons.put(to, person)
    given = transfer(context, sorted({*person.identifiers, *person.former}), key, to, person)
    return [Announce(to, person.created, given.gained, (key,), given.suppressed), Release(key, to), *given.points]


def due(context: Context, identifier: str, at: int) -> list[Sent]:
    """The timer: nothing that knew the former owner is under way any more. What is on the suppression list stays."""
    node = context.tables.nodes.get(identifier)
    if node is None or node.owners or node.vacant_until > at or node.is_suppressed:
        return []
    context.tables.nodes.delete(identifier)
    gone = Vacate(identifier, node.generation)
    return [gone, *(_redacted(context, identifier) if is_known(context, identifier) else [])]


def _redacted(context: Context, identifier: str) -> list[Redact]:
    namespace, _, value = identifier.partition(":")
    guess = f"cookie:{value}"
    node = context.tables.nodes.get(guess) if namespace == "customer_id" else None
    is_guessed = namespace == "customer_id" and (node is None or not node.owners)
    return [Redact(identifier), *([Redact(guess, True)] if is_guessed else [])]


def leave(context: Context, message: Vacate) -> list[Sent]:
    """Deletes the forwards that still stand under the identifier's names, and its pointer, unless an event has passed it
    since: that event is with the sequencer, or was."""
    tables, identifier = context.tables, message.identifier
    for each in range(message.generations):
        key = profile_key(identifier, each)
        row = tables.profiles.get(key)
        if isinstance(row, Forward) and not row.handovers:
            tables.profiles.delete(key)
    pointer = tables.pointers.get(identifier)
    if pointer is not None and pointer.is_vacant and not pointer.owners:
        forget_copies(pointer, identifier, tables.chunks)
        tables.pointers.delete(identifier)
    return []
