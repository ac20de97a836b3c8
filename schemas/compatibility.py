"""What `avro` knows of schemas: their fingerprints, and whether one can safely be read as another.

`avro` decides (the reference rules of schema resolution). Added is what those rules leave out and our
decoder relies on: it reads times as plain numbers, so a logical type must not change between writer and
reader; and fastavro's C code has no recursion limit (5,000 levels of a recursive schema kill the process),
so a foreign schema must be bounded.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import ArraySchema, FixedSchema, MapSchema, RecordSchema, Schema, UnionSchema, parse

Json = Mapping[str, Any] | list[Any] | str


def parsed(schema: Json) -> Schema:
    """The schema as `avro` sees it; raises what `avro` raises if it is none."""
    return parse(json.dumps(schema))


def fingerprint(schema: Json) -> bytes:
    """CRC-64-AVRO of the parsing canonical form, little-endian as single-object encoding wants it.

    `avro` 1.12 strips logical types without simplifying what is left (`{"type": "long"}`, which the
    specification and Java write as `"long"`), so they are taken out beforehand: otherwise no other Avro
    library would know our records.
    """
    return bytes(parsed(without_logical_types(schema)).fingerprint())


def without_logical_types(schema: Any) -> Any:
    """The same schema on the wire, all of its values as plain as they are encoded."""
    if isinstance(schema, list):
        return [without_logical_types(branch) for branch in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept = {key: value for key, value in schema.items() if key != "logicalType"}
    return {key: value if key == "default" else without_logical_types(value) for key, value in kept.items()}


def incompatibilities(*, reader: Json, writer: Json) -> tuple[str, ...]:
    """Why `reader` cannot read what `writer` writes; empty if it can."""
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    verdict = checker.get_compatibility(parsed(reader), parsed(writer))
    if verdict.compatibility is not SchemaCompatibilityType.compatible:
        return tuple(sorted(verdict.messages)) or ("incompatible",)
    return tuple(_changed_meanings(reader, writer))


def _changed_meanings(reader: Json, writer: Json) -> Iterator[str]:
    written = dict(_logical_types(writer))
    for path, logical in _logical_types(reader):
        if written.get(path, logical) != logical:
            yield f"{path}: {written[path]} read as {logical}"


def _logical_types(schema: Json, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(schema, list):
        for branch in schema:
            yield from _logical_types(branch, path)
    elif isinstance(schema, Mapping):
        if "logicalType" in schema:
            yield path, schema["logicalType"]
        for part in ("type", "items", "values"):
            yield from _logical_types(schema.get(part, ""), path)
        for field in schema.get("fields", ()):
            yield from _logical_types(field, f"{path}/{field['name']}")


def is_bounded(schema: Schema, enclosing: tuple[Schema, ...] = ()) -> bool:
    """Whether decoding takes no more depth than the schema and no more steps than there are bytes.

    A record inside itself would overflow the C stack; an array of items without bytes lets ten bytes ask
    for 2^62 of them.
    """
    if any(schema is outer for outer in enclosing):
        return False
    if isinstance(schema, ArraySchema) and not _takes_bytes(schema.items):
        return False
    return all(is_bounded(part, (*enclosing, schema)) for part in _parts(schema))


def _parts(schema: Schema) -> list[Schema]:
    match schema:
        case RecordSchema():
            return [field.type for field in schema.fields]
        case ArraySchema():
            return [schema.items]
        case MapSchema():
            return [schema.values]
        case UnionSchema():
            return list(schema.schemas)
        case _:
            return []


def _takes_bytes(schema: Schema, enclosing: tuple[Schema, ...] = ()) -> bool:
    if isinstance(schema, RecordSchema):
        inner = (field.type for field in schema.fields if not any(field.type is outer for outer in enclosing))
        return any(_takes_bytes(part, (*enclosing, schema)) for part in inner)
    if isinstance(schema, FixedSchema):
        return bool(schema.size)
    return schema.type != "null"
