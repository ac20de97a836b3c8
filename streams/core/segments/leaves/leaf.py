"""The two base classes of rule conditions: a `Source` keeps state, a `Leaf` judges by it.

A source folds single events into a fragment and never looks at the clock, so fragments can be merged, split and rebuilt in
any order. A leaf reads what its sources kept in all fragments of a profile, and says whether it holds now and until when
that is certain."""
from __future__ import annotations

from abc import ABC, abstractmethod
from base64 import b32encode
from bisect import bisect_right
from dataclasses import dataclass, fields, is_dataclass
from hashlib import blake2b
from typing import Any, TypeAlias

from streams.core.events import Event
from streams.core.profile import Entries, Profile
from streams.core.segments.rules import Predicate
from streams.core.segments.wording import phrase
from streams.core.values import Json

Judgement: TypeAlias = tuple[bool, int]
"""Whether it holds, and the first instant after now at which time alone could change that (FOREVER: never)."""

PASSED, KEPT, TURNED = range(3)
"""What a source made of an event. PASSED: nothing changed. KEPT: state changed, but while its fragment is the profile's only
one, no leaf can judge differently at any instant. TURNED: the leaves that read the source must be judged again."""

MOST_ENTRIES = 10_000
"""How many entries a leaf keeps in a fragment where the rule implies no smaller bound. Beyond it the oldest are forgotten,
and the definition's cost says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What decided a leaf: an event's time, a value, or both."""

    event_time: int | None = None
    value: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hears:
    """What else than its sources makes a leaf worth judging again. birth: an event earlier than all others."""

    traits: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    identity: bool = False
    birth: bool = False


class Source(ABC):
    """State per fragment, under `Fragment.leaves[id]`: lists of plain values only.

    names: the event names and patterns it folds, empty for any; None if it folds settings of `trait` instead. most: how many
    entries it keeps in one fragment. is_exact: `most` follows from the rule; if not, older entries are forgotten."""

    id: str
    names: tuple[str, ...] | None
    trait: str | None = None
    most: int
    is_exact: bool = True

    @abstractmethod
    def fold(self, leaves: dict[str, Entries], event: Event) -> int:
        """Take the event in: PASSED, KEPT or TURNED. The order of events must not matter to the outcome, except that what
        no instant from `event.received_at` on can need may be left out."""


class Leaf(ABC):
    """A condition of a rule. id: a hash of what it says, given as `meaning` where that is more or less than the rule's node.
    text: one readable phrase, of definition text only."""

    def __init__(
        self, node: Predicate, sources: tuple[Source, ...] = (), hears: Hears = Hears(), *, meaning: str = "",
    ) -> None:
        self.id, self.text = meaning or digest(node), phrase(node)
        self.sources, self.hears = sources, hears

    @abstractmethod
    def judge(self, profile: Profile, now: int) -> Judgement:
        """At `now`, over all fragments of the profile. Changes nothing."""

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        """The events or values that the judgement rests on, newest last, a few at most."""
        return ()


def states(profile: Profile, source: str) -> list[Entries]:
    """What the fragments kept for a source. Asked on every event, and most profiles are one fragment."""
    fragments = profile.fragments
    if len(fragments) == 1:
        for fragment in fragments.values():
            entries = fragment.leaves.get(source)
            return [] if entries is None else [entries]
    return [fragment.leaves[source] for fragment in fragments.values() if source in fragment.leaves]


def place_of(times: list[int], arrivals: list[int], at: int, arrival: int) -> int:
    """Where an event belongs among others, which stand by event time, then arrival."""
    if not times or at > times[-1]:
        return len(times)
    place = bisect_right(times, at)
    while place and times[place - 1] == at and arrivals[place - 1] > arrival:
        place -= 1
    return place


def digest(*meaning: object) -> str:
    """Eight letters that stand for a meaning; the same meaning gives the same in every process and release."""
    text = repr(tuple(map(_canonical, meaning))).encode("utf-8", "surrogatepass")
    return b32encode(blake2b(text, digest_size=5).digest()).decode().lower()


def _canonical(meaning: object) -> Any:
    """Names and values only. Defaults are left out, so that a new optional field does not rename every leaf."""
    if is_dataclass(meaning):
        parts = [(field.name, getattr(meaning, field.name)) for field in fields(meaning)
                 if getattr(meaning, field.name) != field.default]
        return type(meaning).__name__, *((name, _canonical(value)) for name, value in parts)
    if isinstance(meaning, frozenset):
        return "set", *sorted(map(_canonical, meaning))
    if isinstance(meaning, tuple):
        return tuple(map(_canonical, meaning))
    if isinstance(meaning, str):
        return str(meaning)
    return meaning
