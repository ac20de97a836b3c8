"""What is left of an erased identifier: a keyed hash, and the instant up to which its events never count again.

The hash stands with the sequencer and at the identifier's home. It is looked up only where nobody owns the identifier at the
time of the event, so events of known people do not pay for it. Events up to the erasure are refused for ever, however often
they are replayed; later ones until the identifier is taken off the list. If others had the identifier after the erased
person, events of that person's time are refused. An event that also names others stays with them, without the identifier."""
from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from streams.core.context import Context
from streams.core.endings import Bar
from streams.core.events import Event
from streams.core.identifiers import is_anonymous
from streams.core.intervals import BEGINNING
from streams.core.messages import Arrive, Decide, Sent
from streams.core.outputs import Refused
from streams.core.tables import Barred

BEFORE, SINCE = "before its identifiers were erased", "its identifiers were erased and are not taken off the list"


def mark(context: Context, identifier: str) -> str:
    """The keyed hash of an erased identifier."""
    return context.profile_id(f"erased\x00{identifier}")


def _row(context: Context, identifier: str) -> Barred | None:
    """Where nobody was ever erased, a new identifier costs neither the hash nor the look-up."""
    barred = context.tables.barred
    return None if barred.is_empty() else barred.get(mark(context, identifier))


def is_known(context: Context, identifier: str) -> bool:
    """Whether it was ever erased."""
    return _row(context, identifier) is not None


def is_listed(context: Context, identifier: str) -> bool:
    """Whether it was erased, and not taken off the list since."""
    row = _row(context, identifier)
    return row is not None and not row.is_lifted


def is_barred(context: Context, identifier: str, event_time: int) -> bool:
    """Whether an event of that time must not count under this identifier, which nobody owned then."""
    row = _row(context, identifier)
    return row is not None and (event_time <= row.until or not row.is_lifted)


def owned_from(context: Context, identifier: str) -> int:
    """The event time from which somebody can own it."""
    row = _row(context, identifier)
    return BEGINNING if row is None else row.until + 1


def bar(context: Context, message: Bar) -> list[Sent]:
    """What the sequencer says, at the identifier's home; and the sequencer's own note of it."""
    context.tables.barred.put(mark(context, message.identifier), Barred(message.until, message.is_lifted))
    return []


def bar_former(context: Context, identifier: str, end: int) -> Bar:
    """For what an erased profile had until `end` and others have had since: events of its time never become theirs."""
    row = context.tables.barred.get(mark(context, identifier)) or Barred(BEGINNING, True)
    word = Bar(identifier, max(row.until, end - 1), row.is_lifted)
    bar(context, word)
    return word


def unnamed(context: Context, event: Event, barred: Collection[str], at: int) -> list[Sent]:
    """Sends the event without these identifiers to its home again; refuses it if it names nobody else."""
    left = tuple(identifier for identifier in event.identifiers if identifier not in barred)
    if left:
        return [Arrive(context.redact(event, barred))]
    rows = [context.tables.barred.get(mark(context, identifier)) for identifier in event.identifiers]
    is_old = any(row is not None and event.event_time <= row.until for row in rows)
    topic = "events.hits" if all(map(is_anonymous, event.identifiers)) else "events.interactions"
    return [Refused(topic, mark(context, event.subject), BEFORE if is_old else SINCE, at)]


def undecided(context: Context, message: Decide, barred: Collection[str], at: int) -> list[Sent]:
    """As `unnamed`, at the sequencer. An event that keeps its strongest identifier is decided here, since its home has seen
    it already."""
    if message.event.subject in barred:
        return unnamed(context, message.event, barred, at)
    return [replace(message, event=context.redact(message.event, barred))]
