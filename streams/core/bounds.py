"""Keeps a profile below a size in bytes, by dropping its largest values.

Most of a profile is bounded by numbers: identifiers, merges, events, entries of a leaf. But whoever sends messages decides
how many traits, purposes and others' identifiers there are, and how long all values; and a row that no record can hold would
end one worker after the other. So a profile counts, generously, what may have been added since it was last measured, and is
measured again when that could be too much: most profiles never, a busy one once in some hundred events.

The largest values go first, of equal ones the oldest: a flood is mostly large or much, and what a marketer set is neither.
What is dropped is reported (`Curtailed`), because a segment may then decide otherwise. If several flooded profiles become
one, what goes depends on the order in which they meet."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from streams.core.context import Context
from streams.core.events import COUNTED, Event
from streams.core.outputs import Curtailed
from streams.core.precedence import statements
from streams.core.profile import EVENT_TIME, VALUE, Fragment, Profile
from streams.core.segments.plan import Plan

LARGEST = 4 << 20
"""Bytes of a profile's row, half of the largest record: two that merge fit together."""
AFTERWARDS = LARGEST * 3 // 4
OVERHEAD = 64
"""The most bytes of a statement, or of what an event adds to a leaf, without its texts and values."""
SWELLING = 3
"""A value takes at most this many times what it took in its message: numbers grow most."""
LETTER = 4
"""The most bytes of a character."""


class _Part(NamedTuple):
    """Something that can be dropped; denials of consent last. leaves: those to judge again if it is."""

    is_denial: bool
    size: int
    at: int
    kind: str
    drop: Callable[[], object]
    leaves: tuple[str, ...]


def add(context: Context, profile: Profile, event: Event) -> bool:
    """Counts an event that comes in. True if the profile may be too large now: then `curtail` has to look."""
    said = len(event.traits) + len(event.consent) + len(event.identifiers)
    with_source = (1 + said) * (OVERHEAD + LETTER * len(event.source))
    profile.weight += (SWELLING * len(event.raw) + with_source) * (1 + _hearing(context.plan, event))
    return profile.weight > LARGEST


def _hearing(plan: Plan, event: Event) -> int:
    """Sources that may keep something of the event."""
    settings = sum(len(plan.settings.get(name, ())) for name in event.traits) if plan.settings else 0
    return settings + (len(plan.listeners(event.name)) if event.kind in COUNTED else 0)


def curtail(context: Context, profile: Profile, at: int) -> tuple[list[Curtailed], list[str]]:
    """Measures the profile and drops what is too much. Returns what is reported of it, and the leaves to judge again."""
    profile.weight = context.size_of(profile)
    dropped, touched = Counter[str](), list[str]()
    while profile.weight > (AFTERWARDS if dropped else LARGEST):
        parts = sorted(_parts(context.plan, profile), key=lambda part: (part.is_denial, -part.size, part.at))
        if not parts:
            break
        excess = profile.weight - AFTERWARDS
        for part in parts:
            part.drop()
            dropped[part.kind] += 1
            touched += part.leaves
            excess -= part.size
            if excess <= 0:
                break
        profile.weight = context.size_of(profile)
    return [Curtailed(profile.profile_id, dict(dropped), at)] if dropped else [], touched


def curtailed(context: Context, profile: Profile, at: int) -> list[Curtailed]:
    """As `curtail`, where all leaves are judged anew in any case."""
    told, _ = curtail(context, profile, at)
    return told


def _parts(plan: Plan, profile: Profile) -> Iterator[_Part]:
    named = _purposes(plan)
    for fragment in profile.fragments.values():
        for name, newest in fragment.traits.items():
            size = sum(_size(each) for each in statements(fragment, name)) + len(name)
            yield _Part(False, size, newest[EVENT_TIME], "traits", _trait(fragment, name), plan.by_trait.get(name, ()))
        for leaf, entries in fragment.leaves.items():
            yield _Part(False, _size(entries), 0, "states of rules", _entry(fragment.leaves, leaf), _readers(plan, leaf))
        for identifier, seen in fragment.identifiers.items():
            if identifier not in profile.identifiers:
                _, last_seen, _, _ = seen
                drop = _entry(fragment.identifiers, identifier)
                yield _Part(False, _size(seen) + len(identifier), last_seen, "others' identifiers", drop, ())
        yield from _stated(fragment.consent, named)
    for half in profile.halves:
        yield from _stated(half, named)


def _stated(said: dict[str, Any], named: set[str]) -> Iterator[_Part]:
    for purpose, statement in said.items():
        if purpose not in named:
            size = _size(statement) + len(purpose)
            yield _Part(not statement[VALUE], size, statement[EVENT_TIME], "purposes", _entry(said, purpose), ())


def _purposes(plan: Plan) -> set[str]:
    """Those that definitions name: what is said of them stays."""
    definitions = plan.definitions
    return {*plan.by_purpose, *(purpose.name for purpose in definitions.consent.purposes),
            *(channel.purpose for campaign in definitions.campaigns for channel in campaign.channels)}


def _readers(plan: Plan, source: str) -> tuple[str, ...]:
    return tuple(leaf.id for leaf in plan.leaves.values() if any(each.id == source for each in leaf.sources))


def _trait(fragment: Fragment, name: str) -> Callable[[], object]:
    def drop() -> None:
        del fragment.traits[name]
        fragment.superseded.pop(name, None)

    return drop


def _entry(of: dict[str, Any], name: str) -> Callable[[], object]:
    return lambda: of.pop(name)


def _size(value: object) -> int:
    """The size of a plain value in bytes, roughly."""
    return len(repr(value))
