"""What one worker said that was down meanwhile, against what would have been said without that.

Who leaves by time alone is judged by the shop's facts: by those of the profile that left, as it was known then. Messages
are compared with `Pipeline`'s, by person, not by profile: which of two profiles lives on may depend on how partitions are
interleaved.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from streams.demo.expected import Expected
from streams.demo.play import DEFINITIONS
from streams.demo.segments import SEGMENTS, ExpectedProfile
from streams.runtime.work.alignment import LEAST_LEAD
from streams.testing import Pipeline
from tests.kafka.shop_oracle import RealShop, Row, Seeing

UNDER_WAY = 1_000
"""ms for which an event may be on its way to the person's partition while everything runs."""
APART = 5 * LEAST_LEAD
"""ms by which a message may carry a later instant than `Pipeline`'s, where nothing is ever under way: it carries the one at
which it was decided, and new evidence passes five tasks at most until then, whose clocks may be a lead apart each."""
Said = dict[tuple[str, str, str], list[int]]


def left_with_reason_to_stay(shop: RealShop, seeing: Seeing) -> list[Any]:
    """Exits by time of profiles whose own events, had they all been there in time, kept them in."""
    return [
        (row["segment_id"], row["at"], row["identifiers"]) for row in seeing.rows["audiences.changes"]
        if row["change"] == "exited" and row["cause"] == "time"
        and SEGMENTS[row["segment_id"]](_as_known(shop, frozenset(row["identifiers"]), row["at"] - UNDER_WAY), row["at"])
    ]


def told_without_cause(shop: RealShop, seeing: Seeing) -> list[Any]:
    """Messages that the person would not have got, each known one answering for one message only."""
    answer = shop.ledger().expected()
    known = _messages(_undisturbed(shop), answer)
    told = [row for topic, rows in seeing.rows.items() if topic.startswith("activations.") for row in rows
            if not _consent_was_under_way(row, answer)]
    surplus = []
    for name, instants in _messages(told, answer).items():
        free = sorted(known.get(name, ()))
        for at in sorted(instants):
            cause = next((other for other in free if other <= at + UNDER_WAY and at <= other + APART), None)
            if cause is None:
                surplus.append((name, at, known.get(name)))
            else:
                free.remove(cause)
    return surplus


def _consent_was_under_way(row: Row, expected: Expected) -> bool:
    """Whether consent was withdrawn just before, by a message that may have been overtaken by the one that was answered, or
    given, by one that may have overtaken it: new evidence is decided on later than what came right after it and is none."""
    who, at, before = (row["identifier"], row["purpose"]), row["at"], row["at"] - APART
    is_given = expected.permits(*who, at, at)
    return expected.permits(*who, before, before if is_given else at) is not is_given


def _as_known(shop: RealShop, identifiers: frozenset[str], received_until: int) -> ExpectedProfile:
    facts = [
        sent.fact for sent in shop.sent
        if sent.fact and sent.fact.received_at <= received_until and identifiers.issuperset(sent.fact.identifiers)
    ]
    return ExpectedProfile(identifiers=identifiers, facts=tuple(sorted(facts, key=lambda fact: fact.event_time)))


def _undisturbed(shop: RealShop) -> list[Row]:
    """By the shop's messages, each at its moment, and then time until every window has ended."""
    pipeline = Pipeline(DEFINITIONS, start=shop.started)
    for sent in shop.sent:
        pipeline.send(sent.value, at=sent.received_at)
    pipeline.advance(by=120_000)
    return [{name: getattr(each, name) for name in each.__dataclass_fields__} for each in pipeline.activations()]


def _messages(rows: Iterable[Row], expected: Expected) -> Said:
    found: Said = defaultdict(list)
    for row in rows:
        if row["change"] == "message":
            person = expected.person(row["identifier"])
            who = min(person.identifiers) if person else row["identifier"]
            found[who, row["channel"], row["campaign_id"]].append(row["at"])
    return found
