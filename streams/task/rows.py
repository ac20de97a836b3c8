"""State rows to bytes and back: MessagePack of field values in order.

Positional rows instead of msgspec's own classes: `core` knows no third-party package, and plain lists encode in half the
time. A new field comes last, with a default; anything else is a new version of the state."""
from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from streams.core.press import Press, Pressed
from streams.core.profile import Forward, Fragment, Profile
from streams.core.requests import Receipt
from streams.core.tables import Barred, Entry, Node, Person, Pointer

LONGEST_FORWARD = len(Forward.__dataclass_fields__)
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder().decode
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, msgspec.MsgspecError)
"""What `decode` raises for bytes that no row of that kind has."""


class Documented(NamedTuple):
    """One definition in the state, in force or staged: as `wire.Staged` has it."""

    document: Any
    version: int
    state: str | None
    press: Pressed | None = None


class RowCodec(NamedTuple):
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


def _fields(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*kind.__dataclass_fields__)  # type: ignore[attr-defined]


fragment_row = _fields(Fragment)
_profile_row = _fields(Profile)
_FRAGMENTS = tuple(Profile.__dataclass_fields__).index("fragments")
_SETS = tuple(place for place, name in enumerate(Profile.__dataclass_fields__) if name in ("truth", "inherited"))


def profile_row(profile: Profile) -> list[Any]:
    row = list(_profile_row(profile))
    row[_FRAGMENTS] = [fragment_row(fragment) for fragment in profile.fragments.values()]
    for place in _SETS:
        row[place] = sorted(row[place])
    return row


def profile_of(row: list[Any]) -> Profile:
    fragments = {}
    for values in row[_FRAGMENTS]:
        fragment = Fragment(*values)
        fragments[fragment.key] = fragment
    row[_FRAGMENTS] = fragments
    for place in _SETS:
        row[place] = set(row[place])
    return Profile(*row)


def _encode_profile(row: Profile | Forward) -> bytes:
    if isinstance(row, Forward):
        return pack((row.to, row.until, row.handovers))
    return pack(profile_row(row))


def size_of(profile: Profile) -> int:
    """Bytes of its row."""
    return len(_encode_profile(profile))


def _decode_profile(data: bytes) -> Profile | Forward:
    row = unpack(data)
    if len(row) <= LONGEST_FORWARD:
        return Forward(*row)
    return profile_of(row)


def entry_of(row: list[object]) -> Entry:
    """One event of a timeline."""
    arrival, event_time, received_at, fragment, identifiers, raw = row
    return Entry(arrival, event_time, received_at, fragment, tuple(identifiers), raw)  # type: ignore[arg-type]


def _plain(kind: type) -> RowCodec:
    fields = _fields(kind)
    return RowCodec(lambda row: pack(fields(row)), lambda data: kind(*unpack(data)))


def _decode_document(data: bytes) -> Documented:
    document, version, state, press = unpack(data)
    return Documented(document, version, state, Pressed(*press) if press else None)


def _encode_person(row: Person) -> bytes:
    return pack((row.created, row.identifiers, sorted(row.former), row.merges, list(row.parted.items()), row.decisions))


def _decode_person(data: bytes) -> Person:
    created, identifiers, former, merges, parted, decisions = unpack(data)
    return Person(created, identifiers, set(former), merges, dict(parted), decisions)


PROFILE = RowCodec(_encode_profile, _decode_profile)
POINTER = _plain(Pointer)
NODE = _plain(Node)
BARRED = _plain(Barred)
PRESS = _plain(Press)
RECEIPT = _plain(Receipt)
PERSON = RowCodec(_encode_person, _decode_person)
RAW = RowCodec(bytes, bytes)
DOCUMENT = RowCodec(pack, _decode_document)
PLAIN = RowCodec(pack, unpack)
