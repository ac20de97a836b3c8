"""What was read back from Kafka's topics at the end of a demo, for the verdict."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenProfile:
    """The newest record of a profile on `profiles` (tombstones left out)."""

    identifiers: frozenset[str]
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenActivation:
    """A record of an `activations.*` topic, as often as it stands there."""

    activation_id: str
    channel: str
    campaign_id: str
    segment_id: str
    identifier: str
    change: str
    sequence: int
    purpose: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """`at`: the instant, in ms, up to which timers had fired when memberships were read. `memberships`: the segments of each
    identifier, from `audiences.memberships` (one without any may be left out). `dead_letters`: of the two event topics only.
    `slowest_ms`: the longest that one of the newest activations took to be read."""

    at: int
    dead_letters: int
    profiles: tuple[SeenProfile, ...]
    memberships: Mapping[str, frozenset[str]]
    activations: tuple[SeenActivation, ...]
    slowest_ms: float = 0
