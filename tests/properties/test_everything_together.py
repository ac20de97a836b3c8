"""L1 to L4 with all of it at once: every node and computed trait, late events and copies, merges and splits, live edits,
and tasks that crash before a commit or begin anew from their store.

Whoever was in what, from when to when, is compared to the millisecond with the sequential reference, person by person;
the reference looks at every instant at which an answer can change. `AUDIENCE_NIGHTLY=1 pytest
tests/properties/test_everything_together.py -m nightly` tries 20,000 pairs of rules and history; `AUDIENCE_SEED` tries
those of a run before.
"""
from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from streams.core.values import Json
from tests.oracle.backtest import Population, ledger_of
from tests.oracle.messages import instant
from tests.properties.driving import shown
from tests.properties.eventful_lives import lives
from tests.properties.histories import HALF_HOUR, NOON
from tests.properties.restarting import Restarting
from tests.properties.test_backtest_oracle import expected_profiles, net, profiles
from tests.properties.test_engine_oracle import alike
from tests.strategies import LIMITS_LIFTED, LIMITS_TIGHT

Message = dict[str, Json]
NIGHTLY_SEED = int(os.environ.get("AUDIENCE_SEED") or secrets.randbits(32))
SHARDS, PAIRS_A_SHARD = 20, 1_000
UNTIL = NOON + 60 * HALF_HOUR
IDENTITY = st.sampled_from([{}, LIMITS_LIFTED, LIMITS_TIGHT])
CHANCE = st.integers(0, 2**32).map(Random)


def by_key(documents: Iterable[Message], identity: Message) -> Message:
    return {f"{each['kind']}/{each['id']}": each for each in documents} | identity


def referred(documents: list[Message], identity: Message, steps: list[Message]) -> tuple[Population, list[Message]]:
    """What the reference says, and the steps with every split's `split_off` spelled out."""
    rules = list(identity.values())
    everyone, spelled = Population(documents + rules, ledger_of(rules)), []
    for step in steps:
        at = instant(step["receivedAt"])
        assert at is not None
        everyone.advance(at)
        everyone.now = at
        if step["type"] == "edit":
            everyone.redefine(step["documents"] + rules, at)
        elif step["type"] == "split":
            step = {**step, "split_off": leavers(everyone, step)}
            everyone.split(step["identifier"], step["split_off"])
        else:
            everyone.receive(step)
        spelled.append(step)
    everyone.advance(UNTIL, through=True)
    everyone.now = UNTIL
    return everyone, spelled


def leavers(everyone: Population, step: Message) -> list[str]:
    owner = everyone.ledger.owner(step["identifier"], everyone.now)
    held = sorted(everyone.ledger.current(owner)) if owner is not None else [step["identifier"]]
    return [each for place, each in enumerate(held) if step["mask"] >> place & 1]


def play(pipeline: Restarting, identity: Message, spelled: list[Message]) -> None:
    for step in spelled:
        at = instant(step["receivedAt"])
        assert at is not None
        pipeline.advance(to=at, including=False)
        if step["type"] == "edit":
            pipeline.apply(by_key(step["documents"], identity))
        elif step["type"] == "split":
            pipeline.split(step["identifier"], *step["split_off"])
        else:
            pipeline.send(step, at)
    pipeline.advance(to=UNTIL)


def by_person(
    lines: list[tuple[int, str, str, bool]], ends: set[tuple[str, int]],
) -> dict[str, Counter[tuple[int, str, bool]]]:
    """Whose changes less those that the same instant takes back; whoever has none is left out.

    ends: who was absorbed when. What is due at that very instant may be told before: the reference looks at everybody
    after every message, the product at whom it concerns."""
    lines = [line for line in lines if (line[2], line[0]) not in ends]
    found = {who: net([line for line in lines if line[2] == who]) for who in {line[2] for line in lines}}
    return {who: changes for who, changes in found.items() if changes}


def check(
    life: tuple[list[Message], list[Message]], identity: Message, partitions: int, chance: Random, crashes: float,
) -> None:
    documents, steps = life
    everyone, spelled = referred(documents, identity, steps)
    pipeline = Restarting(by_key(documents, identity), partitions, chance, crashes)
    play(pipeline, identity, spelled)
    assert not pipeline.rejected
    named = pipeline.tasks[0].context.profile_id
    told = [(c.at, c.segment_id, c.profile_id, c.change == "entered") for c in pipeline.memberships]
    wanted = [(at, segment, named(everyone.ledger.born[who][1]), entered)
              for at, segment, who, entered, _ in everyone.memberships]
    ends = {(line.other_profile_id or "", line.at) for line in pipeline.identity if line.change == "merged"}
    assert by_person(told, ends) == by_person(wanted, ends), shown([*documents, *identity.values()], spelled)
    found, expected = profiles(pipeline), expected_profiles(everyone)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert alike(one, other), f"{one}\nthe reference says\n{other}\n{shown([*documents, *identity.values()], spelled)}"


LIVES = (lives(), IDENTITY, st.sampled_from((1, 3, 8)), CHANCE, st.sampled_from((0.0, 0.1, 0.4)))


@settings(max_examples=150, derandomize=True)
@given(*LIVES)
def test_membership_is_the_references_at_every_instant_whatever_happens(
    life: tuple[list[Message], list[Message]], identity: Message, partitions: int, chance: Random, crashes: float,
) -> None:
    check(life, identity, partitions, chance, crashes)


@pytest.mark.nightly
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_twenty_thousand_pairs(shard: int) -> None:
    print(f"AUDIENCE_SEED={NIGHTLY_SEED}, shard {shard}: {PAIRS_A_SHARD} pairs")
    searching = settings(max_examples=PAIRS_A_SHARD, derandomize=False)(given(*LIVES)(check))
    seed(NIGHTLY_SEED + shard)(searching)()
