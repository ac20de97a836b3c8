"""What the shop knows about a message it sends: the truth, beside the bytes.

Kept apart from the message on purpose: what is expected follows from facts and never from what messages say, so that a
mistake in reading them is not made on both sides.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from streams.core.values import Json


class Label(StrEnum):
    """What is special about a message. From BROKEN_JSON on the pipeline must refuse it."""

    ORDINARY = "ordinary"
    LATE = "late"
    AHEAD = "ahead of time"
    PARTLY_BLOCKED = "one identifier blocked"
    COPY = "copy"
    BROKEN_JSON = "broken JSON"
    NO_OBJECT = "no object"
    NO_IDENTIFIER = "no identifier"
    BLOCKED_ONLY = "blocked identifiers only"
    WRONG_TYPE = "wrong type"


BROKEN = frozenset({Label.BROKEN_JSON, Label.NO_OBJECT, Label.NO_IDENTIFIER, Label.BLOCKED_ONLY, Label.WRONG_TYPE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened. Times are epoch ms, `event_time <= received_at`, and no two facts of a person share an event
    time. `identifiers` are `namespace:value` as the pipeline should know them, strongest first."""

    received_at: int
    event_time: int
    identifiers: tuple[str, ...]
    event: str
    source: str
    properties: Mapping[str, Json] = field(default_factory=dict)
    traits: Mapping[str, Json] = field(default_factory=dict)
    consent: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A record to produce at `received_at`, to `topic` (without prefix). `fact` is None for copies and for
    what must be refused."""

    received_at: int
    topic: str
    key: bytes
    value: bytes
    label: Label
    fact: Fact | None
