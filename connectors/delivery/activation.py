"""An activation as connectors see it: the fields of the records of `activations.*`, parsed once."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import orjson

from streams.core.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """`activation_id` is the idempotency key. Times are epoch milliseconds."""

    activation_id: str
    channel: str
    campaign_id: str
    segment_id: str
    segment_version: int
    change: str
    sequence: int
    profile_id: str
    identifier: str
    at: int
    expires_at: int | None
    purpose: str
    consent_basis: str
    content: Mapping[str, Json]
    because: str

    @property
    def is_removal(self) -> bool:
        """Takes somebody out of an audience: a right of that person, which does not expire, and is given up last."""
        return self.change == "exited"

    @property
    def audience(self) -> str:
        """Whose members it changes, by the name in its campaign; "" of a message, and where none is named."""
        found = self.content.get("audience")
        return found if self.change in ("entered", "exited") and isinstance(found, str) else ""

    def is_for(self, destination: str) -> bool:
        """A campaign that names no destinations means all of its channel."""
        named = self.content.get("destinations")
        return not named or destination in named

    def is_expired(self, at: int) -> bool:
        return self.expires_at is not None and at >= self.expires_at and not self.is_removal


def from_record(record: Mapping[str, Json]) -> Activation:
    """From a decoded record of a topic `activations.*`, where `content` is JSON text. ValueError, without a value, where
    that is no object, or its `destinations` no list."""
    content = orjson.loads(record["content"])
    if not isinstance(content, dict) or not isinstance(content.get("destinations") or [], list):
        raise ValueError("its content is no object, or destinations in it no list")
    given = {field.name: record[field.name] for field in fields(Activation)}
    return Activation(**(given | {"content": content}))


def as_json(activation: Activation) -> dict[str, Json]:
    """The fields as they are told to others."""
    return {field.name: getattr(activation, field.name) for field in fields(activation)}
