"""The order in which the sequencer decided, for the ledger to follow.

The audit log has this order, but no line for what changed nothing and none for a lone profile; so the decisions are
noted where they are made. A unit of work that crashed leaves notes too: its numbers are given out again.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from streams.core import sequencer, splitting
from streams.core.context import Context
from streams.core.homes import REALM
from streams.core.messages import Decide, Sent
from streams.core.requests import Split
from streams.core.sequencer import DECISIONS
from streams.task.partitioning import partition_of
from streams.testing import Pipeline
from tests.oracle import messages
from tests.oracle.ledger import ALWAYS, Ledger

Message = dict[str, Any]


@dataclass
class Noted:
    """One decision: on evidence (with the arrivals of the lone profiles it found), or on a split."""

    at: int
    identifiers: list[str]
    event_time: int = 0
    arrival: int = 0
    lone: dict[str, int] = field(default_factory=dict)
    split_from: str = ""


@contextmanager
def decisions_noted() -> Iterator[dict[int, Noted]]:
    """Number of the decision -> what was decided on, while the block runs."""
    noted: dict[int, Noted] = {}
    decide, split = sequencer.decide, splitting.split

    def note(context: Context, what: Noted, before: int) -> None:
        number = context.tables.counters.get(DECISIONS) or 0
        if number != before:
            noted[number] = what

    def noting_decide(context: Context, message: Decide, at: int) -> list[Sent]:
        event, before = message.event, context.tables.counters.get(DECISIONS) or 0
        lone = {identifier: created for identifier, created in message.visits.items() if created is not None}
        sends = decide(context, message, at)
        note(context, Noted(at, list(event.identifiers), event.event_time, event.arrival, lone), before)
        return sends

    def noting_split(context: Context, message: Split, at: int) -> list[Sent]:
        before = context.tables.counters.get(DECISIONS) or 0
        sends = split(context, message, at)
        note(context, Noted(at, list(message.split_off), split_from=message.identifier), before)
        return sends

    with patch.object(sequencer, "decide", noting_decide), patch.object(splitting, "split", noting_split):
        yield noted


def retrace(ledger: Ledger, noted: dict[int, Noted], pipeline: Pipeline, history: Iterable[Message]) -> None:
    """The ledger decides the same in the same order; then whoever was never decided on is a person alone."""
    home = pipeline.tasks[partition_of(REALM, len(pipeline.tasks))]
    for number in range(1, (home.state.counters.get(DECISIONS) or 0) + 1):
        _decide(ledger, noted[number])
    told = {(m["messageId"], messages.identifiers(m)[0]): m for m in history if m["type"] != "split"}
    for message in told.values():
        named = messages.identifiers(message)
        if named[0] not in ledger.owned:
            ledger.owned[named[0]] = [(ALWAYS, ledger.begin(named[0], 0))]
        ledger.accepted.append({**message, "named": named})


def _decide(ledger: Ledger, each: Noted) -> None:
    if each.split_from:
        assert ledger.split(each.split_from, each.identifiers, each.at)
        return
    for identifier, arrival in each.lone.items():
        if identifier not in ledger.owned:
            ledger.owned[identifier] = [(ALWAYS, ledger.begin(identifier, arrival))]
            ledger.held[identifier] = arrival
    ledger.decide(each.identifiers, each.event_time, each.arrival, each.at)
