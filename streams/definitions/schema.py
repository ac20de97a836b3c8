"""The JSON Schema for editors, made from the tables that the parser reads by.

It says less than the parser: what takes two fields to see (an end before its start) is missing."""
from __future__ import annotations

from collections.abc import Mapping

from streams.definitions.destinations import DESTINATION
from streams.definitions.kinds import KINDS
from streams.definitions.nodes import NODES
from streams.definitions.shapes import Schema


def definitions_schema(connectors: Mapping[str, Schema] | None = None) -> Schema:
    """JSON Schema 2020-12 of one document, whatever its kind. connectors: the schema of a destination by its connector, and
    no other is valid; None where connectors are not at hand."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "audience-streams definition",
        "type": "object",
        "required": ["kind", "id"],
        "properties": {"kind": {"enum": list(KINDS)}},
        "allOf": [
            {"if": {"properties": {"kind": {"const": kind}}}, "then": {"$ref": f"#/$defs/{kind}"}}
            for kind in KINDS
        ],
        "$defs": {
            **{kind: shape.schema for kind, shape in KINDS.items()},
            **({} if connectors is None else _destination(connectors)),
            "rule": {
                "type": "object",
                "properties": {name: {"$ref": f"#/$defs/node-{name}"} for name in NODES},
                "additionalProperties": False, "minProperties": 1, "maxProperties": 1,
            },
            **{f"node-{name}": shape.schema for name, shape in NODES.items()},
        },
    }


def _destination(connectors: Mapping[str, Schema]) -> dict[str, Schema]:
    plain = DESTINATION.schema
    told = plain | {
        "properties": plain["properties"] | {"connector": {"enum": list(connectors)}},
        "allOf": [{"if": {"properties": {"connector": {"const": name}}}, "then": {"$ref": f"#/$defs/connector-{name}"}}
                  for name in connectors]}
    return {"destination": told, **{f"connector-{name}": schema for name, schema in connectors.items()}}
