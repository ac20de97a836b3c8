"""Finds the profiles that break the rules of identity, in the state of all tasks."""
from __future__ import annotations

from collections.abc import Callable, Iterable

from streams.core.breaches import Breach, breaches
from streams.core.identifiers import Namespaces
from streams.core.profile import Profile
from streams.core.tables import Person
from streams.task.prefixes import Identities
from streams.task.rows import PERSON, PROFILE
from streams.unit import ALL, LAST, Store


def breaches_of(
    stores: Iterable[Store], namespaces: Namespaces, profile_id: Callable[[str], str], at: int,
) -> list[Breach]:
    """Of every profile in these stores, which are read once, in order of profile ids.

    The graph counts as the sequencer does. A profile that it does not know is alone: it can only be of a blocked value."""
    known: set[str] = set()
    found: list[Breach] = []
    alone: list[tuple[str, Breach]] = []
    for store in stores:
        for key, row in store.scan("identities", Identities.PERSONS, Identities.PERSONS + LAST, ALL):
            name = key[len(Identities.PERSONS):].decode()
            known.add(name)
            found += breaches(profile_id(name), PERSON.decode(row), namespaces, at)
        for _, row in store.scan("profiles", b"", LAST, ALL):
            profile = PROFILE.decode(row)
            if isinstance(profile, Profile) and profile.fragments:
                alone += [(profile.key, each) for each in breaches(profile.profile_id, _person(profile), namespaces, at)]
    found += [each for key, each in alone if key not in known]
    return sorted(found, key=lambda each: each.profile_id)


def _person(profile: Profile) -> Person:
    return Person(created=profile.created, identifiers=dict.fromkeys(profile.identifiers, profile.created))
