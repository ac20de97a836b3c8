"""Splits one person into two: some identifiers leave, with all that is theirs.

A decision in the sequencer's order, so it cannot race a merge. As every event lives in the fragment of one identifier, the
fragments that leave are what was there before the two were joined. The new profile begins under a key that never was
(`profile_key`), since forwards may still stand at the old one."""
from __future__ import annotations

from streams.core import lapsing, profiling
from streams.core.belonging import begin_decided
from streams.core.consent.merging import expect
from streams.core.context import Context
from streams.core.intervals import BEGINNING
from streams.core.messages import Cut, Sent
from streams.core.outputs import IdentityChanged
from streams.core.ownership import OWNER
from streams.core.profile import LINKED, Forward, fragment_key
from streams.core.receipts import Pending, once
from streams.core.requests import NO_IDENTIFIER, Announce, Receipt, Split, refused
from streams.core.resolution import rejoined
from streams.core.sequencer import new_key, next_decision
from streams.core.tables import Person
from streams.core.transferring import transfer


def split(context: Context, message: Split, at: int) -> list[Sent]:
    """Decide on a request; a receipt says what came of it."""
    return once(context, message, at, _decide)


def _decide(context: Context, message: Split, at: int) -> list[Sent | Pending]:
    tables = context.tables
    node = tables.nodes.get(message.identifier)
    key = str(node.owners[-1][OWNER]) if node and node.owners else message.identifier
    person = tables.persons.get(key) or Person(created=0)
    reason = _refusal(person, message)
    if reason:
        return [refused(message.request_id, "split", at, reason)]
    chosen = sorted(set(message.split_off), key=lambda i: (context.namespaces.strength(i), i))
    number, to = next_decision(context), _new_key(context, chosen[0])
    fresh = _part(person, chosen, number, at)
    tables.persons.put(key, person)
    tables.persons.put(to, fresh)
    profile_id = context.profile_id
    return [
        *_hand_over(context, key, to, fresh, f"split\x00{number}"),
        IdentityChanged(
            at=at, change="split", profile_id=profile_id(key), other_profile_id=profile_id(to), identifiers=chosen,
            event_id="", reason=f"request {message.request_id}", decision=number),
        Receipt(message.request_id, "split", profile_id(to), {"profiles": 2}, at)]


def _refusal(person: Person, message: Split) -> str:
    """Why it cannot be done, free of identifiers; empty where it can."""
    leaving = set(message.split_off)
    if not leaving:
        return "no identifiers to split off were named"
    if "" in (message.identifier, *leaving):
        return NO_IDENTIFIER
    if not leaving <= person.identifiers.keys():
        return "not all of the identifiers named are this profile's now"
    if leaving == person.identifiers.keys():
        return "nothing would be left of the profile"
    return ""


def _new_key(context: Context, identifier: str) -> str:
    node = context.tables.nodes.get(identifier)
    assert node is not None
    node.generation += 1
    return new_key(context, identifier)


def _part(person: Person, chosen: list[str], number: int, at: int) -> Person:
    """Those who leave, as a person of their own. Both sides remember that they were parted."""
    leaving = {identifier: person.identifiers.pop(identifier) for identifier in chosen}
    fresh = Person(
        created=min(leaving.values()), identifiers=leaving, former=person.former & set(chosen),
        parted=rejoined(person.parted, {number: [0, at]}))
    person.former -= set(chosen)
    person.parted = rejoined(person.parted, {number: [1, at]})
    return fresh


def _hand_over(context: Context, key: str, to: str, fresh: Person, source: str) -> list[Sent]:
    """All that leaves, with the fragments of all its time."""
    given, nodes = transfer(context, fresh.identifiers, key, to, fresh), context.tables.nodes
    fragments = [fragment_key(identifier, epoch) for identifier in fresh.identifiers if (node := nodes.get(identifier))
                 for _, owner, epoch in node.owners if owner == to]
    return [
        Announce(to, fresh.created, given.gained, (source,), given.suppressed),
        Cut(key, to, list(fresh.identifiers), {each: each for each in fragments}, BEGINNING, None, source, is_split=True),
        *given.points]


def announce(context: Context, message: Announce, at: int) -> list[Sent]:
    """The profile begins. What comes for it before its fragments is folded in, and judged together with them."""
    row = context.tables.profiles.get(message.profile)
    assert not isinstance(row, Forward)
    profile = row or begin_decided(context, message.profile, message.created)
    profile.created, profile.standing = message.created, LINKED
    profile.identifiers.update(message.gained)
    profile.suppressed.update(message.suppressed)
    expect(profile, message.expects)
    context.tables.profiles.put(profile.key, profile)
    sends = profiling.settle(context, profile, at, "split")
    lapsing.arm(context, profile)
    return sends
