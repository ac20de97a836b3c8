"""The stage that owns the identity graph: all new evidence of a realm passes here, in one order.

A decision changes the graph at once; pointers, profiles and fragments follow by messages. Who still acts on the old picture
meanwhile is sent on by the forward that every release leaves. An identifier that was refused and that nobody owns stays
undecided: its next event comes here too, so no profile begins which the graph lacks."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from streams.core import barring
from streams.core.context import Context
from streams.core.definitions import OnConflict
from streams.core.identifiers import namespace_of
from streams.core.intervals import BEGINNING
from streams.core.messages import Cut, Decide, Deliver, Point, Release, Sent
from streams.core.outputs import IdentityChanged
from streams.core.ownership import MOST_INTERVALS, begins_erased, claim, move, owner_at, rename, shorten, until
from streams.core.profile import fragment_key, profile_key
from streams.core.resolution import Resolution, are_parted, capped, exceeds, rejoined, resolve
from streams.core.tables import Node, Person

DECISIONS = "decisions"


@dataclass(slots=True)
class _Ruling:
    """One decision while it is being carried out."""

    context: Context
    message: Decide
    at: int
    number: int
    evidence: tuple[str, ...]
    profile: str
    person: Person
    gained: dict[str, list[int]] = field(default_factory=dict)
    expects: list[str] = field(default_factory=list)
    sends: list[Sent] = field(default_factory=list)
    pointed: dict[str, Node] = field(default_factory=dict)
    cuts: dict[tuple[str, int | None], Cut] = field(default_factory=dict)
    """(Owner, until when) -> what moves from there: one word, so that nothing is told of a person in between."""

    def audit(
        self, change: str, identifiers: list[str], other: str | None = None, reason: str = "",
        between: tuple[int | None, int | None] = (None, None),
    ) -> None:
        profile_id, (since, end) = self.context.profile_id, between
        self.sends.append(IdentityChanged(
            at=self.at, change=change, profile_id=profile_id(self.profile),
            other_profile_id=profile_id(other) if other else None, identifiers=identifiers,
            event_id=self.message.event.message_id, reason=reason, decision=self.number, evidence=list(self.evidence),
            since=since, until=end))

    def point(self, identifier: str, node: Node) -> None:
        self.context.tables.nodes.put(identifier, node)
        self.pointed[identifier] = node


def decide(context: Context, message: Decide, at: int) -> list[Sent]:
    """Decides on one event's evidence: the event goes to the profile so found, and all that follows goes with it."""
    event = message.event
    owners = _owners(context, message)
    persons = {key: _person(context, message, key) for key in dict.fromkeys(owners.values())}
    barred = [i for i in event.identifiers if i not in owners and barring.is_barred(context, i, event.event_time)]
    if barred:
        return barring.undecided(context, message, barred, at)
    resolution = resolve(event.identifiers, owners, persons, context.namespaces, at, event.event_time)
    profile, person = _survivor(context, message, resolution, persons)
    ruling = _Ruling(context, message, at, next_decision(context), resolution.kept, profile, person)
    _absorb(ruling, resolution, persons)
    _attach(ruling, [i for i in resolution.kept if i not in owners])
    for identifier in resolution.left_out:
        owner = owners.get(identifier)
        if owner not in resolution.absorbed:
            _leave_out(ruling, identifier, owner)
    ruling.person.decisions += 1
    context.tables.persons.put(ruling.profile, ruling.person)
    return _conclude(ruling)


def _owners(context: Context, message: Decide) -> dict[str, str]:
    """Who owns the event's identifiers at its event time. A lone profile enters the graph here."""
    found: dict[str, str] = {}
    for identifier in message.event.identifiers:
        node = context.tables.nodes.get(identifier)
        if node is None and message.visits.get(identifier) is not None:
            node = Node(owners=[[BEGINNING, profile_key(identifier), 0]])
            context.tables.nodes.put(identifier, node)
        owner = owner_at(node.owners, message.event.event_time) if node else None
        if owner:
            found[identifier], _ = owner
    return found


def _person(context: Context, message: Decide, key: str) -> Person:
    person = context.tables.persons.get(key)
    if person is None:
        created = message.visits[key]
        assert created is not None
        person = Person(created=created, identifiers={key: created})
        context.tables.persons.put(key, person)
    return person


def node_of(context: Context, identifier: str, created: int | None) -> Node:
    """The identifier's node, for the caller to write. Where there is none yet, a new one: of the lone profile that was
    `created` then and enters the graph with it, or without an owner."""
    node = context.tables.nodes.get(identifier)
    if node is not None or created is None:
        return node or Node()
    key = profile_key(identifier)
    context.tables.persons.put(key, Person(created=created, identifiers={identifier: created}))
    return Node(owners=[[BEGINNING, key, 0]])


def next_decision(context: Context) -> int:
    """The place of one more decision in the realm's order."""
    number = (context.tables.counters.get(DECISIONS) or 0) + 1
    context.tables.counters.put(DECISIONS, number)
    return number


def _survivor(context: Context, message: Decide, resolution: Resolution, persons: dict[str, Person]) -> tuple[str, Person]:
    if resolution.survivor is not None:
        return resolution.survivor, persons[resolution.survivor]
    return new_key(context, resolution.kept[0]), Person(created=message.event.arrival)


def new_key(context: Context, identifier: str) -> str:
    """A key that no profile has, and that nobody can still be looking for."""
    tables = context.tables
    node = tables.nodes.get(identifier) or Node()
    while tables.persons.get(profile_key(identifier, node.generation)) is not None:
        node.generation += 1
    tables.nodes.put(identifier, node)
    return profile_key(identifier, node.generation)


