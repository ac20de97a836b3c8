"""What tasks tell each other, and what they tell the world. Each says by `home` whose partition it goes to.

Everything here that is not an output travels on the internal topic `commands`, or straight into the queue of
the same task; a stage cannot tell which.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from streams.core import profile as profiles
from streams.core.endings import Bar, Expire, Forget, Keep, Redact, Report, Reported, Vacate, Wipe
from streams.core.events import Event
from streams.core.homes import ToIdentifier, ToProfile, ToSequencer
from streams.core.requests import Announce, Asked, Petition, Receipt, Split, Suppress, Suppressing
from streams.core.tables import Entry, Node
from streams.core.values import Json


@dataclass(slots=True)
class Arrive:
    """An event, to the home of its strongest identifier."""

    event: Event

    @property
    def home(self) -> str:
        return self.event.identifiers[0]


@dataclass(slots=True)
class Resolve:
    """An alias, to where it can be told whether `previousId` was seen as a customer id."""

    event: Event
    as_customer: str
    as_cookie: str

    @property
    def home(self) -> str:
        return self.as_customer


@dataclass(slots=True)
class Visit:
    """New evidence on its way round the homes of the identifiers that it names; the first of `pending` is next.

    visits: identifier -> arrival of the first event of its lone profile, None where it has none."""

    event: Event
    pending: tuple[str, ...]
    visits: dict[str, int | None]

    @property
    def home(self) -> str:
        return self.pending[0]


@dataclass(slots=True)
class Decide(ToSequencer):
    """New evidence, to the sequencer."""

    event: Event
    visits: dict[str, int | None]


@dataclass(slots=True)
class Deliver(ToProfile):
    """An event for a profile. `fragment` is the one it is folded into; `decided` once the sequencer has spoken.

    gained: identifier -> [epoch, since]; expects: sources of fragments; suppressed: gained identifier -> row, as
    `Node.suppressed`.
    """

    event: Event
    profile: str
    fragment: str
    decided: bool = False
    created: int = 0
    gained: dict[str, list[int]] = field(default_factory=dict)
    expects: tuple[str, ...] = ()
    suppressed: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Point(ToIdentifier):
    """To an identifier's home: its owners, as the sequencer now has them."""

    identifier: str
    owners: list[list[Any]]

    @classmethod
    def of(cls, identifier: str, node: Node) -> Point:
        """With a copy of the owners: the node goes on changing."""
        return cls(identifier, [list(owner) for owner in node.owners])


@dataclass(slots=True)
class Release(ToProfile):
    """To a profile: give all you are to `to`."""

    profile: str
    to: str


@dataclass(slots=True)
class Cut(ToProfile):
    """To a profile: from event time `since` to `until` these identifiers are another's; hand over their events of that time.

    fragments: key here -> key there. is_split: what the person was told as a whole goes along."""

    profile: str
    to: str
    identifiers: Sequence[str]
    fragments: dict[str, str]
    since: int
    until: int | None
    source: str
    is_split: bool = False


@dataclass(slots=True)
class Adopt(ToProfile):
    """To a profile: fragments that are its own now, with their events. `last`: nothing more comes from `source`.

    `state`, in the first message only, is the released profile without its fragments, or what a cut takes along."""

    profile: str
    source: str
    fragments: list[profiles.Fragment]
    entries: list[Entry]
    state: profiles.Profile | None
    last: bool = True
    cause: str = "merge"


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

    profile: profiles.Profile


@dataclass(slots=True)
class Answered:
    """Output `segments.answers`: what one task says to a question about segments. body: plain JSON values."""

    request_id: str
    partition: int
    body: dict[str, Any]
    at: int


Command: TypeAlias = (Arrive | Resolve | Visit | Decide | Deliver | Point | Release | Cut | Adopt
                      | Asked | Suppress | Suppressing | Split | Announce | Expire | Keep | Forget | Vacate
                      | Petition | Bar | Wipe | Report | Reported)
Output: TypeAlias = (MembershipChanged | MembershipsNow | Activation | Suppressed | Unrenderable | Curtailed | Refused
                     | IdentityChanged | ProfileGone | ProfileSeen | Receipt | Answered)
Sent: TypeAlias = Command | Redact | Output
