"""The laws with messages in flight: several decisions at once, turns and batches by chance, and crashes."""
from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.messages import IdentityChanged
from streams.testing import Pipeline
from tests.oracle import messages
from tests.oracle.ledger import Ledger
from tests.oracle.person import Person
from tests.oracle.rules import holds
from tests.pipeline.mesh import Mesh, unsettled
from tests.pipeline.worlds import entries, people
from tests.properties.identities import RULES, audited, eventful, expected_audit, obey, replay
from tests.properties.retracing import decisions_noted, retrace
from tests.strategies import LIMITS_LIFTED, SEGMENTS, histories

Message = dict[str, Any]
CHANCE = st.integers(0, 2**32).map(Random)
PARTITIONS = st.sampled_from((2, 3, 7))
CRASHES = st.sampled_from((0.0, 0.0, 0.3))


def _clusters(history: list[Message]) -> set[frozenset[str]]:
    clusters: list[set[str]] = []
    for message in history:
        joined = set(messages.identifiers(message))
        for cluster in [each for each in clusters if each & joined]:
            clusters.remove(cluster)
            joined |= cluster
        clusters.append(joined)
    return set(map(frozenset, clusters))


def _count(pipeline: Pipeline) -> int:
    return sum(f.events for profile in pipeline.profiles() for f in profile.fragments.values())


def _distinct(history: list[Message]) -> int:
    return len({(message["messageId"], messages.identifiers(message)[0]) for message in history})


def _check_members(pipeline: Pipeline) -> None:
    segments = {key.partition("/")[2]: document for key, document in SEGMENTS.items()}
    for profile in pipeline.profiles():
        if profile.fragments:
            person = Person(entries(pipeline, profile), frozenset(profile.identifiers))
            wanted = {n for n, d in segments.items() if holds(d["rule"], person, pipeline.now, segments)}
            assert set(profile.members) == wanted


@settings(max_examples=200, deadline=None)
@given(histories(), PARTITIONS, CHANCE, CRASHES)
def test_l1_l2_l4_hold_for_every_interleaving(
    history: list[Message], partitions: int, chance: Random, crashes: float,
) -> None:
    pipeline = Pipeline(SEGMENTS | LIMITS_LIFTED, partitions)
    Mesh(pipeline, chance, crashes).run(history)
    assert not unsettled(pipeline)
    assert set(people(pipeline)) == _clusters(history)
    assert _count(pipeline) == _distinct(history)
    _check_members(pipeline)


@settings(max_examples=250, deadline=None)
@given(eventful(aliases=False, rules=False), st.sampled_from(RULES), PARTITIONS, CHANCE, CRASHES)
def test_l1_l3_l4_with_conflicts_and_splits_it_is_the_ledger_in_the_sequencers_order(
    history: list[Message], rules: Message, partitions: int, chance: Random, crashes: float,
) -> None:
    check_ledger(history, rules, partitions, chance, crashes)


@pytest.mark.nightly
@pytest.mark.timeout(3_000)
@settings(max_examples=5_000, deadline=None)
@given(eventful(30, aliases=False, rules=False), st.sampled_from(RULES), PARTITIONS, CHANCE, CRASHES)
def test_l1_l3_l4_for_long_histories(
    history: list[Message], rules: Message, partitions: int, chance: Random, crashes: float,
) -> None:
    check_ledger(history, rules, partitions, chance, crashes)


def check_ledger(history: list[Message], rules: Message, partitions: int, chance: Random, crashes: float) -> None:
    """The ledger takes what the sequencer decided on, in its order; then everybody is who the ledger says."""
    drained = Ledger()
    obey(drained, rules)
    spelled = replay(history, drained)
    pipeline = Pipeline(SEGMENTS | rules, partitions)
    with decisions_noted() as noted:
        mesh = Mesh(pipeline, chance, crashes, timers=0.5).run(spelled)
    ledger = Ledger()
    obey(ledger, rules)
    retrace(ledger, noted, pipeline, spelled)
    assert not unsettled(pipeline)
    expected = {who: sorted(each.split("#")[0] for each in ids) for who, ids in ledger.people().items()}
    assert {who: sorted(ids) for who, ids in people(pipeline).items()} == expected
    assert audited(o for _, o in mesh.outputs if isinstance(o, IdentityChanged)) == expected_audit(pipeline, ledger)
    assert _count(pipeline) == _distinct([each for each in spelled if each["type"] != "split"])
    _check_members(pipeline)
