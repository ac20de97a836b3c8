"""Finds profiles that break the rules of identity in force now: those left over when an `identity` definition changed.

They are reported and not torn apart: only a human knows which identifier should leave, and `identity split` does it then."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from streams.core.identifiers import Namespaces, is_blocked, namespace_of
from streams.core.resolution import CAP_OF_IDENTIFIERS, CAP_OF_MERGES, counted
from streams.core.tables import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """rule: `limit of NAMESPACE`, `cap of identifiers`, `cap of merges` or `blocked value`. identifiers: the profile's of
    that namespace, or those that are blocked; none for a cap."""

    profile_id: str
    rule: str
    found: int
    allowed: int
    identifiers: tuple[str, ...] = ()


def breaches(profile_id: str, person: Person, namespaces: Namespaces, at: int) -> Iterator[Breach]:
    """What this person breaks at the instant `at`, limits first. A limit counts as a decision would."""
    for name, found in sorted(counted(person, namespaces, at).items(), key=lambda each: namespaces.strength(each[0])):
        allowed = namespaces.row(name).at_most
        if found > allowed:
            mine = tuple(sorted(each for each in person.identifiers if namespace_of(each) == name))
            yield Breach(profile_id=profile_id, rule=f"limit of {name}", found=found, allowed=allowed, identifiers=mine)
    for rule, found, allowed in (
        (CAP_OF_IDENTIFIERS, len(person.former.union(person.identifiers)), namespaces.caps.identifiers),
        (CAP_OF_MERGES, person.merges, namespaces.caps.merges),
    ):
        if found > allowed:
            yield Breach(profile_id=profile_id, rule=rule, found=found, allowed=allowed)
    blocked = tuple(sorted(filter(lambda identifier: _is_refused(identifier, namespaces), person.identifiers)))
    if blocked:
        yield Breach(profile_id=profile_id, rule="blocked value", found=len(blocked), allowed=0, identifiers=blocked)


def _is_refused(identifier: str, namespaces: Namespaces) -> bool:
    name, _, value = identifier.partition(":")
    return is_blocked(value) or not namespaces.allows(name, value)
