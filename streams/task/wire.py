"""Commands between tasks, as bytes: an Avro envelope (kind, at) around a MessagePack row of the message.

An event travels as the message that came in, with what its acceptance added; the receiver reads it anew. So a
worker of the next version understands events of this one by the same rules as any other message.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

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
class Stage:
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


Wired: TypeAlias = Command | Redact | Stage | Revise | Ask
Reread = Callable[[Entry, bool], Event]


def _event(event: Event) -> list[Any]:
    return [event.arrival, event.event_time, event.received_at, event.identifiers, event.raw, event.is_replayed]


def encode(codec: Codec, message: Wired, at: int) -> bytes:
    """The message as a value for the topic `commands`."""
    kind, row = _row(message)
    return codec.encode("command", {"kind": kind, "at": at, "body": pack(row)})


def _row(message: Wired) -> tuple[str, list[Any]]:
    match message:
        case Deliver(event, profile, fragment, decided, created, gained, expects, suppressed):
            return "deliver", [_event(event), profile, fragment, decided, created, gained, expects, suppressed]
        case Arrive(event):
            return "arrive", [_event(event)]
        case Resolve(event, customer, cookie):
            return "resolve", [_event(event), customer, cookie]
        case Visit(event, pending, visits):
            return "visit", [_event(event), pending, visits]
        case Decide(event, visits):
            return "decide", [_event(event), visits]
        case Split(request_id, identifier, split_off):
            return "split", [request_id, identifier, split_off]
        case Announce(profile, created, gained, expects, suppressed):
            return "announce", [profile, created, gained, expects, suppressed]
        case Cut(profile, to, identifiers, moved, since, until, source, is_split):
            return "cut", [profile, to, identifiers, moved, since, until, source, is_split]
        case Adopt(profile, source, fragments, entries, state, last, cause):
            return "adopt", [profile, source, [fragment_row(f) for f in fragments], entries,
                             profile_row(state) if state else None, last, cause]
        case (Point() | Release() | Asked() | Suppress() | Suppressing() | Expire() | Keep() | Forget() | Vacate()
              | Petition() | Bar() | Wipe() | Report() | Reported() | Redact()):
            return _PLAIN[type(message)], [getattr(message, name) for name in message.__dataclass_fields__]
        case Stage(key, document, version, state, press):
            return "stage", [key, document, version, state, press]
        case Revise(revision):
            return "revise", [revision]
        case Ask(request_id, until, documents, people, shown, segments):
            return "ask", [request_id, until, documents, people, shown, segments]
        case _:
            assert_never(message)


def decode(record: Mapping[str, Any], reread: Reread) -> tuple[Wired, int]:
    """The message in a decoded envelope, and its sender's clock. Raises Bug for one that no task of this version wrote: a
    dead letter would break what tasks count on, while the worker that stops loses nothing."""
    kind = record["kind"]
    read = _READERS.get(kind)
    if read is None:
        raise Bug("a command of unknown kind; did a newer version write it? Start that version again")
    try:
        return read(unpack(record["body"]), lambda fields: _reread(fields, reread)), record["at"]
    except (*UNREADABLE, Rejected) as fault:
        raise Bug(f"a command `{kind}` cannot be read ({type(fault).__name__}): did a newer version write it? Start that "
                  "version again") from fault


def _reread(fields: list[Any], reread: Reread) -> Event:
    arrival, event_time, received_at, identifiers, raw, is_replayed = fields
    return reread(Entry(arrival, event_time, received_at, "", tuple(identifiers), raw), is_replayed)


def _reader(kind: Callable[..., Wired]) -> Callable[[list[Any], _Read], Wired]:
    return lambda row, read: kind(*row)


_PLAIN: dict[type[Wired], str] = {
    Point: "point", Release: "release", Asked: "asked", Suppress: "suppress", Suppressing: "suppressing",
    Expire: "expire", Keep: "keep", Forget: "forget", Vacate: "vacate",
    Petition: "petition", Bar: "bar", Wipe: "wipe", Report: "report", Reported: "reported", Redact: "redact"}
"""Messages whose row is their fields as they are."""
_Read = Callable[[list[Any]], Event]
_READERS: dict[str, Callable[[list[Any], _Read], Wired]] = {
    "deliver": lambda r, read: Deliver(read(r[0]), r[1], r[2], r[3], r[4], r[5], tuple(r[6]), r[7]),
    "arrive": lambda r, read: Arrive(read(r[0])),
    "resolve": lambda r, read: Resolve(read(r[0]), r[1], r[2]),
    "visit": lambda r, read: Visit(read(r[0]), tuple(r[1]), r[2]),
    "decide": lambda r, read: Decide(read(r[0]), r[1]),
    "split": lambda r, read: Split(r[0], r[1], tuple(r[2])),
    "announce": lambda r, read: Announce(r[0], r[1], r[2], tuple(r[3]), r[4]),
    "cut": lambda r, read: Cut(*r),
    "adopt": lambda r, read: Adopt(
        r[0], r[1], [Fragment(*f) for f in r[2]], [Entry(e[0], e[1], e[2], e[3], tuple(e[4]), e[5]) for e in r[3]],
        profile_of(r[4]) if r[4] else None, r[5], r[6]),
    **{name: _reader(kind) for kind, name in _PLAIN.items()},
    "stage": lambda r, read: Stage(r[0], r[1], r[2], r[3], Pressed(*r[4]) if r[4] else None),
    "revise": lambda r, read: Revise(*r),
    "ask": lambda r, read: Ask(r[0], r[1], r[2], r[3], r[4], tuple(r[5])),
}
