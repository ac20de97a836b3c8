"""A profile is the fold of fragments, one per (identifier, epoch).

Every event is folded into exactly one fragment, that of its strongest identifier; what the profile knows is read
over all of them. So merging adopts fragments and splitting gives them back, and nothing is ever added twice.
State is mutable on purpose: the unit of work owns it from the read to the commit, and drops it on any failure.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from streams.core.values import Json

Entries: TypeAlias = list[Any]
LONE, LINKED, LEAVING, ERASED = range(4)
"""What the identity graph knows of a profile: nothing; that it is there; that it asked to end; that it is nobody."""
ENDED = (LEAVING, ERASED)


@dataclass(slots=True)
class Fragment:
    """What the events of one identifier, while it belonged to one owner, add up to.

    traits: name -> [value, event time, arrival, source], the newest; a removed trait stays with value None, so that an
    older value that comes late does not bring it back. superseded: name -> type of source -> its newest setting, of other
    types than the newest setting's, see `precedence`. consent: purpose -> [granted, event time, arrival,
    source].
    leaves: leaf id -> that leaf's entries (their form is the leaf's own affair, see `leaves`).
    identifiers: identifier -> [first seen, last seen, source], as the events of this fragment named them.
    time_zone: [name, event time] as `context.timezone` said last.
    plan: the `source_set` of the plan whose leaves this fragment is complete for; empty before its first event.
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
    plan: str = ""
    time_zone: list[Json] = field(default_factory=list)
    superseded: dict[str, dict[str, list[Json]]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return fragment_key(self.identifier, self.epoch)


def fragment_key(identifier: str, epoch: int) -> str:
    return f"{identifier}\x00{epoch}" if epoch else identifier


@dataclass(slots=True)
class Profile:
    """One person or one lone cookie, on the partition of its key.

    key: the identifier it began with, and its generation if that is not the first (see `profile_key`).
    profile_id: the public id, a keyed hash of the key. created: the arrival of its first event.
    identifiers: identifier -> [epoch, event time since which it is this person's].
    truth: ids of the leaves that hold as of `now`. due: leaf id -> the instant at which it could change by time
    alone. members: segment id -> [version, since, because]. edition: of the definitions that these three were
    computed under. timer_at: when its timer is due, 0 for none. view_due: when the last 360 view that was asked for is.
    sequences: segment id -> number of changes told. told: what channels were told, see `campaigns`.
    handovers: source -> fragments expected from it less those that came; while any is open nothing is evaluated.
    early: a source not announced yet -> what it expected itself when it came, see `handover.cut`.
    inherited: segments that an absorbed part was in, until the hand-over is complete.
    seen, chunks: which messages of its own identifier came before, see `copies`.
    sent: scope of a cap -> instants of the newest messages, see `campaigns.caps`. held: messages that wait for
    quiet hours to end or a cap to free, see `campaigns.holding`.
    restrained: purpose -> [event time, arrival, source of the denial] of the newest grant that a merge holds back, see
    `consent.merging`.
    decided: `campaign|channel` -> [instant, last decision about a message], see `campaigns.explaining`.
    suppressed: identifier of its own -> [decision, reason], see `suppression`.
    cuts: what it must give away once the fragments that it waits for have come, see `handover.cut`.
    waiting: [arrival, is replayed] of events that came while it is handed over, see `campaigns.waiting`.
    standing: LONE, LINKED, LEAVING or ERASED. expiry: [when its timer is due, for which idle time], and a third where it
    asks again, see `expiry`.
    aging: [when its timer is due, for which time events are kept]; forgotten: [receipt, arrival] of the newest event
    that the timeline let go of, see `retention`. heard: how many decisions came that are this profile's own.
    recall: [when its timer is due, for which time messages are kept], see `campaigns.history`.
    erasure: [where the receipt is kept, place -> records so far] of who is erased, see `erasing`.
    """

    key: str
    profile_id: str
    created: int = 0
    now: int = 0
    edition: int = 0
    timer_at: int = 0
    view_due: int = 0
    fragments: dict[str, Fragment] = field(default_factory=dict)
    identifiers: dict[str, list[int]] = field(default_factory=dict)
    truth: set[str] = field(default_factory=set)
    due: dict[str, int] = field(default_factory=dict)
    members: dict[str, list[Json]] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    told: dict[str, list[Json]] = field(default_factory=dict)
    handovers: dict[str, int] = field(default_factory=dict)
    inherited: set[str] = field(default_factory=set)
    seen: bytes = b""
    chunks: int = 0
    cuts: list[list[Json]] = field(default_factory=list)
    restrained: dict[str, list[Json]] = field(default_factory=dict)
    suppressed: dict[str, list[Json]] = field(default_factory=dict)
    sent: dict[str, list[int]] = field(default_factory=dict)
    held: list[list[Json]] = field(default_factory=list)
    decided: dict[str, list[Json]] = field(default_factory=dict)
    standing: int = LONE
    expiry: list[int] = field(default_factory=list)
    waiting: list[list[Json]] = field(default_factory=list)
    early: dict[str, list[str]] = field(default_factory=dict)
    aging: list[int] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)
    heard: int = 0
    erasure: list[Json] = field(default_factory=list)
    recall: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Forward:
    """What a released profile leaves behind, see `forwarding`. handovers: as of a profile, of what comes by this way."""

    to: str
    until: int
    handovers: dict[str, int] = field(default_factory=dict)


def note(row: Profile | Forward, source: str, step: int) -> None:
    """Expecting and receiving commute: the fragments may come before the decision that announces them."""
    if step > 0 and isinstance(row, Profile):
        row.early.pop(source, None)
    balance = row.handovers.get(source, 0) + step
    if balance:
        row.handovers[source] = balance
    else:
        row.handovers.pop(source, None)


def profile_key(identifier: str, generation: int = 0) -> str:
    """A key that never meets an older one: splitting or erasing starts the next generation."""
    return f"{identifier}\x00{generation}" if generation else identifier


def generation(key: str) -> int:
    """Of a profile key."""
    return int(key.partition("\x00")[2] or 0)


def home(key: str) -> str:
    """The identifier whose partition a pointer, a profile or a fragment of that key lives on."""
    return key.partition("\x00")[0]
