"""Carries out a request to forget somebody: the person ends at once, wherever their parts are.

A decision in the sequencer's order, so it cannot race a merge: what was decided before still comes to the profile, which
waits for it and goes with it; nothing is decided about the profile afterwards. From then on nobody owns its identifiers
(`vacating`), and they are barred (`barring`). The receipt is written when the profile has said what was removed."""
from __future__ import annotations

from collections import Counter
from dataclasses import replace

from streams.core import barring, receipts
from streams.core.context import Context
from streams.core.endings import Bar, Reported, Wipe
from streams.core.forgetting import disarm, farewell, remove
from streams.core.messages import Sent
from streams.core.outputs import Activation, IdentityChanged, MembershipChanged, MembershipsNow
from streams.core.ownership import NOBODY, ends, present_owner, rename
from streams.core.profile import ERASED, Forward, Profile
from streams.core.requests import Petition, Receipt
from streams.core.sequencer import next_decision, node_of
from streams.core.tables import Node
from streams.core.vacating import leave_vacant, let_go, named_after, rename_others

BECAUSE = "erased on request"
RENAMING = "the identifier that it was named after is erased"
NOBODY_HAS_IT = "nobody has this identifier; events of it are refused from now on, until it is taken off the list"


def decide(context: Context, message: Petition, at: int) -> list[Sent | receipts.Pending]:
    """The sequencer's word, on a petition to erase."""
    tables, identifier = context.tables, message.identifier
    node = node_of(context, identifier, message.created)
    key = present_owner(node.owners)
    if key is None:
        return [_bar(context, identifier, at), leave_vacant(context, identifier, _unlisted(node), at),
                Receipt(message.request_id, message.action, None, {"identities": 1}, at, reason=NOBODY_HAS_IT)]
    tables.nodes.put(identifier, node)
    person = tables.persons.get(key)
    assert person is not None
    tables.persons.delete(key)
    number = next_decision(context)
    had = sorted({*person.identifiers, *person.former})
    former = [bar for each in had for bar in _give_up(context, key, each)]
    points = [let_go(context, key, owned, at) for owned in had]
    sends = [*former, *(_bar(context, erased, at) for erased in sorted(person.identifiers))]
    audit = IdentityChanged(
        at=at, change="erased", profile_id=context.profile_id(key), other_profile_id=None, identifiers=[], event_id="",
        reason=f"request {message.request_id}", decision=number)
    return [*sends, *points, *rename_others(context, named_after(context, had), number, at, RENAMING), audit,
            Wipe(key, receipts.place(context, message), at),
            receipts.Pending(context.profile_id(key), {"identities": len(points), "pointers": len(points)})]


def _give_up(context: Context, key: str, identifier: str) -> list[Bar]:
    """Makes the profile's time with the identifier nobody's: it must not fall to the next owner, as it does in expiry."""
    node = context.tables.nodes.get(identifier)
    if node is None:
        return []
    end = ends(node.owners, key)
    rename(node.owners, key, NOBODY)
    context.tables.nodes.put(identifier, node)
    return [] if end is None else [barring.bar_former(context, identifier, end)]


def _bar(context: Context, identifier: str, at: int) -> Bar:
    """Bars the identifier. Its hash takes the place of its row on the suppression list, unless others have had it too."""
    node = context.tables.nodes.get(identifier)
    if node is not None and not node.owners:
        context.tables.nodes.put(identifier, _unlisted(node))
    word = Bar(identifier, max(at, context.wall), False)
    barring.bar(context, word)
    return word


def _unlisted(node: Node) -> Node:
    node.suppressed = []
    return node


def wipe(context: Context, message: Wipe, at: int) -> list[Sent]:
    """Tells the world at once. The rows go when everything that was decided before has come."""
    profile = context.tables.profiles.get(message.profile)
    if isinstance(profile, Forward):
        return [replace(message, profile=profile.to)]
    if profile is None:
        return [Reported(message.receipt, {})]
    profile.standing, profile.erasure = ERASED, [message.receipt, {"held messages": len(profile.held)}]
    disarm(context.tables, profile)
    profile.held.clear()
    context.tables.profiles.put(profile.key, profile)
    at = max(at, profile.now)
    if profile.handovers:
        return _said(profile, farewell(context, profile, at, "erasure", BECAUSE))
    return finish(context, profile, at)


def finish(context: Context, profile: Profile, at: int) -> list[Sent]:
    """Once nothing is under way to the profile any more, takes back what came meanwhile, and deletes all of it."""
    if profile.handovers:
        return []
    sends = _said(profile, farewell(context, profile, at, "erasure", BECAUSE))
    receipt, places = profile.erasure
    places |= {"profiles": 1, "timeline": len(context.tables.timeline.entries(profile.key))}
    remove(context.tables, profile)
    return [*sends, Reported(receipt, {place: records for place, records in places.items() if records})]


def _said(profile: Profile, sends: list[Sent]) -> list[Sent]:
    """Counts these for the receipt, by topic."""
    receipt, places = profile.erasure
    found: Counter[str] = Counter(places)
    for sent in sends:
        match sent:
            case Activation():
                found[f"activations.{sent.channel}"] += 1
            case MembershipsNow():
                found["audiences.memberships"] += 1
            case MembershipChanged():
                found["audiences.changes"] += 1
            case _:
                pass
    profile.erasure = [receipt, dict(found)]
    return sends
