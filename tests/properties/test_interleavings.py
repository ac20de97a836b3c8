"""The laws with messages in flight: several decisions at once, turns and batches by chance, and crashes."""
from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.ownership import owner_at
from streams.testing import Pipeline
from tests.oracle import messages
from tests.oracle.person import Person
from tests.oracle.rules import holds
from tests.pipeline.mesh import Mesh, unsettled
from tests.pipeline.worlds import entries, people
from tests.strategies import LIMITS_LIFTED, LIMITS_TIGHT, SEGMENTS, histories

Message = dict[str, Any]
CHANCE = st.integers(0, 2**32).map(Random)
PARTITIONS = st.sampled_from((2, 3, 7))


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
@given(histories(), PARTITIONS, CHANCE, st.sampled_from((0.0, 0.0, 0.3)))
def test_l1_l2_l4_hold_for_every_interleaving(
    history: list[Message], partitions: int, chance: Random, crashes: float,
) -> None:
    pipeline = Pipeline(SEGMENTS | LIMITS_LIFTED, partitions)
    Mesh(pipeline, chance, crashes).run(history)
    assert not unsettled(pipeline)
    assert set(people(pipeline)) == _clusters(history)
    assert _count(pipeline) == _distinct(history)
    _check_members(pipeline)


@settings(max_examples=200, deadline=None)
@given(histories(), PARTITIONS, CHANCE, st.sampled_from((0.0, 0.0, 0.3)))
def test_with_limits_every_message_is_with_whom_the_sequencer_says(
    history: list[Message], partitions: int, chance: Random, crashes: float,
) -> None:
    pipeline = Pipeline(SEGMENTS | LIMITS_TIGHT, partitions)
    Mesh(pipeline, chance, crashes).run(history)
    assert not unsettled(pipeline)
    assert _count(pipeline) == _distinct(history)
    _check_owners(pipeline)
    _check_members(pipeline)


def _check_owners(pipeline: Pipeline) -> None:
    owners = {key[1:].decode(): task.state.nodes.get(key[1:].decode())
              for task, store in zip(pipeline.tasks, pipeline.stores, strict=True)
              for key in store.keys("identities") if key[:1] == b"i"}
    had: dict[str, str] = {}
    for profile in pipeline.profiles():
        for identifier in profile.identifiers:
            assert had.setdefault(identifier, profile.key) == profile.key
            node = owners.get(identifier)
            assert profile.key == (node.owners[-1][1] if node else identifier)
        for message in entries(pipeline, profile):
            subject = messages.identifiers(message)[0]
            node = owners.get(subject)
            owner = owner_at(node.owners, messages.event_time(message)) if node else (subject, 0)
            assert owner is not None and owner[0] == profile.key
