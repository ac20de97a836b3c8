"""Writers of records that hold plain values only, compiled from their schema.

What a worker writes by the hundred thousand are changes of membership, commands, activations and audit lines: a dozen
plain fields each. fastavro looks their schema up field by field for each, which takes twice as long. What is not of exactly
the type that its field states is left to fastavro, which knows defaults and what to refuse; so is every schema with a field
of another kind.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter, call, itemgetter
from typing import Any, TypeAlias

Part: TypeAlias = Callable[[Any], bytes]
"""The bytes of one field. Raises one of `UNFIT` for a value of another type."""
UNFIT = (LookupError, TypeError, AttributeError, UnicodeEncodeError)


class PlainWriter:
    """Writes records of one schema."""

    def __init__(self, fields: Sequence[str], parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)
        self._items: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*fields)
        self._attributes: Callable[[object], tuple[Any, ...]] = attrgetter(*fields)

    def of_items(self, record: Mapping[str, Any]) -> bytes | None:
        """The record without frame; None where it does not fit plainly."""
        if len(record) != len(self._parts):
            return None
        try:
            return b"".join(map(call, self._parts, self._items(record)))
        except UNFIT:
            return None

    def of_attributes(self, record: object) -> bytes | None:
        """The same, of an object that has the fields as attributes, and maybe more."""
        try:
            return b"".join(map(call, self._parts, self._attributes(record)))
        except UNFIT:
            return None


def compile_writer(schema: Any) -> PlainWriter | None:
    """A writer for a record schema with several fields; None if a field is not plain."""
    fields = [field["name"] for field in schema["fields"]]
    parts = [part for field in schema["fields"] if (part := _part(field["type"])) is not None]
    return PlainWriter(fields, parts) if len(parts) == len(fields) > 1 else None


def _part(schema: Any) -> Part | None:
    match schema:
        case "string" | {"type": "string"}:
            return _text
        case {"type": "enum", "symbols": symbols}:
            return {symbol: _whole(place) for place, symbol in enumerate(symbols)}.__getitem__
        case "bytes" | {"type": "bytes"}:
            return _data
        case {"type": "array", "items": "string"}:
            return _texts
        case ["null", other] if (part := _part(other)) is not None:
            return lambda value: b"\0" if value is None else b"\2" + part(value)
        case "int" | {"type": "int"}:
            return _short
        case "long" | {"type": "long"}:
            return _whole
        case _:
            return None


def _short(value: Any) -> bytes:
    if not -1 << 31 <= value < 1 << 31:
        raise TypeError
    return _whole(value)


@lru_cache(maxsize=4_096, typed=True)
def _whole(value: Any) -> bytes:
    """Zigzag, seven bits a byte, the lowest first. Lengths, versions and instants come again."""
    if type(value) is not int or not -1 << 63 <= value < 1 << 63:
        raise TypeError
    rest, found = (value << 1) ^ (value >> 63), bytearray()
    while rest > 127:
        found.append(rest & 127 | 128)
        rest >>= 7
    found.append(rest)
    return bytes(found)


def _text(value: Any) -> bytes:
    data: bytes = value.encode()
    return _whole(len(data)) + data


def _data(value: Any) -> bytes:
    if type(value) is not bytes:
        raise TypeError
    return _whole(len(value)) + value


def _texts(value: Any) -> bytes:
    if type(value) is not list:
        raise TypeError
    return _whole(len(value)) + b"".join(map(_text, value)) + b"\0" if value else b"\0"
