"""Where a message comes first: the home of its strongest identifier, which knows if it is a copy and whose it is.

A lone identifier is its own profile and has no pointer: its hits are folded in right here. Evidence that links identifiers
anew visits their homes, which know how old each is, and then goes to the sequencer."""
from __future__ import annotations

from dataclasses import replace

from streams.core import barring
from streams.core.belonging import begin, is_known, mark_linked, own_profile
from streams.core.context import Context
from streams.core.copies import remember_message
from streams.core.events import Event
from streams.core.expiry import is_overdue
from streams.core.lapsing import end_overdue
from streams.core.messages import Arrive, Deliver, Point, Resolve, Sent, Visit
from streams.core.ownership import owner_at
from streams.core.profile import Profile, fragment_key
from streams.core.profiling import next_visit, take, withdraw_early
from streams.core.tables import Pointer, Tables


def arrive(context: Context, message: Arrive, at: int) -> list[Sent]:
    """Drop a copy; else the event goes to its profile, or round the homes of what it links."""
    event, tables = message.event, context.tables
    subject = event.identifiers[0]
    pointer = tables.pointers.get(subject)
    if pointer is None:
        return _arrive_at_own_profile(context, event, at)
    owner = owner_at(pointer.owners, event.event_time)
    if owner is None and barring.is_barred(context, subject, event.event_time):
        return barring.unnamed(context, event, (subject,), at)
    if not remember_message(pointer, subject, event.message_id, tables.chunks):
        return []
    pointer.is_vacant = False
    tables.pointers.put(subject, pointer)
    if owner is None:
        return [next_visit(event, event.identifiers[1:], {subject: None})]
    profile, epoch = owner
    return [Deliver(event, profile, fragment_key(subject, epoch))]


def _arrive_at_own_profile(context: Context, event: Event, at: int) -> list[Sent]:
    tables, subject = context.tables, event.identifiers[0]
    profile = own_profile(tables, subject)
    if profile is None:
        return _arrive_unknown(context, event, at)
    if is_overdue(profile, event.received_at):
        return [*end_overdue(context, profile, event.received_at), Arrive(event)]
    if not remember_message(profile, subject, event.message_id, tables.chunks):
        return []
    if is_known(profile, event):
        return take(context, profile, subject, event, at)
    tables.profiles.put(subject, profile)
    visit = next_visit(event, event.identifiers[1:], {subject: mark_linked(tables, profile)})
    return [*withdraw_early(context, profile, event, at), visit] if event.consent else [visit]


def _arrive_unknown(context: Context, event: Event, at: int) -> list[Sent]:
    """Nobody is known to have the subject. A profile begins with it only where nothing stands under its name: else the
    sequencer has given it to others, or made it nobody's, and the word is on its way."""
    tables, subject = context.tables, event.identifiers[0]
    if barring.is_barred(context, subject, event.event_time):
        return barring.unnamed(context, event, (subject,), at)
    is_free = tables.profiles.get(subject) is None
    if is_free and len(event.identifiers) == 1 and not barring.is_known(context, subject):
        profile = begin(context, subject, event.arrival)
        remember_message(profile, subject, event.message_id, tables.chunks)
        return take(context, profile, subject, event, at)
    pointer = _new_pointer(tables, subject)
    is_new = remember_message(pointer, subject, event.message_id, tables.chunks)
    tables.pointers.put(subject, pointer)
    return [next_visit(event, event.identifiers[1:], {subject: None})] if is_new else []


def visit(context: Context, message: Visit, at: int) -> list[Sent]:
    """Note whether the identifier at home here has a profile of its own; if nobody has it, mark it as undecided."""
    tables, identifier = context.tables, message.pending[0]
    created: int | None = None
    pointer = tables.pointers.get(identifier)
    event, profile = message.event, own_profile(tables, identifier)
    if _is_nobodys(pointer, profile, event.event_time) and barring.is_barred(context, identifier, event.event_time):
        return [next_visit(context.redact(event, (identifier,)), message.pending[1:], message.visits)]
    if profile is not None and (pointer is None or _is_lone(pointer, identifier)):
        created = mark_linked(tables, profile)
    else:
        leave_undecided(tables, identifier, pointer)
    return [next_visit(event, message.pending[1:], {**message.visits, identifier: created})]


def _is_nobodys(pointer: Pointer | None, profile: Profile | None, event_time: int) -> bool:
    return profile is None if pointer is None else owner_at(pointer.owners, event_time) is None


def leave_undecided(tables: Tables, identifier: str, pointer: Pointer | None) -> None:
    """Something that names the identifier is on its way to the sequencer: no profile may begin here meanwhile."""
    if pointer is None:
        tables.pointers.put(identifier, _new_pointer(tables, identifier))
    elif pointer.is_vacant:
        pointer.is_vacant = False
        tables.pointers.put(identifier, pointer)


def _is_lone(pointer: Pointer, identifier: str) -> bool:
    return [owner for _, owner, _ in pointer.owners] == [identifier]


def resolve_alias(context: Context, message: Resolve, at: int) -> list[Sent]:
    """`previousId` is the customer id it was seen as, else a cookie."""
    tables = context.tables
    seen = (tables.pointers.get(message.as_customer) or tables.profiles.get(message.as_customer)
            or barring.is_known(context, message.as_customer))
    previous = message.as_customer if seen else message.as_cookie
    named = dict.fromkeys((*message.event.identifiers, previous))
    identifiers = tuple(sorted(named, key=context.namespaces.strength))
    return [Arrive(replace(message.event, identifiers=identifiers))]


def point(context: Context, message: Point, at: int) -> list[Sent]:
    """The sequencer's word on who owns this identifier."""
    tables = context.tables
    pointer = tables.pointers.get(message.identifier) or _new_pointer(tables, message.identifier)
    pointer.owners, pointer.is_vacant = message.owners, not message.owners
    tables.pointers.put(message.identifier, pointer)
    return []


def _new_pointer(tables: Tables, identifier: str) -> Pointer:
    """The memory of copies stays at home when the profile that held it gets a pointer."""
    pointer, own = Pointer(), tables.profiles.get(identifier)
    if isinstance(own, Profile) and (own.seen or own.chunks):
        pointer.seen, pointer.chunks = own.seen, own.chunks
        own.seen, own.chunks = b"", 0
        tables.profiles.put(identifier, own)
    return pointer
