"""Records to bytes and back: the only place where a topic's bytes are made or read.

fastavro does the work (`avro` takes 70 us where it takes 6), but for records of plain fields, which `writing` writes; `avro`
is asked at start for fingerprints and compatibility, where being the reference counts. Not the writers of the registry
client: they know one framing, one schema a topic, and no fixed set of faults.

Measured, us a record on one core of a shared machine (encode / decode):

    activation, 236 bytes        5.8 / 5.4        command, 144 bytes            2.6 / 2.0
    audience_change, 161 bytes   4.3 / 3.8        hit, 174 bytes (15 nullable)  9.2 / 7.8
    decode_event: the same hit as JSON, 263 bytes: 1.4; as Avro: 11.4

Known leniency: like fastavro, a union or enum index of -1 reads as the last branch, and over-long numbers are
accepted. Such damage changes a value no more than a flipped letter would, which no Avro reader can see.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, NoReturn, cast

from fastavro import schemaless_reader, schemaless_writer

from schemas.catalogue import EVENTS, NAMES
from schemas.errors import Fault, Undecodable, Unencodable
from schemas.messages import from_json, from_record
from schemas.registry import CONFLUENT, SchemaById, Writer, Writers, current
from schemas.writing import compile_writer

Record = dict[str, Any]


class Codec:
    """Encodes with the current schemas; decodes everything ever shipped, and what a registry knows.

    `schema_by_id` resolves the ids of the Confluent framing (None: such records are `Undecodable`).
    `written_ids` (schema name -> id in the registry) selects the Confluent framing for the names it has;
    the others are written in single-object encoding. Holds no state but a cache of schemas by id. For one
    thread at a time.
    """

    def __init__(self, schema_by_id: SchemaById | None = None, *, written_ids: Mapping[str, int] | None = None) -> None:
        ids = written_ids or {}
        self._current = {name: current(name) for name in NAMES}
        self._prefixes = {name: self._current[name].prefix for name in NAMES}
        self._prefixes |= {name: CONFLUENT + ids[name].to_bytes(4, "big") for name in NAMES if name in ids}
        self._plain = {name: compile_writer(self._current[name].schema) for name in NAMES}
        self._writers = {name: Writers((name,), schema_by_id) for name in NAMES}
        self._events = Writers(EVENTS, schema_by_id)

    def encode(self, name: str, record: Mapping[str, Any]) -> bytes:
        """The record, framed. Times are epoch milliseconds; a field left out takes its default.

        `Unencodable` if it does not fit: a field missing without default, unknown, or of another type.
        """
        plain = self._plain[name]
        if plain is not None and (written := plain.of_items(record)) is not None:
            return self._prefixes[name] + written
        return self._encode(name, record)

    def encode_object(self, name: str, record: object) -> bytes:
        """The same, of an object that has the fields of the schema as attributes; what else it has is left out."""
        plain = self._plain[name]
        if plain is not None and (written := plain.of_attributes(record)) is not None:
            return self._prefixes[name] + written
        return self._encode(name, {field: getattr(record, field) for field in self._current[name].fields})

    def _encode(self, name: str, record: Mapping[str, Any]) -> bytes:
        now = self._current[name]
        buffer = BytesIO()
        buffer.write(self._prefixes[name])
        try:
            schemaless_writer(buffer, now.schema, record)
        except Exception as failure:  # fastavro raises builtins of all kinds, and quotes the value in some
            _refuse(name, type(failure).__name__)
        if not record.keys() <= now.fields:
            _refuse(name, "unknown field")
        return buffer.getvalue()

    def decode(self, name: str, data: bytes) -> Record:
        """The record, with exactly the fields of the current schema. Anything wrong: `Undecodable`."""
        return _read(self._writers[name].of(data), data)

    def decode_event(self, data: bytes) -> Record:
        """A record of an event topic, as JSON, Hit or Interaction: always a dict shaped as a Segment JSON
        message.

        From Avro: camelCase keys, absent what was null, free objects parsed, times epoch milliseconds. From
        JSON: as it was sent; only that it is an object, and not too deep, is checked. `Undecodable` as
        `decode`.
        """
        if data[:1] in (b"{", b"["):
            return from_json(data)
        writer = self._events.of(data)
        return from_record(writer.name, _read(writer, data))


def _read(writer: Writer, data: bytes) -> Record:
    buffer = BytesIO(data)
    buffer.seek(writer.starts_at)
    try:
        record = schemaless_reader(buffer, writer.written, writer.read_as)
    except Exception as failure:  # hostile bytes: whatever the library does, the record is at fault
        fault = _fault_of(failure)
    else:
        if buffer.tell() == len(data):
            return cast("Record", record)
        fault = Fault.TRAILING_BYTES
    raise Undecodable(fault, writer.name)


def _fault_of(failure: Exception) -> Fault:
    match failure:
        case EOFError():
            return Fault.TRUNCATED
        case UnicodeDecodeError():
            return Fault.BAD_TEXT
        case IndexError() if "string index" in str(failure):
            return Fault.TRUNCATED
        case _:
            return Fault.MALFORMED


def _refuse(name: str, what: str) -> NoReturn:
    raise Unencodable(
        f"{name}: the record does not fit its schema ({what}); expected the fields and types of "
        f"schemas.load({name!r}); a caller's mistake: mend the caller"
    ) from None
