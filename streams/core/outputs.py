"""What the stages tell the world, most of it on the topic that its docstring names. `task.outputs` makes the records."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from streams.core.profile import Profile
from streams.core.requests import Receipt
from streams.core.values import Json


@dataclass(slots=True)
class MembershipChanged:
    """Output `audiences.changes`."""

    profile_id: str
    segment_id: str
    segment_version: int
    change: str
    sequence: int
    at: int
    cause: str
    because: str
    identifiers: list[str]


@dataclass(slots=True)
class MembershipsNow:
    """Output `audiences.memberships`: every segment the identifier is in; `segments` None deletes the record."""

    identifier: str
    segments: list[str] | None
    at: int


@dataclass(slots=True)
class Activation:
    """Output `activations.*`, with the fields of its schema."""

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
    content: dict[str, Json]
    because: str


@dataclass(slots=True)
class Suppressed:
    """An activation that was not made, and why. On no topic: the profile knows its last (`campaigns.explaining`)."""

    campaign_id: str
    channel: str
    profile_id: str
    reason: str
    at: int


@dataclass(slots=True)
class Unrenderable:
    """A message whose template failed: it becomes a dead letter. `reason` holds no personal data."""

    campaign_id: str
    channel: str
    profile_id: str
    reason: str
    because: str
    at: int


@dataclass(slots=True)
class Curtailed:
    """A profile that was too large, and what it lost: traits, states of rules, purposes, each in number. It becomes a dead
    letter."""

    profile_id: str
    dropped: dict[str, int]
    at: int


@dataclass(slots=True)
class Refused:
    """An event that names erased people only. It becomes a dead letter without its bytes, which must not come back. mark:
    the keyed hash of its strongest identifier."""

    topic: str
    mark: str
    reason: str
    at: int


@dataclass(slots=True)
class IdentityChanged:
    """Output `identity.changes`: one line of audit. evidence: identifiers by which the event belongs to the profile,
    strongest first. since, until: of a move, the event times between which it holds; None for no bound."""

    at: int
    change: str
    profile_id: str
    other_profile_id: str | None
    identifiers: list[str]
    event_id: str
    reason: str
    decision: int
    evidence: list[str] = field(default_factory=list)
    since: int | None = None
    until: int | None = None


@dataclass(slots=True)
class ProfileGone:
    """Output `profiles`: a tombstone. cause: `time` if nothing came to it for too long, `erasure`, or `merge`."""

    profile_id: str
    cause: str


@dataclass(slots=True)
class ProfileSeen:
    """Output `profiles`: the 360 view of this profile as it is at the end of the unit of work."""

    profile: Profile


@dataclass(slots=True)
class Answered:
    """Output `segments.answers`: what one task says to a question about segments. body: plain JSON values."""

    request_id: str
    partition: int
    body: dict[str, Any]
    at: int


Output: TypeAlias = (MembershipChanged | MembershipsNow | Activation | Suppressed | Unrenderable | Curtailed | Refused
                     | IdentityChanged | ProfileGone | ProfileSeen | Receipt | Answered)
