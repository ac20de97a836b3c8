"""What a worker that was never interrupted would have said, by `Pipeline`, against what one said that was down meanwhile.

By person, not by profile: which of two profiles lives on may depend on how partitions are interleaved.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from streams.core.messages import Activation, MembershipChanged
from streams.demo.answer import Answer
from streams.demo.play import DEFINITIONS
from streams.testing import Pipeline
from tests.kafka.shop_oracle import RealShop, Row, Seeing

WITHIN = 1_000
"""ms by which two partitions may see one another later than `Pipeline`, where nothing is ever under way."""
Said = Mapping[tuple[str, ...], list[int]]


def not_caused_by_running_on(shop: RealShop, seeing: Seeing) -> list[Any]:
    """Exits by time, and messages, that `Pipeline` does not know at that instant for that person."""
    answer, pipeline = shop.ledger().answer(), replayed(shop)
    left = [_row(each) for each in pipeline.memberships]
    told = [_row(each) for each in pipeline.activations()]
    activations = [row for topic, rows in seeing.rows.items() if topic.startswith("activations.") for row in rows]
    return [
        *_unknown(_exits(seeing.rows["audiences.changes"], answer), _exits(left, answer)),
        *_unknown(_messages(activations, answer), _messages(told, answer)),
    ]


def replayed(shop: RealShop) -> Pipeline:
    """The shop's messages, each at its moment, and then time until every window has ended."""
    pipeline = Pipeline(DEFINITIONS, start=shop.started)
    for sent in shop.sent:
        pipeline.send(sent.value, at=sent.received_at)
    pipeline.advance(by=120_000)
    return pipeline


def _exits(rows: Iterable[Row], answer: Answer) -> Said:
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row in rows:
        if row["change"] == "exited" and row["cause"] == "time":
            found[_person(answer, row["identifiers"][0]), row["segment_id"]].append(row["at"])
    return found


def _messages(rows: Iterable[Row], answer: Answer) -> Said:
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row in rows:
        if row["change"] == "message":
            found[_person(answer, row["identifier"]), row["channel"], row["campaign_id"]].append(row["at"])
    return found


def _unknown(said: Said, known: Said) -> list[Any]:
    return [
        ("not so without the interruption", name, at, known.get(name, []))
        for name, instants in said.items()
        for at in instants if not any(abs(at - other) <= WITHIN for other in known.get(name, ()))
    ] + [
        ("oftener", name, instants, known[name])
        for name, instants in said.items() if name in known and len(instants) > len(known[name])
    ]


def _person(answer: Answer, identifier: str) -> str:
    person = answer.person(identifier)
    return min(person.identifiers) if person else identifier


def _row(said: MembershipChanged | Activation) -> Row:
    return {name: getattr(said, name) for name in said.__dataclass_fields__}
