"""A profile is the fold of fragments, one per (identifier, epoch).

Every event is folded into exactly one fragment, that of its strongest identifier; what the profile knows is read
over all of them. So merging adopts fragments and splitting gives them back, and nothing is ever added twice.
State is mutable on purpose: the unit of work owns it from the read to the commit, and drops it on any failure.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Any
Entries: TypeAlias = list[Any]


@dataclass(slots=True)
class Fragment:
    """What the events of one identifier, while it belonged to one owner, add up to.

    traits: name -> [value, event time, arrival, source]; a removed trait stays with value None, so that an older
    value that comes late does not bring it back. consent: purpose -> [granted, event time, arrival].
    leaves: leaf id -> that leaf's entries (their form is the leaf's own affair, see `leaves`).
    identifiers: identifier -> [first seen, last seen, source], as the events of this fragment named them.
    seen: 8-byte hashes of the newest message ids, oldest first.
    """

    identifier: str
    epoch: int = 0
    events: int = 0
    first_seen: int = 0
    last_seen: int = 0
    traits: dict[str, list[Json]] = field(default_factory=dict)
    consent: dict[str, list[Json]] = field(default_factory=dict)
    leaves: dict[str, Entries] = field(default_factory=dict)
    identifiers: dict[str, list[Json]] = field(default_factory=dict)
    seen: bytes = b""


@dataclass(slots=True)
class Profile:
    """One person or one lone cookie, on the partition of its key.

    key: the profile key, `identifier` or `identifier#generation`; the public id is a keyed hash of it.
    identifiers: identifier -> epoch, everything that is this person's now.
    truth: ids of the leaves that hold as of `now`. due: leaf id -> the instant at which it could change by time
    alone. members: segment id -> [version, since, because]. told: see `activation`.
    revision: of the definitions that `truth`, `due` and `members` were computed under.
    """

    key: str
    profile_id: str
    created_at: int = 0
    now: int = 0
    revision: int = 0
    timer_at: int = 0
    view_due: int = 0
    fragments: dict[str, Fragment] = field(default_factory=dict)
    identifiers: dict[str, int] = field(default_factory=dict)
    truth: set[str] = field(default_factory=set)
    due: dict[str, int] = field(default_factory=dict)
    members: dict[str, list[Json]] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    told: dict[str, list[Json]] = field(default_factory=dict)
    handovers: dict[int, list[Json]] = field(default_factory=dict)
    queue: list[Json] = field(default_factory=list)
