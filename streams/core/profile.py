"""What is known of a person: a profile is the fold of fragments, one per (identifier, epoch).

Every event is folded into exactly one fragment, that of its strongest identifier; what the profile knows is read over all of
them. So merging adopts fragments, splitting gives them back, and nothing is added twice. State is mutable on purpose: the
unit of work owns it from the read to the commit, and drops it on any failure.

Rows that occur many times are plain lists, because that is the stored form and costs nothing to read; single places of them
have the names below."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeAlias

from streams.core.values import Json

Entries: TypeAlias = list[Any]
LONE, LINKED, LEAVING, ERASED = range(4)
"""What the identity graph knows of a profile: nothing; that it is there; that it asked to end; that it is nobody."""
ENDED = (LEAVING, ERASED)

Statement: TypeAlias = list[Json]
"""What somebody said of a trait or of a purpose: [value, event time, arrival, source], and the type of source where `source`
does not begin with it. The value is None for a trait that was removed, and whether it is granted for a purpose."""
VALUE, EVENT_TIME, ARRIVAL, SOURCE, SOURCE_TYPE = range(5)
"""Places in a statement."""
when: Callable[[Statement], list[int]] = itemgetter(slice(EVENT_TIME, SOURCE))
"""[event time, arrival] of a statement: of two the greater is the newer."""
VERSION, SINCE, BECAUSE = range(3)
"""Places in a row of `Profile.members`."""
DUE, PERIOD = range(2)
"""Places in `Profile.expiry`, `aging` and `recall`."""


@dataclass(slots=True)
class Fragment:
    """What the events of one identifier, while it belonged to one owner, add up to. Stored by the order of the fields: a
    new one comes last, with a default."""

    identifier: str
    epoch: int = 0
    """Which ownership of the identifier."""
    events: int = 0
    first_seen: int = 0
    last_seen: int = 0
    traits: dict[str, Statement] = field(default_factory=dict)
    """Name -> the newest. A removed trait stays with value None, so that an older value that comes late does not bring it
    back."""
    consent: dict[str, Statement] = field(default_factory=dict)
    """Purpose -> the newest."""
    leaves: dict[str, Entries] = field(default_factory=dict)
    """Leaf id -> that leaf's entries, whose form is the leaf's own affair (`segments.leaves`)."""
    identifiers: dict[str, list[Json]] = field(default_factory=dict)
    """Identifier -> [first seen, last seen, source and arrival of the last], as the events of this fragment named them."""
    plan: str = ""
    """The `source_set` of the plan whose leaves this fragment is complete for, `folding.BEHIND` if it is for none; empty
    before its first event."""
    time_zone: list[Json] = field(default_factory=list)
    """[name, event time] as `context.timezone` said last."""
    superseded: dict[str, dict[str, Statement]] = field(default_factory=dict)
    """Trait -> type of source -> its newest statement, of other types than that of `traits` (`precedence`)."""

    @property
    def key(self) -> str:
        return fragment_key(self.identifier, self.epoch)


def fragment_key(identifier: str, epoch: int) -> str:
    return f"{identifier}\x00{epoch}" if epoch else identifier


@dataclass(slots=True)
class Profile:
    """One person or one lone cookie, on the partition of its key. Stored by the order of the fields: a new one comes last,
    with a default. `expiry`, `aging` and `recall` are empty while their timer is not armed."""

    key: str
    """The identifier it began with, and its generation if that is not the first (`profile_key`)."""
    profile_id: str
    """The public id, a keyed hash of the key."""
    created: int = 0
    """The arrival of its first event."""
    now: int = 0
    """When it last did anything; nothing may happen to it before that instant."""
    edition: int = 0
    """The edition of the definitions that `truth`, `due` and `members` were computed under."""
    timer_at: int = 0
    """When its timer is due, 0 for none."""
    view_due: int = 0
    """When the last 360 view that was asked for is due."""
    fragments: dict[str, Fragment] = field(default_factory=dict)
    identifiers: dict[str, list[int]] = field(default_factory=dict)
    """Identifier -> [epoch, event time since which it is this person's]."""
    truth: set[str] = field(default_factory=set)
    """Ids of the leaves that hold as of `now`."""
    due: dict[str, int] = field(default_factory=dict)
    """Leaf id -> the instant at which it could change by time alone."""
    members: dict[str, list[Json]] = field(default_factory=dict)
    """Segment id -> [version, since, because]."""
    sequences: dict[str, int] = field(default_factory=dict)
    """Segment id -> number of changes told."""
    told: dict[str, list[Json]] = field(default_factory=dict)
    """What channels were told (`campaigns.told`)."""
    handovers: dict[str, int] = field(default_factory=dict)
    """Source -> fragments expected from it less those that came; while any is open nothing is evaluated."""
    inherited: set[str] = field(default_factory=set)
    """What an absorbed part's memberships were answered (`campaigns.inheriting`), until the hand-over is complete."""
    seen: bytes = b""
    chunks: int = 0
    """With `seen`: which messages of its own identifier came before (`copies`)."""
    cuts: list[list[Json]] = field(default_factory=list)
    """What it must give away once others have come (`handover.cut`): the fields of a `Cut` after its `profile`, and last the
    sources that it waits for."""
    restrained: dict[str, list[Json]] = field(default_factory=dict)
    """Purpose -> [event time, arrival, source of the denial] of the newest grant that a merge holds back; of a denial that
    is still to be decided itself, see `consent.merging.announce`."""
    suppressed: dict[str, list[Json]] = field(default_factory=dict)
    """Identifier of its own -> [decision, reason] (`suppression`)."""
    sent: dict[str, list[int]] = field(default_factory=dict)
    """Scope of a cap -> instants of the newest messages (`campaigns.caps`)."""
    held: list[list[Json]] = field(default_factory=list)
    """Messages that wait for quiet hours to end or a cap to free (`campaigns.holding`)."""
    decided: dict[str, list[Json]] = field(default_factory=dict)
    """`campaign|channel` -> [instant, last decision about a message] (`campaigns.explaining`)."""
    standing: int = LONE
    """LONE, LINKED, LEAVING or ERASED."""
    expiry: list[int] = field(default_factory=list)
    """[when its timer is due, for which idle time]; a third entry, of any value, if it is to ask again (`expiry`)."""
    waiting: list[list[Json]] = field(default_factory=list)
    """[arrival, is replayed] of events that came while it is handed over (`campaigns.waiting`)."""
    early: dict[str, list[str]] = field(default_factory=dict)
    """A source not announced yet -> what it expected itself when it came (`handover.cut`)."""
    aging: list[int] = field(default_factory=list)
    """[when its timer is due, how long events are kept] (`retention`)."""
    forgotten: list[int] = field(default_factory=list)
    """[receipt, arrival] of the newest event that the timeline let go of (`retention`)."""
    heard: int = 0
    """How many decisions about this profile have come, see `Person.decisions`."""
    erasure: list[Json] = field(default_factory=list)
    """[where the receipt is kept, place -> records so far] of who is erased (`erasing`)."""
    recall: list[int] = field(default_factory=list)
    """[when its timer is due, how long messages are remembered] (`campaigns.history`)."""
    weight: int = 0
    """An upper bound of the bytes of its row (`bounds`)."""
    joined: str = ""
    """What brought the fragments that came since the last evaluation, `merge` or `split`; empty if none did."""
    halves: list[dict[str, Statement]] = field(default_factory=list)
    """Purpose -> statement of each part, its own first, while they are joined (`consent.merging`)."""


def newest_statement(profile: Profile, purpose: str) -> Statement | None:
    """None if no fragment ever heard of the purpose."""
    stated = [fragment.consent[purpose] for fragment in profile.fragments.values() if purpose in fragment.consent]
    return max(stated, key=when, default=None)


@dataclass(slots=True)
class Forward:
    """What a released profile leaves behind, see `forwarding`. handovers: as in `Profile`, for fragments that come this
    way."""

    to: str
    until: int
    handovers: dict[str, int] = field(default_factory=dict)


def note_handover(row: Profile | Forward, source: str, step: int) -> None:
    """1: fragments are expected from this source; -1: they came. In either order, since fragments may come before the
    decision that announces them."""
    if step > 0 and isinstance(row, Profile):
        row.early.pop(source, None)
    balance = row.handovers.get(source, 0) + step
    if balance:
        row.handovers[source] = balance
    else:
        row.handovers.pop(source, None)


def profile_key(identifier: str, generation: int = 0) -> str:
    """A key that no older profile has: a split or an erasure starts the next generation."""
    return f"{identifier}\x00{generation}" if generation else identifier


def split_key(key: str) -> tuple[str, int]:
    """The identifier in a key, and its epoch (of a fragment) or generation (of a profile)."""
    identifier, _, number = key.partition("\x00")
    return identifier, int(number or 0)


def home(key: str) -> str:
    """The identifier on whose partition the pointer, profile or fragment with that key lives."""
    return key.partition("\x00")[0]
