"""What a running demo has been seen to do: counted from Kafka's topics alone, as any reader could."""
from __future__ import annotations

from collections import Counter, deque
from dataclasses import fields
from threading import Lock

from streams.demo.observed import Observed, SeenActivation, SeenProfile
from streams.demo.view import Latency, Snapshot
from streams.runtime.outside.observer import OutputRecord

TOPICS = ("audiences.changes", "activations.display", "activations.email", "activations.sms", "profiles",
          "identity.changes", "dead-letters")
REMEMBERED = 2_000
"""Activations over which the percentiles are taken."""


class Tally:
    """`note` is called from the observer's thread, the rest from the screen's."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._profiles: dict[str, SeenProfile] = {}
        self._members: dict[str, list[tuple[int, str, bool]]] = {}
        self._sizes: Counter[str] = Counter()
        self._activations: list[SeenActivation] = []
        self._channels: Counter[str] = Counter()
        self._delays: deque[float] = deque(maxlen=REMEMBERED)
        self._merges = 0
        self._dead_letters = 0

    def note(self, seen: OutputRecord) -> None:
        """Take one record in."""
        with self._lock:
            if seen.topic == "profiles":
                self._note_profile(seen)
            elif seen.record is None:
                return
            elif seen.topic == "audiences.changes":
                self._note_change(seen.record)
            elif seen.topic == "identity.changes":
                self._merges += seen.record["change"] == "merged"
            elif seen.topic == "dead-letters":
                self._dead_letters += seen.record["topic"].endswith(("events.hits", "events.interactions"))
            else:
                self._note_activation(seen)

    def _note_profile(self, seen: OutputRecord) -> None:
        if seen.record is None:
            self._profiles.pop(seen.key, None)
            return
        identifiers = frozenset(row["identifier"] for row in seen.record["identifiers"])
        self._profiles[seen.key] = SeenProfile(identifiers=identifiers, events=seen.record["events"])

    def _note_change(self, change: dict[str, object]) -> None:
        is_in = change["change"] == "entered"
        segment = str(change["segment_id"])
        self._sizes[segment] += 1 if is_in else -1
        self._members.setdefault(str(change["profile_id"]), []).append((int(str(change["at"])), segment, is_in))

    def _note_activation(self, seen: OutputRecord) -> None:
        assert seen.record is not None
        row = seen.record
        self._activations.append(SeenActivation(**{field.name: row[field.name] for field in fields(SeenActivation)}))
        self._channels[row["channel"]] += 1
        self._delays.append(seen.seen_at - row["at"])

    def snapshot(self, phase: str) -> Snapshot:
        """What the screen shows of it now."""
        with self._lock:
            return Snapshot(
                phase=phase, profiles=len(self._profiles), merges=self._merges, dead_letters=self._dead_letters,
                segments=dict(self._sizes), activations=dict(self._channels), latency=self._latency())

    def observed(self, at: int) -> Observed:
        """All of it, memberships as of the instant `at`."""
        with self._lock:
            memberships: dict[str, frozenset[str]] = {}
            for profile_id, profile in self._profiles.items():
                segments: set[str] = set()
                for moment, segment, is_in in self._members.get(profile_id, ()):
                    if moment <= at:
                        (segments.add if is_in else segments.discard)(segment)
                memberships |= dict.fromkeys(profile.identifiers, frozenset(segments))
            return Observed(
                at=at, dead_letters=self._dead_letters, profiles=tuple(self._profiles.values()),
                memberships=memberships, activations=tuple(self._activations),
                slowest_ms=max(self._delays, default=0))

    def _latency(self) -> Latency | None:
        if not self._delays:
            return None
        delays = sorted(self._delays)
        p50, p95, p99 = (delays[int(len(delays) * share)] for share in (0.5, 0.95, 0.99))
        return Latency(p50=p50, p95=p95, p99=p99)
