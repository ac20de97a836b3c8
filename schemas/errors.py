"""What can be wrong with bytes, as a closed list.

A list, not free text: a dead letter's reason must be countable, every fault has an example under
`examples/*/bad`, and a sentence written beforehand cannot leak what was in the record.

    ValueError
      Undecodable   the input's fault: dead-letter the record
      Unencodable   the caller's fault: a record that does not fit its schema is a bug
"""

from collections.abc import Mapping
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong with a record's bytes. The value is public: it stands in dead letters and metrics."""

    EMPTY = "empty"
    NOT_AVRO = "not-avro"
    UNKNOWN_FINGERPRINT = "unknown-fingerprint"
    UNKNOWN_SCHEMA_ID = "unknown-schema-id"
    BAD_SCHEMA = "bad-schema"
    WRONG_SCHEMA = "wrong-schema"
    TRUNCATED = "truncated"
    TRAILING_BYTES = "trailing-bytes"
    MALFORMED = "malformed"
    BAD_TEXT = "bad-text"
    BAD_JSON = "bad-json"
    NOT_AN_OBJECT = "not-an-object"
    TOO_DEEP = "too-deep"


SENTENCES: Mapping[Fault, str] = {
    Fault.EMPTY: "the value has no bytes; expected a record; a tombstone where none is allowed?",
    Fault.NOT_AVRO: "it begins neither as JSON nor as Avro; expected, on the event topics and in files, a JSON "
    "object, '{', else C3 01 and a fingerprint, or 00 and a schema id; was it produced for another topic?",
    Fault.UNKNOWN_FINGERPRINT: "the fingerprint is of no schema known here; was it written by a newer "
    "version? upgrade this worker, then replay the dead letter",
    Fault.UNKNOWN_SCHEMA_ID: "the schema id is not in the registry, or no registry is set; is its URL the "
    "one the producer uses? set it, then replay the dead letter",
    Fault.BAD_SCHEMA: "the registry's schema for this id is not valid Avro, is recursive, or has an array "
    "whose items take no bytes; register one that is neither",
    Fault.WRONG_SCHEMA: "it was written with a schema that cannot be read as the one of this topic; was it "
    "produced for another topic?",
    Fault.TRUNCATED: "the bytes end before the record does; was it cut, or a length damaged, on the way?",
    Fault.TRAILING_BYTES: "bytes follow the end of the record; was it written with another schema?",
    Fault.MALFORMED: "the bytes do not follow the schema they name; was it written with another one?",
    Fault.BAD_TEXT: "a text is not UTF-8; does the producer send Latin-1?",
    Fault.BAD_JSON: "the JSON text cannot be parsed; was it cut, or put together by hand?",
    Fault.NOT_AN_OBJECT: "the JSON text is valid, but no object; expected {…}",
    Fault.TOO_DEEP: "the JSON text is nested deeper than 100 levels; send flat properties",
}


class Undecodable(ValueError):
    """Input that cannot be decoded: dead-letter the record with `reason`, go on with the next.

    `reason` (which is also `str()` of it) holds no part of the record.
    """

    def __init__(self, fault: Fault, name: str) -> None:
        super().__init__(fault, name)
        self.fault = fault
        self.reason = f"{fault}: {name} cannot be decoded: {SENTENCES[fault]}"

    def __str__(self) -> str:
        return self.reason

    @property
    def is_of_newer(self) -> bool:
        """Whether a newer version, or another registry, may know it, as in an upgrade: to pass it over would lose it."""
        return self.fault in (Fault.UNKNOWN_FINGERPRINT, Fault.UNKNOWN_SCHEMA_ID)


class Unencodable(ValueError):
    """A record that does not fit its schema: the caller's bug, nothing was written."""
