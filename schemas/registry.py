"""Finds the schema a record was written with, from the record's first bytes.

Known schemas (current and released) are looked up by their ten-byte single-object prefix as it stands in
the record: one dict access a record, no parsing of the framing. Everything else (Confluent framing, faults)
is the slow path. A registry is only a function here, injected: this package speaks to no network.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastavro import parse_schema
from fastavro.types import Schema

from schemas.catalogue import NAMES, load, released_versions, ships
from schemas.compatibility import Json, fingerprint, incompatibilities, is_bounded, parsed, without_logical_types
from schemas.errors import Fault, Undecodable

SINGLE_OBJECT = b"\xc3\x01"
SINGLE_OBJECT_BYTES = 10
CONFLUENT = b"\x00"
CONFLUENT_BYTES = 5

SchemaById = Callable[[int], Mapping[str, Any] | None]
"""Schema id -> schema, or None if the registry has none by that id. May block; asked once for each id it
knows.

What it raises passes through the codec: an unreachable registry is no fault of the record, so retry, don't
dead-letter.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """A schema of ours as it is written now."""

    name: str
    schema: Schema
    prefix: bytes
    fields: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """How to read a body: written so, read as our current schema (None: they are the same)."""

    name: str
    written: Schema
    read_as: Schema | None
    starts_at: int


@cache
def current(name: str) -> Current:
    """The current schema called `name`; KeyError for another name."""
    source = load(name)
    fields = frozenset(field["name"] for field in source["fields"])
    return Current(name=name, schema=_fast(source), prefix=prefix_of(source), fields=fields)


def prefix_of(schema: Json) -> bytes:
    """The ten bytes that begin every single-object record of this schema."""
    return SINGLE_OBJECT + fingerprint(schema)


@cache
def known_writers(name: str) -> Mapping[bytes, Writer]:
    """Prefix -> writer, for every version of `name` that was ever shipped, and the current one."""
    now = current(name)
    shipped = [load(name, version) for version in released_versions() if ships(name, version)]
    writers = {prefix_of(old): _single_object(name, _fast(old), now.schema) for old in shipped}
    return {**writers, now.prefix: _single_object(name, now.schema, None)}


def _single_object(name: str, written: Schema, read_as: Schema | None) -> Writer:
    return Writer(name=name, written=written, read_as=read_as, starts_at=SINGLE_OBJECT_BYTES)


class Writers:
    """The writers of what one reader accepts: usually one name, on the event topics two."""

    def __init__(self, names: tuple[str, ...], schema_by_id: SchemaById | None) -> None:
        self._names = names
        self._title = " or ".join(names)
        self._schema_by_id = schema_by_id
        self._known = {prefix: writer for name in names for prefix, writer in known_writers(name).items()}
        self._by_id: dict[int, Writer | Fault] = {}

    def of(self, data: bytes) -> Writer:
        """The writer of this record; `Undecodable` if it is unknown or not acceptable here."""
        writer = self._known.get(data[:SINGLE_OBJECT_BYTES])
        if writer is None:
            found = self._search(data)
            if isinstance(found, Fault):
                raise Undecodable(found, self._title)
            return found
        return writer

    def _search(self, data: bytes) -> Writer | Fault:
        if not data:
            return Fault.EMPTY
        if data.startswith(CONFLUENT):
            return self._search_by_id(data)
        if not data.startswith(SINGLE_OBJECT):
            return Fault.NOT_AVRO
        if len(data) < SINGLE_OBJECT_BYTES:
            return Fault.TRUNCATED
        prefix = data[:SINGLE_OBJECT_BYTES]
        is_of_another_topic = any(prefix in known_writers(name) for name in NAMES)
        return Fault.WRONG_SCHEMA if is_of_another_topic else Fault.UNKNOWN_FINGERPRINT

    def _search_by_id(self, data: bytes) -> Writer | Fault:
        if len(data) < CONFLUENT_BYTES:
            return Fault.TRUNCATED
        schema_id = int.from_bytes(data[1:CONFLUENT_BYTES], "big")
        cached = self._by_id.get(schema_id)
        if cached is not None:
            return cached
        schema = self._schema_by_id(schema_id) if self._schema_by_id else None
        if schema is None:
            return Fault.UNKNOWN_SCHEMA_ID
        self._by_id[schema_id] = self._judge(schema)
        return self._by_id[schema_id]

    def _judge(self, schema: Mapping[str, Any]) -> Writer | Fault:
        try:
            if not is_bounded(parsed(schema)):
                return Fault.BAD_SCHEMA
            written = _fast(schema)
            name = next((name for name in self._names if not incompatibilities(reader=load(name), writer=schema)), None)
        except Exception:  # whatever a parser does on a schema that is none
            return Fault.BAD_SCHEMA
        if name is None:
            return Fault.WRONG_SCHEMA
        now = current(name)
        return Writer(name=name, written=written, read_as=now.schema, starts_at=CONFLUENT_BYTES)


def _fast(schema: Json) -> Schema:
    """Times stay epoch milliseconds: datetimes cost half as much again and end at the year 9999."""
    return parse_schema(without_logical_types(schema))