def _absorb(ruling: _Ruling, resolution: Resolution, persons: dict[str, Person]) -> None:
    tables = ruling.context.tables
    for key in resolution.absorbed:
        person = persons[key]
        for identifier in sorted({*person.identifiers, *person.former}):
            node = tables.nodes.get(identifier)
            assert node is not None
            rename(node.owners, key, ruling.profile)
            ruling.point(identifier, node)
            since, _, epoch = node.owners[-1]
            if identifier in person.identifiers:
                ruling.gained[identifier] = [epoch, since]
        ruling.person.identifiers |= person.identifiers
        ruling.person.former |= person.former
        ruling.person.parted = rejoined(ruling.person.parted, person.parted)
        ruling.person.merges += person.merges + 1
        tables.persons.delete(key)
        ruling.expects.append(key)
        ruling.sends.append(Release(key, ruling.profile))
        ruling.audit("merged", sorted(person.identifiers), other=key)


def _attach(ruling: _Ruling, identifiers: list[str]) -> None:
    for identifier in identifiers:
        node = ruling.context.tables.nodes.get(identifier) or Node()
        since = claim(node.owners, ruling.profile, node.epochs, barring.owned_from(ruling.context, identifier))
        ruling.point(identifier, node)
        ruling.gained[identifier] = [node.epochs, since]
        ruling.person.identifiers[identifier] = ruling.message.event.arrival
    if identifiers:
        ruling.audit("attached", identifiers)


def _leave_out(ruling: _Ruling, identifier: str, owner: str | None) -> None:
    """Refuses, attaches or moves an identifier that the message names and that is not among those it was resolved to."""
    if owner == ruling.profile:
        return
    other = ruling.context.tables.persons.get(owner) if owner else None
    if reason := _refusal(ruling, identifier, other):
        ruling.audit("refused", [identifier], owner, reason)
    elif owner is None:
        _attach(ruling, [identifier])
    else:
        _move(ruling, identifier, owner)


def _refusal(ruling: _Ruling, identifier: str, other: Person | None) -> str:
    """Why the profile does not get the identifier, which `other` has; empty if it does."""
    person, namespaces = ruling.person, ruling.context.namespaces
    row = namespaces.row(namespace_of(identifier))
    if other is not None and are_parted([person, other], ruling.message.event.event_time):
        return "parted by a split since"
    if reason := capped([person], [identifier], namespaces.caps):
        return reason
    if exceeds([person], [identifier], namespaces, ruling.at):
        return f"limit of {row.name}"
    if row.on_conflict is OnConflict.KEEP:
        return (capped([person, other], [], namespaces.caps) if other else "") or "limit of the profile"
    return ""


def _move(ruling: _Ruling, identifier: str, owner: str) -> None:
    tables, since = ruling.context.tables, ruling.message.event.event_time
    node = tables.nodes.get(identifier)
    former = tables.persons.get(owner)
    assert node is not None and former is not None
    owned, end = owner_at(node.owners, since), until(node.owners, since)
    assert owned is not None
    _, before = owned
    if len(node.owners) >= MOST_INTERVALS and begins_erased(node.owners):
        ruling.audit("refused", [identifier], owner, f"moved {MOST_INTERVALS} times already")
        return
    node.epochs += 1
    node.owners = move(node.owners, since, ruling.profile, node.epochs)
    shorten(node.owners)
    ruling.point(identifier, node)
    if end is None:
        former.identifiers.pop(identifier, None)
        ruling.person.identifiers[identifier] = ruling.message.event.arrival
        ruling.gained[identifier] = [node.epochs, since]
    else:
        ruling.person.former.add(identifier)
    if any(each == owner for _, each, _ in node.owners):
        former.former.add(identifier)
    tables.persons.put(owner, former)
    _cut(ruling, owner, end, identifier, {fragment_key(identifier, before): fragment_key(identifier, node.epochs)})
    ruling.audit("moved", [identifier], owner, between=(since, end))


def _cut(ruling: _Ruling, owner: str, end: int | None, identifier: str, fragments: dict[str, str]) -> None:
    cut = ruling.cuts.get((owner, end))
    if cut is None:
        source = f"moved\x00{ruling.number}\x00{identifier}"
        ruling.expects.append(source)
        since = ruling.message.event.event_time
        ruling.cuts[owner, end] = Cut(owner, ruling.profile, (identifier,), fragments, since, end, source)
    else:
        cut.identifiers = *cut.identifiers, identifier
        cut.fragments |= fragments


def _conclude(ruling: _Ruling) -> list[Sent]:
    """What is another's from now on is cut before what was for a time, which changes nobody's identifiers."""
    event, nodes = ruling.message.event, ruling.context.tables.nodes
    cuts: list[Cut] = sorted(ruling.cuts.values(), key=lambda cut: cut.until is not None)
    ruling.sends += cuts
    for identifier, node in sorted(ruling.pointed.items()):
        ruling.sends.append(Point.of(identifier, node))
    subject = event.subject
    named = nodes.get(subject)
    assert named is not None
    owner = owner_at(named.owners, event.event_time)
    assert owner is not None
    _, epoch = owner
    ruling.sends.append(Deliver(
        event, ruling.profile, fragment_key(subject, epoch), decided=True, created=ruling.person.created,
        gained=ruling.gained, expects=tuple(ruling.expects), suppressed=_suppressed(ruling)))
    return ruling.sends


def _suppressed(ruling: _Ruling) -> dict[str, list[Any]]:
    nodes = ruling.context.tables.nodes
    return {identifier: list(node.suppressed) for identifier in ruling.gained
            if (node := nodes.get(identifier)) is not None and node.suppressed}
