"""Commands between tasks as bytes: an Avro envelope (kind, at) around a MessagePack row of the message's fields.

An event travels as the message that came in, with what its acceptance added, and the receiver reads it anew: by the rules of
its own version, as any other message."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

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


def encode(codec: Codec, message: Wired, at: int) -> bytes:
    """The message as a value for the topic `commands`."""
    kind = type(message)
    return codec.encode("command", {"kind": _NAMES[kind], "at": at, "body": pack(_WRITERS[kind](message))})


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


class _Field(NamedTuple):
    """How a field that is no plain value is read from a row, and written to it if it does not go as it is."""

    read: Callable[[Any, Reread], Any]
    write: Callable[[Any], Any] | None = None


def _write_event(event: Event) -> list[Any]:
    return [event.arrival, event.event_time, event.received_at, event.identifiers, event.raw, event.is_replayed]


def _read_event(fields: list[Any], reread: Reread) -> Event:
    arrival, event_time, received_at, identifiers, raw, is_replayed = fields
    return reread(Entry(arrival, event_time, received_at, "", tuple(identifiers), raw), is_replayed)


def _writer(kind: type[Wired]) -> Callable[[Any], Sequence[Any]]:
    """Makes the row of a message: its fields in their order."""
    names = tuple(kind.__dataclass_fields__)
    fields = attrgetter(*names) if len(names) > 1 else lambda message: (getattr(message, names[0]),)
    special = [(names.index(name), field.write) for name, field in _FIELDS.get(kind, {}).items() if field.write]
    if not special:
        return fields

    def row(message: Any) -> Sequence[Any]:
        values = list(fields(message))
        for place, write in special:
            values[place] = write(values[place])
        return values

    return row


def _reader(kind: type[Wired]) -> Callable[[list[Any], Reread], Wired]:
    """Makes a message of its row."""
    names = tuple(kind.__dataclass_fields__)
    special = [(names.index(name), field.read) for name, field in _FIELDS.get(kind, {}).items()]
    if not special:
        return lambda row, reread: kind(*row)

    def message(row: list[Any], reread: Reread) -> Wired:
        values = row[:len(names)]
        for place, read in special:
            values[place] = read(values[place], reread)
        return kind(*values)

    return message


_EVENT = _Field(_read_event, _write_event)
_TUPLE = _Field(lambda items, _: tuple(items))
_FIELDS: dict[type[Wired], dict[str, _Field]] = {
    Arrive: {"event": _EVENT}, Resolve: {"event": _EVENT}, Decide: {"event": _EVENT},
    Visit: {"event": _EVENT, "pending": _TUPLE}, Deliver: {"event": _EVENT, "expects": _TUPLE},
    Split: {"split_off": _TUPLE}, Announce: {"expects": _TUPLE}, Ask: {"segments": _TUPLE},
    Staged: {"press": _Field(lambda press, _: Pressed(*press) if press else None)},
    Adopt: {
        "fragments": _Field(lambda rows, _: [Fragment(*row) for row in rows], lambda given: list(map(fragment_row, given))),
        "entries": _Field(lambda rows, _: list(map(entry_of, rows))),
        "state": _Field(lambda row, _: profile_of(row) if row else None, lambda state: state and profile_row(state)),
    },
}
"""The fields that are no plain values."""
_NAMES: dict[type[Wired], str] = {
    Arrive: "arrive", Resolve: "resolve", Visit: "visit", Decide: "decide", Deliver: "deliver", Adopt: "adopt",
    Point: "point", Release: "release", Cut: "cut", Asked: "asked", Suppress: "suppress", Suppressing: "suppressing",
    Petition: "petition", Split: "split", Announce: "announce", Expire: "expire", Keep: "keep", Forget: "forget",
    Vacate: "vacate", Bar: "bar", Wipe: "wipe", Report: "report", Reported: "reported", Redact: "redact",
    Staged: "stage", Revise: "revise", Ask: "ask"}
_WRITERS = {kind: _writer(kind) for kind in _NAMES}
_READERS = {name: _reader(kind) for kind, name in _NAMES.items()}
