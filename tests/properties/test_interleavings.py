"""The laws with messages in flight: several decisions at once, turns and batches by chance, and crashes."""
from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.outputs import IdentityChanged
from streams.testing import Pipeline
from tests.oracle.ledger import Ledger
from tests.pipeline.mesh import Mesh, unsettled
from tests.pipeline.worlds import people
from tests.properties.agreement import check_agreement, check_members, clusters, distinct, events_of
from tests.properties.identities import RULES, eventful, obey, replay
from tests.properties.retracing import decisions_noted, retrace
from tests.strategies import LIMITS_LIFTED, SEGMENTS, histories

Message = dict[str, Any]
CHANCE = st.integers(0, 2**32).map(Random)
PARTITIONS = st.sampled_from((2, 3, 7))
CRASHES = st.sampled_from((0.0, 0.0, 0.3))


@settings(max_examples=200, deadline=None)
@given(histories(), PARTITIONS, CHANCE, CRASHES)
def test_l1_l2_l4_hold_for_every_interleaving(
    history: list[Message], partitions: int, chance: Random, crashes: float,
) -> None:
    pipeline = Pipeline(SEGMENTS | LIMITS_LIFTED, partitions)
    Mesh(pipeline, chance, crashes).run(history)
    assert not unsettled(pipeline)
    assert set(people(pipeline)) == clusters(history)
    assert events_of(pipeline) == distinct(history)
    check_members(pipeline)


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
    check_agreement(pipeline, ledger, [o for _, o in mesh.outputs if isinstance(o, IdentityChanged)], spelled)
