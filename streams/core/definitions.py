"""What marketers and operators define, parsed: the typed counterpart of the files in a definitions folder.

Loading, checking and saying what is wrong with a file is the edge's work (`streams.definitions`); these classes hold what is
right."""
from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from streams.core.consent.mapping import DEFAULT, ConsentMapping
from streams.core.intervals import DAY_MS
from streams.core.precedence import Precedence
from streams.core.segments.rules import EventMatch, Function, Path, Rule, Window
from streams.core.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    id: str
    rule: Rule
    version: int = 1
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalesce:
    """One source of a `coalesce`: a trait, or the newest `property` of matching events."""

    trait: Path | None = None
    match: EventMatch | None = None
    property: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedTrait:
    id: str
    function: Function
    match: EventMatch = EventMatch()
    property: Path | None = None
    window: Window = Window()
    limit: int = 100
    of: tuple[Coalesce, ...] = ()
    version: int = 1


class Trigger(StrEnum):
    ENTERED = "entered"
    EXITED = "exited"
    BOTH = "both"
    EACH = "each"


class Status(StrEnum):
    DRAFT = "draft"
    PAUSED = "paused"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """`content` holds the channel's own settings as written: subject and template, text, audience and destinations.
    Template texts are already read from their files (`template` -> `html`, `text`)."""

    name: str
    purpose: str
    content: tuple[tuple[str, Json], ...] = ()


class Over(StrEnum):
    """Whose messages a cap counts: the campaign's, all of the channel, all."""

    CAMPAIGN = "campaign"
    CHANNEL = "channel"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most so many messages a person within `per` ms. `calendar`: days of the person's calendar are counted, of this
    time zone where the person's is not known; None for a sliding window."""

    at_most: int
    per: int
    calendar: str | None = None
    over: Over = Over.CAMPAIGN


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From `start` to `end` (HH:MM, the end excluded) of every day in `time_zone`; `is_local`: in the person's own where
    it is known."""

    start: str
    end: str
    time_zone: str
    is_local: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One side of an A/B split: `percent` of the people get `channels`."""

    id: str
    percent: int
    channels: tuple[Channel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """`each`: names and patterns of the events that it answers. `variants`: of an A/B split; who is in none of them is the
    control group. `priority`: 1 is the strongest. `valid_for`: ms after its trigger in which a message may go out; None for
    as long as the campaign lasts. `zone_sources`: whom the trait `timezone` is believed from, see `precedence`."""

    id: str
    segment: str
    trigger: Trigger = Trigger.ENTERED
    each: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    caps: tuple[Cap, ...] = ()
    quiet_hours: QuietHours | None = None
    starts: int | None = None
    ends: int | None = None
    status: Status = Status.PAUSED
    version: int = 1
    priority: int = 100
    valid_for: int | None = None
    variants: tuple[Variant, ...] = ()
    zone_sources: tuple[str, ...] = ()

    @property
    def all_channels(self) -> tuple[Channel, ...]:
        """Its channels, and as its variants have them."""
        return self.channels + tuple(channel for variant in self.variants for channel in variant.channels)


ANONYMOUS_EXPIRE_AFTER = 395 * DAY_MS
"""Thirteen months: what European regulators' guidance lets a cookie live at most."""
EVENTS_EXPIRE_AFTER = 25 * 30 * DAY_MS
"""Twenty-five months: what the same guidance lets audience data be kept at most; of what was sent to somebody too."""


class OnConflict(StrEnum):
    KEEP = "keep"
    LAST_LOGIN = "last_login"


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """One row of the identifier table. `per` is milliseconds, None means ever."""

    name: str
    priority: int
    at_most: int
    per: int | None = None
    on_conflict: OnConflict = OnConflict.KEEP
    blocked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Hard bounds of one profile. identifiers: those that it has or had; merges: profiles
    that it absorbed, with what those had absorbed."""

    identifiers: int = 500
    merges: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    id: str
    channel: str
    connector: str
    settings: tuple[tuple[str, Json], ...] = ()
    hashing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """Everything in force at one revision. Durations are in ms."""

    revision: int = 0
    segments: tuple[Segment, ...] = ()
    computed_traits: tuple[ComputedTrait, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    destinations: tuple[Destination, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    caps: Caps = Caps()
    precedence: Precedence = Precedence()
    consent: ConsentMapping = DEFAULT
    anonymous_expire_after: int | None = ANONYMOUS_EXPIRE_AFTER
    known_expire_after: int | None = None
    """With `anonymous_expire_after`: a profile ends after this long without an event; None: never."""
    events_expire_after: int | None = EVENTS_EXPIRE_AFTER
    """How long events are kept; None: for ever."""
    messages_expire_after: int | None = EVENTS_EXPIRE_AFTER
    """How long it is remembered what was sent to somebody, and how each campaign decided last; None: for ever."""
    sources: dict[str, Json] = field(default_factory=dict, compare=False)
