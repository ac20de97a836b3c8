"""What a reader of settings asks of each, as JSON Schema."""
from __future__ import annotations

from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]
ENVIRONMENT: Schema = {"type": "object", "properties": {"env": {"type": "string", "minLength": 1}}, "required": ["env"],
                       "additionalProperties": False}
NUMBER: Schema = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+$"}]}


class Asking(dict[str, Any]):
    """Settings of which every one is there and none says anything. `forms`: by name, those that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, Schema] = {}

    def __contains__(self, name: object) -> bool:
        return True


def or_variable(schema: Schema) -> Schema:
    return {"anyOf": [schema, ENVIRONMENT]}
