"""Segment messages, from JSON or from the Avro of the event topics, as one shape.

The Avro record becomes the JSON shape, not the other way round: the JSON message is what the outside
knows, so the intake has one set of rules and no second list of field names to keep in step.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from schemas.errors import Fault, Undecodable

MAX_DEPTH = 100
"""Levels of nesting accepted: orjson reads 1,024 but writes only 254; deeper input fails on its way out."""

SEGMENT_FIELDS: Mapping[str, str] = {
    "type": "type",
    "message_id": "messageId",
    "anonymous_id": "anonymousId",
    "user_id": "userId",
    "event": "event",
    "name": "name",
    "properties": "properties",
    "traits": "traits",
    "context": "context",
    "integrations": "integrations",
    "timestamp": "timestamp",
    "original_timestamp": "originalTimestamp",
    "sent_at": "sentAt",
    "received_at": "receivedAt",
    "previous_id": "previousId",
    "group_id": "groupId",
}
OBJECTS = ("properties", "traits", "context", "integrations")


def from_json(data: bytes, name: str = "event") -> dict[str, Any]:
    """The JSON object in `data`; `Undecodable` if there is none, or nested deeper than `MAX_DEPTH`.

    Counting brackets costs 0.1 us and bounds the depth from above; only what has many is walked."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as failure:
        fault = _fault_of(data, failure)
    else:
        if isinstance(found, dict) and (data.count(b"{") + data.count(b"[") <= MAX_DEPTH or not _is_too_deep(found)):
            return found
        fault = Fault.TOO_DEEP if isinstance(found, dict) else Fault.NOT_AN_OBJECT
    raise Undecodable(fault, name)


def from_record(name: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """A decoded Hit or Interaction as a Segment message: what is null there is absent here."""
    message = {SEGMENT_FIELDS[field]: value for field, value in record.items() if value is not None}
    for field in OBJECTS:
        if field in message:
            message[field] = from_json(message[field].encode(), name)
    return message


def _fault_of(data: bytes, failure: orjson.JSONDecodeError) -> Fault:
    if failure.msg.startswith("depth limit"):
        return Fault.TOO_DEEP
    try:
        data.decode()
    except UnicodeDecodeError:
        return Fault.BAD_TEXT
    return Fault.BAD_JSON


def _is_too_deep(found: dict[str, Any]) -> bool:
    level: list[Any] = [found]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(container: Any) -> list[Any]:
    values = container.values() if isinstance(container, dict) else container
    return [value for value in values if isinstance(value, dict | list)]
