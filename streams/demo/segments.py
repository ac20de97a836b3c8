"""Who is in which segment of `definitions/segments.yaml`, in plain Python, one function a segment.

Written a second time on purpose, as simply as can be and without anything of `streams.core`: the pipeline is judged by it.
A test compares the two lists of segments.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from streams.demo.facts import Fact

SECOND, DAY = 1_000, 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedProfile:
    """One expected profile, and all that happened to it, oldest first."""

    identifiers: frozenset[str]
    facts: tuple[Fact, ...]

    def did(self, *events: str, at: int, within: int | None = None) -> Iterator[Fact]:
        """What counts at an instant: an event at t counts while now < t + within."""
        for fact in self.facts:
            if fact.event in events and (within is None or at < fact.event_time + within):
                yield fact

    def times(self, *events: str, at: int, within: int | None = None) -> int:
        return sum(1 for _ in self.did(*events, at=at, within=within))

    def trait(self, name: str) -> object:
        stated = [fact.traits[name] for fact in self.facts if name in fact.traits]
        return stated[-1] if stated else None

    def has(self, namespace: str) -> bool:
        return any(identifier.startswith(f"{namespace}:") for identifier in self.identifiers)


Predicate: TypeAlias = Callable[[ExpectedProfile, int], bool]


def everyone(person: ExpectedProfile, at: int) -> bool:
    return True


def browsing_now(person: ExpectedProfile, at: int) -> bool:
    return person.times("Product Viewed", at=at, within=15 * SECOND) >= 3


def cart_abandoners(person: ExpectedProfile, at: int) -> bool:
    added = person.times("Product Added", at=at, within=30 * SECOND)
    return added > 0 and person.times("Order Completed", at=at, within=30 * SECOND) == 0


def recent_buyers(person: ExpectedProfile, at: int) -> bool:
    return person.times("Order Completed", at=at, within=20 * SECOND) > 0


def loyal_customers(person: ExpectedProfile, at: int) -> bool:
    return person.times("Order Completed", at=at, within=30 * DAY) >= 3


def loyal_but_idle(person: ExpectedProfile, at: int) -> bool:
    return loyal_customers(person, at) and not recent_buyers(person, at)


def newsletter_readers(person: ExpectedProfile, at: int) -> bool:
    read = person.did("Email Opened", "Email Link Clicked", at=at, within=7 * DAY)
    return person.trait("newsletter") is True and sum(1 for fact in read if fact.source == "email") >= 2


def app_users(person: ExpectedProfile, at: int) -> bool:
    return person.has("device_id")


def clicked_without_buying(person: ExpectedProfile, at: int) -> bool:
    clicked = person.times("Ad Clicked", at=at, within=DAY)
    return clicked > 0 and person.times("Order Completed", at=at, within=DAY) == 0


def known_without_purchase(person: ExpectedProfile, at: int) -> bool:
    is_known = person.has("customer_id") or person.has("email")
    return is_known and person.times("Order Completed", at=at) == 0


def called_to_complain(person: ExpectedProfile, at: int) -> bool:
    talks = person.did("Call Ended", "Chat Message Sent", at=at, within=7 * DAY)
    complained = any(fact.properties["reason"] == "complaint" for fact in talks)
    return complained and person.trait("country") in ("NL", "BE")


def one_big_order(person: ExpectedProfile, at: int) -> bool:
    return sum(1 for fact in person.did("Order Completed", at=at) if fact.properties["revenue"] >= 150) == 1


SEGMENTS: Mapping[str, Predicate] = {
    predicate.__name__.replace("_", "-"): predicate for predicate in (
        everyone, browsing_now, cart_abandoners, recent_buyers, loyal_customers, loyal_but_idle, newsletter_readers,
        app_users, clicked_without_buying, known_without_purchase, called_to_complain, one_big_order)}
"""By id."""
