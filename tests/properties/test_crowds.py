"""Long histories with hundreds of messages under way at once, as after an outage: everybody is who the ledger says.

Short histories do not get there: a cut that waits for a profile which itself still waits for a move needs five decisions
about one cookie, all under way.
"""
from __future__ import annotations

from random import Random

import pytest

from streams.core.outputs import IdentityChanged
from streams.testing import Pipeline
from tests.oracle.ledger import Ledger
from tests.pipeline.mesh import Mesh
from tests.properties.agreement import check_agreement
from tests.properties.crowds import Crowd, World, crowded
from tests.properties.identities import obey
from tests.properties.retracing import decisions_noted, retrace
from tests.strategies import SEGMENTS, START


def check(seed: int, steps: int, world: World) -> None:
    crowd, chance, now = Crowd(seed, world), Random(seed), START
    while len(crowd.history) < steps:
        now += chance.choice((0, 0, 1, 5, 20))
        assert list(crowd.steps(now))
    pipeline = Pipeline(SEGMENTS | world.rules, chance.choice((2, 4, 7)))
    crashes = chance.choice((0.0, 0.1))
    with decisions_noted() as noted:
        mesh = Mesh(pipeline, chance, crashes, timers=0.3).run(crowd.history, most_in_flight=chance.choice((30, 300, steps)))
    ledger = Ledger()
    obey(ledger, world.rules)
    retrace(ledger, noted, pipeline, crowd.history)
    lines = [output for _, output in mesh.outputs if isinstance(output, IdentityChanged)]
    check_agreement(pipeline, ledger, lines, crowd.history, world.rules)


@pytest.mark.parametrize("seed", [0, 4, 11, 16, 19, 20, 21, 24])
def test_l1_l3_l4_a_crowd_with_hundreds_of_messages_in_flight(seed: int) -> None:
    check(seed, 700, World())


@pytest.mark.parametrize("seed", [1, 4, 8, 9, 14, 39, 44, 54])
def test_l1_l3_l4_the_same_few_merge_move_and_part_again_and_again(seed: int) -> None:
    check(seed, 400, crowded(Random(seed)))


@pytest.mark.nightly
@pytest.mark.timeout(3_000)
def test_l1_l3_l4_many_crowds() -> None:
    for seed in range(1_000, 1_200):
        check(seed, 900, World())
        check(seed, 900, crowded(Random(seed)))
