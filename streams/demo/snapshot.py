"""One moment of a running demo, as plain values: what the screen shows and nothing of how it was found out."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """From the moment an event is received to the activation it causes, in milliseconds."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`phase` is a few words ("starting Kafka", "playing"). Sizes and counts are as of now; `latency` is None until
    something was activated. `hint` is the line that tells the person what to type."""

    phase: str
    elapsed_s: float = 0.0
    sent: int = 0
    planned: int = 0
    handled: int = 0
    events_per_second: float = 0.0
    profiles: int = 0
    merges: int = 0
    dead_letters: int = 0
    segments: Mapping[str, int] = field(default_factory=dict)
    activations: Mapping[str, int] = field(default_factory=dict)
    latency: Latency | None = None
    hint: str = ""
