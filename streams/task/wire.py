"""Commands between tasks, as bytes: an Avro envelope (kind, at) around a MessagePack row of the message.

An event travels as the message that came in, with what its acceptance added; the receiver reads it anew. So a
worker of the next version understands events of this one by the same rules as any other message.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeAlias

from schemas.codec import Codec
from streams.core.endings import Bar, Expire, Forget, Keep, Redact, Report, Reported, Vacate, Wipe
from streams.core.errors import Bug, Rejected
from streams.core.events import Event
from streams.core.messages import (
    Adopt,
    Arrive,
    Command,
    Cut,
    Decide,
    Deliver,
    Point,
    Release,
    Resolve,
    Visit,
)
from streams.core.press import Pressed
from streams.core.profile import Fragment
from streams.core.requests import Announce, Asked, Petition, Split, Suppress, Suppressing
from streams.core.tables import Entry
from streams.task.rows import UNREADABLE, fragment_row, pack, profile_of, profile_row, unpack


@dataclass(slots=True)
class Staged:
    """One changed definition, announced to a task: the document as it was applied, None where it was deleted.
    press: of a campaign, the last press of its button."""

    key: str
    document: Any
    version: int
    state: str | None
    press: Pressed | None = None


@dataclass(slots=True)
class Revise:
    """All of a revision was announced; it is in force from here on."""

    revision: int


@dataclass(slots=True)
class Applied:
    """A message as `apply` wrote it, which this task hands on to every other."""

    message: Staged | Revise


@dataclass(slots=True)
class Ask:
    """What somebody outside wants to know of every task, answered on `segments.answers`. until: an instant after
    which nobody waits for the answer. documents: what a preview would change, None for one deleted; None for no
    preview. people, shown: see `previews.Walk`; segments: to be looked at even if nothing changes for them."""

    request_id: str
    until: int
    documents: dict[str, Any] | None = None
    people: int = 0
    shown: int = 0
    segments: tuple[str, ...] = ()


Wired: TypeAlias = Command | Redact | Staged | Revise | Ask
Taken: TypeAlias = Wired | Applied
"""What a task reads. All but `Applied` travels between tasks."""
Reread = Callable[[Entry, bool], Event]


def _event(event: Event) -> list[Any]:
    return [event.arrival, event.event_time, event.received_at, event.identifiers, event.raw, event.is_replayed]


def encode(codec: Codec, message: Wired, at: int) -> bytes:
    """The message as a value for the topic `commands`."""
    kind, row = _WRITERS[type(message)]
    return codec.encode("command", {"kind": kind, "at": at, "body": pack(row(message))})


def _plain(kind: type[Wired]) -> Callable[[Any], Sequence[Any]]:
    """The row of a message whose fields go as they are."""
    names = tuple(kind.__dataclass_fields__)
    fields = attrgetter(*names)
    return fields if len(names) > 1 else lambda message: (fields(message),)


def _of_event(kind: type[Wired]) -> Callable[[Any], Sequence[Any]]:
    """The row of a message whose first field is an event."""
    fields = _plain(kind)

    def row(message: Any) -> Sequence[Any]:
        event, *others = fields(message)
        return _event(event), *others

    return row


def _adopt(message: Adopt) -> Sequence[Any]:
    state = profile_row(message.state) if message.state else None
    return (message.profile, message.source, [fragment_row(f) for f in message.fragments], message.entries, state,
            message.last, message.cause)


def decode(record: Mapping[str, Any], reread: Reread) -> tuple[Wired, int]:
    """The message in a decoded envelope, and its sender's clock. Raises Bug for one that no task of this version wrote: a
    dead letter would break what tasks count on, while the worker that stops loses nothing."""
    kind = record["kind"]
    read = _READERS.get(kind)
    if read is None:
        raise Bug("a command of unknown kind; did a newer version write it? Start that version again")
    try:
        return read(unpack(record["body"]), reread), record["at"]
    except (*UNREADABLE, Rejected) as fault:
        raise Bug(f"a command `{kind}` cannot be read ({type(fault).__name__}): did a newer version write it? Start that "
                  "version again") from fault


def _read_event(fields: list[Any], reread: Reread) -> Event:
    arrival, event_time, received_at, identifiers, raw, is_replayed = fields
    return reread(Entry(arrival, event_time, received_at, "", tuple(identifiers), raw), is_replayed)


def _reader(kind: Callable[..., Wired]) -> Callable[[list[Any], Reread], Wired]:
    return lambda row, reread: kind(*row)


_PLAIN: dict[type[Wired], str] = {
    Point: "point", Release: "release", Asked: "asked", Suppress: "suppress", Suppressing: "suppressing",
    Expire: "expire", Keep: "keep", Forget: "forget", Vacate: "vacate", Revise: "revise", Cut: "cut",
    Petition: "petition", Bar: "bar", Wipe: "wipe", Report: "report", Reported: "reported", Redact: "redact"}
"""Messages whose row is their fields as they are, and whose fields are its values as they are read."""
_WRITERS: dict[type[Wired], tuple[str, Callable[[Any], Sequence[Any]]]] = {
    **{kind: (name, _of_event(kind)) for kind, name in {
        Deliver: "deliver", Arrive: "arrive", Resolve: "resolve", Visit: "visit", Decide: "decide"}.items()},
    **{kind: (name, _plain(kind)) for kind, name in {
        **_PLAIN, Split: "split", Announce: "announce", Staged: "stage", Ask: "ask"}.items()},
    Adopt: ("adopt", _adopt)}
_READERS: dict[str, Callable[[list[Any], Reread], Wired]] = {
    "deliver": lambda r, reread: Deliver(_read_event(r[0], reread), r[1], r[2], r[3], r[4], r[5], tuple(r[6]), r[7]),
    "arrive": lambda r, reread: Arrive(_read_event(r[0], reread)),
    "resolve": lambda r, reread: Resolve(_read_event(r[0], reread), r[1], r[2]),
    "visit": lambda r, reread: Visit(_read_event(r[0], reread), tuple(r[1]), r[2]),
    "decide": lambda r, reread: Decide(_read_event(r[0], reread), r[1]),
    "split": lambda r, reread: Split(r[0], r[1], tuple(r[2])),
    "announce": lambda r, reread: Announce(r[0], r[1], r[2], tuple(r[3]), r[4]),
    "adopt": lambda r, reread: Adopt(
        r[0], r[1], [Fragment(*f) for f in r[2]], [Entry(e[0], e[1], e[2], e[3], tuple(e[4]), e[5]) for e in r[3]],
        profile_of(r[4]) if r[4] else None, r[5], r[6]),
    **{name: _reader(kind) for kind, name in _PLAIN.items()},
    "stage": lambda r, reread: Staged(r[0], r[1], r[2], r[3], Pressed(*r[4]) if r[4] else None),
    "ask": lambda r, reread: Ask(r[0], r[1], r[2], r[3], r[4], tuple(r[5])),
}
