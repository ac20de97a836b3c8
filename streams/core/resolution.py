"""Whose message is it? The limit algorithm that Segment documents.

Pure arithmetic over the persons involved; what follows from it is `sequencer`'s affair."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streams.core.definitions import Caps
from streams.core.identifiers import Namespaces, is_anonymous, namespace_of
from streams.core.tables import SIDE, Person

TICKS = 20
"""An arrival is (milliseconds << TICKS) + a running number."""
CAP_OF_IDENTIFIERS, CAP_OF_MERGES = "cap of identifiers", "cap of merges"
CAPS = frozenset({CAP_OF_IDENTIFIERS, CAP_OF_MERGES})
"""Reasons in the audit log that say a profile grows no more."""
MOST_SPLITS = 64
"""So many splits of a person, the newest ones, still keep old evidence from joining the parts again."""


@dataclass(slots=True, kw_only=True)
class Resolution:
    """kept, left_out: the message's identifiers, strongest first. survivor: None for a new profile.
    absorbed: the other profiles it joins, oldest first."""

    kept: tuple[str, ...]
    left_out: tuple[str, ...]
    survivor: str | None
    absorbed: tuple[str, ...]


def resolve(
    identifiers: Sequence[str], owners: Mapping[str, str], persons: Mapping[str, Person],
    namespaces: Namespaces, at: int, event_time: int,
) -> Resolution:
    """`owners`: identifier -> profile key, of those that somebody owns at the message's event time."""
    kept = list(identifiers)
    while True:
        keys = {owners[i] for i in kept if i in owners}
        parts = sorted(keys, key=lambda key: _rank(key, persons[key])) if len(keys) > 1 else list(keys)
        gained = [i for i in kept if i not in owners]
        joined = [persons[key] for key in parts]
        if len(kept) == 1 or not (
                capped(joined, gained, namespaces.caps) or exceeds(joined, gained, namespaces, at)
                or are_parted(joined, event_time)):
            survivor = parts[0] if parts else None
            return Resolution(kept=tuple(kept), left_out=tuple(identifiers[len(kept):]), survivor=survivor,
                           absorbed=tuple(parts[1:]))
        kept.pop()


def capped(parts: Sequence[Person], gained: Sequence[str], caps: Caps) -> str:
    """Which hard cap forbids that all these become one person; empty if none does. Somebody who has reached a cap grows no
    more."""
    grown = set(gained).difference(*[part.identifiers for part in parts], *[part.former for part in parts])
    if len(parts) < 2 and not grown:
        return ""
    merges, held = max(0, len(parts) - 1), len(grown)
    for part in parts:
        if part.merges >= caps.merges:
            return CAP_OF_MERGES
        merges += part.merges
        held += len(part.identifiers) + len(part.former.difference(part.identifiers))
    if merges > caps.merges:
        return CAP_OF_MERGES
    return CAP_OF_IDENTIFIERS if held > caps.identifiers else ""


def exceeds(parts: Sequence[Person], gained: Sequence[str], namespaces: Namespaces, at: int) -> bool:
    """True if joining all these parts and identifiers would itself put the person over a limit.

    What a part holds already, perhaps under limits that were wider once, is no reason to refuse."""
    together: dict[str, int] = {}
    for identifier in set(gained).difference(*[part.identifiers for part in parts]):
        name = namespace_of(identifier)
        together[name] = together.get(name, 0) + 1
    if not together and len(parts) < 2:
        return False
    counts = [counted(part, namespaces, at) for part in parts]
    for count in counts:
        for name, number in count.items():
            together[name] = together.get(name, 0) + number
    for name, number in together.items():
        if number > namespaces.row(name).at_most and all(number > count.get(name, 0) for count in counts):
            return True
    return False


def are_parted(parts: Sequence[Person], event_time: int) -> bool:
    """True if a split put two of them on different sides, and this evidence is not newer than it.

    By the event's own time, so that the old evidence joins them again neither as a late copy nor in a replay."""
    sides: dict[int, int] = {}
    for part in parts:
        for number, (side, at) in part.parted.items():
            if event_time <= at and sides.setdefault(number, side) != side:
                return True
    return False


def rejoined(one: Mapping[int, list[int]], other: Mapping[int, list[int]]) -> dict[int, list[int]]:
    """The splits that still part a merged person from others. What newer evidence has joined is no longer parted."""
    joined = {number for number in one.keys() & other.keys() if one[number][SIDE] != other[number][SIDE]}
    both = {**one, **other}
    lasting = sorted(both.keys() - joined)
    return {number: both[number] for number in lasting[-MOST_SPLITS:]}


def counted(person: Person, namespaces: Namespaces, at: int) -> dict[str, int]:
    """How many identifiers of each namespace count against its limit at that instant."""
    count: dict[str, int] = {}
    periods = namespaces.periods
    for identifier, attached in person.identifiers.items():
        name = identifier.partition(":")[0]
        if name not in periods or at - (attached >> TICKS) < periods[name]:
            count[name] = count.get(name, 0) + 1
    return count


def _rank(key: str, person: Person) -> tuple[bool, int, str]:
    """A known profile before an anonymous one, then the older."""
    return all(map(is_anonymous, person.identifiers)), person.created, key
