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
from streams.task.rows import UNREADABLE, entry_of, fragment_row, pack, profile_of, profile_row, unpack


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


def _read_deliver(row: list[Any], reread: Reread) -> Deliver:
    event, profile, fragment, decided, created, gained, expects, suppressed, *_ = row
    return Deliver(_read_event(event, reread), profile, fragment, decided, created, gained, tuple(expects), suppressed)


def _read_arrive(row: list[Any], reread: Reread) -> Arrive:
    event, *_ = row
    return Arrive(_read_event(event, reread))


def _read_resolve(row: list[Any], reread: Reread) -> Resolve:
    event, as_customer, as_cookie, *_ = row
    return Resolve(_read_event(event, reread), as_customer, as_cookie)


def _read_visit(row: list[Any], reread: Reread) -> Visit:
    event, pending, visits, *_ = row
    return Visit(_read_event(event, reread), tuple(pending), visits)


def _read_decide(row: list[Any], reread: Reread) -> Decide:
    event, visits, *_ = row
    return Decide(_read_event(event, reread), visits)


def _read_split(row: list[Any], reread: Reread) -> Split:
    request_id, identifier, split_off, *_ = row
    return Split(request_id, identifier, tuple(split_off))


def _read_announce(row: list[Any], reread: Reread) -> Announce:
    profile, created, gained, expects, suppressed, *_ = row
    return Announce(profile, created, gained, tuple(expects), suppressed)


def _read_adopt(row: list[Any], reread: Reread) -> Adopt:
    profile, source, fragments, entries, state, last, cause, *_ = row
    return Adopt(profile, source, [Fragment(*fragment) for fragment in fragments], list(map(entry_of, entries)),
                 profile_of(state) if state else None, last, cause)


def _read_staged(row: list[Any], reread: Reread) -> Staged:
    key, document, version, state, press, *_ = row
    return Staged(key, document, version, state, Pressed(*press) if press else None)


def _read_ask(row: list[Any], reread: Reread) -> Ask:
    request_id, until, documents, people, shown, segments, *_ = row
    return Ask(request_id, until, documents, people, shown, tuple(segments))


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
    "deliver": _read_deliver, "arrive": _read_arrive, "resolve": _read_resolve, "visit": _read_visit,
    "decide": _read_decide, "split": _read_split, "announce": _read_announce, "adopt": _read_adopt,
    "stage": _read_staged, "ask": _read_ask, **{name: _reader(kind) for kind, name in _PLAIN.items()}}
