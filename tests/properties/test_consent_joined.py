"""L6 across merges: who is in an audience is by what each half had stated before they were joined, and by every statement
since, the joining message's own too; for every number of partitions and every interleaving of them."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.testing import Pipeline
from tests.pipeline.worlds import audience
from tests.strategies import ADS, LIMITS_LIFTED

MINUTE = 60_000
DEFINITIONS: dict[str, Any] = LIMITS_LIFTED | {
    "segment/all": {"kind": "segment", "id": "all", "rule": {"everyone": {}}},
    "campaign/ads": {"kind": "campaign", "id": "ads", "segment": "all", "status": "live", "channels": {
        "display": {"audience": "a", "identifiers": ["cookie", "customer_id", "email"], "destinations": ["gam"],
                    "purpose": ADS}}}}
PARTITIONS = (1, 2, 3, 4, 5)
Said = tuple[tuple[str, ...], bool | None, str, int]
"""Identifiers, the statement, its source, and how many minutes late it comes."""
COOKIES = st.sampled_from(("cookie:a", "cookie:b", "cookie:c"))
OTHERS = st.sampled_from(((), (), ("customer_id:u",), ("email:x@example.org",), ("customer_id:u", "email:x@example.org")))
WHO = st.tuples(COOKIES, OTHERS).map(lambda each: (each[0], *each[1]))
HISTORIES = st.lists(st.tuples(WHO, st.sampled_from((True, False, True, None)), st.sampled_from(("web", "crm", "")),
                               st.sampled_from((0, 0, 0, 1, 3))), min_size=3, max_size=8)
JOINING = [(("cookie:c",), False, "", 0), (("cookie:b", "email:x@example.org"), True, "", 0),
           (("cookie:c", "email:x@example.org"), True, "web", 0)]
HELD = [(("cookie:a",), False, "web", 0), (("customer_id:u",), True, "crm", 0), (("cookie:a", "customer_id:u"), None, "", 0)]
THREE = [(("customer_id:u",), False, "web", 0), (("cookie:a",), True, "web", 0), (("email:x@example.org",), True, "crm", 0),
         (("cookie:a", "customer_id:u", "email:x@example.org"), None, "", 0)]


@dataclass
class Person:
    """said: (event time, number, granted, source); behind: (event time, number, source of the denial)."""

    identifiers: set[str] = field(default_factory=set)
    said: list[tuple[int, int, bool, str]] = field(default_factory=list)
    behind: tuple[int, int, str] = (-1, -1, "")

    def says(self) -> tuple[int, int, bool, str] | None:
        """The newest statement; the denial that it is held back by."""
        newest = max(self.said, default=None)
        if newest and newest[2] and newest[:2] <= self.behind[:2]:
            return *newest[:2], False, self.behind[2]
        return newest


def joined(halves: list[Person]) -> Person:
    """The newest is held back by a denial of another source that its source has not taken back since."""
    said = sorted(each for half in halves if (each := half.says()))
    behind = max((half.behind for half in halves), default=(-1, -1, ""))
    last = {each[3]: each for each in said}
    denials = [each for each in last.values() if not each[2]]
    if said and said[-1][2] and denials:
        behind = max(behind, (*said[-1][:2], max(denials)[3]))
    identifiers = set[str]().union(*(half.identifiers for half in halves))
    return Person(identifiers, [each for half in halves for each in half.said], behind)


def permitting(history: list[Said]) -> list[set[str]]:
    """Who is in the audience after each message."""
    people: list[Person] = []
    found: list[set[str]] = []
    for number, (who, granted, source, late) in enumerate(history):
        halves = [person for person in people if person.identifiers & set(who)]
        person = joined(halves)
        person.identifiers |= set(who)
        if granted is not None:
            person.said.append((number + 10 - late, number, granted, source))
        people = [each for each in people if each not in halves] + [person]
        found.append({i for each in people if (said := each.says()) and said[2] for i in each.identifiers})
    return found


def message(number: int, said: Said) -> dict[str, Any]:
    who, granted, source, late = said
    named = dict(identifier.split(":") for identifier in who)
    context: dict[str, Any] = {"source": {"type": source}} if source else {}
    context |= {"consent": {"purposes": {ADS: granted}}} if granted is not None else {}
    context |= {"traits": {"email": named["email"]}} if "email" in named else {}
    ids = {"anonymousId": named.get("cookie"), "userId": named.get("customer_id")}
    return {"type": "track", "event": "A", "messageId": f"m{number}", "timestamp": (number + 10 - late) * MINUTE,
            "receivedAt": (number + 10) * MINUTE, "context": context, **{name: each for name, each in ids.items() if each}}


@settings(max_examples=150, deadline=None)
@given(HISTORIES, st.integers(0, 99))
@example(JOINING, 0)
@example(HELD, 0)
@example(THREE, 0)
def test_l6_across_merges_what_is_permitted_does_not_depend_on_partitions(history: list[Said], seed: int) -> None:
    expected = permitting(history)
    for partitions in PARTITIONS:
        pipeline = Pipeline(DEFINITIONS, partitions, seed=seed + partitions)
        for number, said in enumerate(history):
            pipeline.send(message(number, said))
            assert audience(pipeline) == expected[number], (partitions, number)
