"""L1, L2, L3: who is who, and whose every message is, against a union-find and the ledger."""
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.testing import Pipeline
from tests.oracle.ledger import Ledger
from tests.pipeline.worlds import people, run
from tests.properties.agreement import clusters, distinct
from tests.properties.identities import RULES, audited, eventful, expected_audit, obey, play, replay
from tests.strategies import LIMITS_LIFTED, LIMITS_TIGHT, histories

Message = dict[str, Any]
PARTITIONS = st.sampled_from((1, 2, 5, 16))


@settings(max_examples=150, deadline=None)
@given(histories(), PARTITIONS, st.integers(0, 9))
def test_l1_events_over_all_profiles_are_the_distinct_accepted_ones(
    history: list[Message], partitions: int, seed: int,
) -> None:
    pipeline = run(Pipeline(LIMITS_TIGHT, partitions, seed=seed), history)
    counted = sum(f.events for profile in pipeline.profiles() for f in profile.fragments.values())
    assert counted == distinct(history)
    placed = [event for events in people(pipeline).values() for event in events]
    assert len(placed) == len(set(placed)) == counted
    assert not pipeline.rejected


@settings(max_examples=150, deadline=None)
@given(histories(), PARTITIONS, st.integers(0, 9), st.randoms(use_true_random=False))
def test_l2_without_conflicts_profiles_are_a_union_find_in_any_order(
    history: list[Message], partitions: int, seed: int, shuffle: Any,
) -> None:
    shuffled = list(history)
    shuffle.shuffle(shuffled)
    for number, message in enumerate(shuffled):
        shuffled[number] = {**message, "receivedAt": history[-1]["receivedAt"] + number}
    for order in (history, shuffled):
        pipeline = run(Pipeline(LIMITS_LIFTED, partitions, seed=seed), order)
        assert set(people(pipeline)) == clusters(history)


@settings(max_examples=300, deadline=None)
@given(eventful(), st.sampled_from(RULES), PARTITIONS, st.integers(0, 9))
def test_l3_with_limits_moves_splits_and_new_rules_it_is_the_ledger(
    history: list[Message], rules: Message, partitions: int, seed: int,
) -> None:
    check_ledger(history, rules, partitions, seed)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
@settings(max_examples=10_000, deadline=None)
@given(eventful(40), st.sampled_from(RULES), PARTITIONS, st.integers(0, 9))
def test_l3_for_long_histories(history: list[Message], rules: Message, partitions: int, seed: int) -> None:
    check_ledger(history, rules, partitions, seed)


def check_ledger(history: list[Message], rules: Message, partitions: int, seed: int) -> None:
    """Who is who, whose every message is, and every line of audit, in order."""
    ledger = Ledger()
    obey(ledger, rules)
    spelled = replay(history, ledger)
    pipeline = play(Pipeline(rules, partitions, seed=seed), spelled)
    expected = {who: sorted(each.split("#")[0] for each in ids) for who, ids in ledger.people().items()}
    assert {who: sorted(ids) for who, ids in people(pipeline).items()} == expected
    assert audited(pipeline.identity) == expected_audit(pipeline, ledger)
