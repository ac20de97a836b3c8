"""Law L4: membership, and every computed trait, equal the brute-force evaluator at every instant of the clock.

By default a few hundred pairs of definitions and history; AUDIENCE_NIGHTLY=1 for twenty thousand and more.
"""
from __future__ import annotations

import math
import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from streams.core.values import Json
from tests.oracle.backtest import believed
from tests.oracle.computed import as_text, computed
from tests.oracle.instants import instants
from tests.oracle.messages import identifiers, received_at
from tests.oracle.person import Person
from tests.oracle.rules import holds
from tests.properties.driving import Driven, shown
from tests.properties.histories import WALKS, histories
from tests.properties.rules import BELIEVED, CHAINS, LEAVES, definitions, node

Message = dict[str, Json]

NIGHTLY = os.environ.get("AUDIENCE_NIGHTLY") == "1"
THOROUGH = settings(
    max_examples=2_000 if NIGHTLY else 25, deadline=None, derandomize=not NIGHTLY,
    suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)


def judged(documents: list[Message], history: list[Message], now: int) -> tuple[set[str], dict[str, Json]]:
    """What the oracle says of members and computed traits, from the messages received until `now`."""
    known = [message for message in history if received_at(message) <= now]
    segments = {each["id"]: each for each in documents if each["kind"] == "segment"}
    traits = {each["id"]: each for each in documents if each["kind"] == "computed-trait"}
    named = frozenset({each for message in known for each in identifiers(message)} | {"customer_id:u", "cookie:c"})
    person = Person(messages=known, identifiers=named, computed=traits, believes=believed(documents))
    members = {name for name, segment in segments.items() if holds(segment["rule"], person, now, segments)}
    values = {name: computed(person, trait, now) for name, trait in traits.items()}
    return members, {name: value for name, value in sorted(values.items()) if value is not None}


def compare(documents: list[Message], history: list[Message], *, split: bool) -> None:
    """Drives the engine over the history and compares at every instant that matters."""
    driven, waiting = Driven(documents, split=split), list(history)
    for now in instants(documents, history):
        driven.until(now)
        while waiting and received_at(waiting[0]) <= now:
            driven.receive(waiting.pop(0))
        members, values = driven.at(now)
        expected, expected_values = judged(documents, history, now)
        assert members == expected, f"at {now}, the oracle says {sorted(expected)}\n{shown(documents, history)}"
        assert alike(values, expected_values), f"at {now}, the oracle says {expected_values}, not {values}"


def alike(one: Json, other: Json) -> bool:
    """Equal but for the rounding of floats, and for the order of distinct values (a list of events has one)."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        if any(isinstance(each, dict) for each in one):
            return one == other
        return sorted(map(as_text, one)) == sorted(map(as_text, other))
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-12)
    return bool(one == other)


@pytest.mark.parametrize("kind", LEAVES)
@given(data=st.data())
@THOROUGH
def test_each_node(kind: str, data: st.DataObject) -> None:
    documents = data.draw(definitions(node(kind, LEAVES[kind]))) + data.draw(BELIEVED)
    compare(documents, data.draw(histories()), split=False)


@given(rule=CHAINS, history=WALKS, split=st.booleans())
@settings(THOROUGH, max_examples=20_000 if NIGHTLY else 1_000)
def test_chains_over_one_or_two_fragments(rule: Message, history: list[Message], split: bool) -> None:
    compare([{"kind": "segment", "id": "chain", "rule": {"sequence": rule}}], history, split=split)


@given(documents=definitions(), believes=BELIEVED, history=histories(), split=st.booleans())
@settings(THOROUGH, max_examples=5_000 if NIGHTLY else 100)
def test_whole_rules_over_one_or_two_fragments(
    documents: list[Message], believes: list[Message], history: list[Message], split: bool,
) -> None:
    compare(documents + believes, history, split=split)
