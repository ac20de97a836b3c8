"""Python looks for cycles among what is new, once, between units of work, and hardly ever at the rest."""
from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from streams.runtime import cycles

WITHIN = cycles.WITHIN[0]


@pytest.fixture
def looks() -> Iterator[list[int]]:
    """How many objects were looked at, look by look."""
    found: list[int] = []
    usual = gc.get_threshold()

    def note(phase: str, about: dict[str, Any]) -> None:
        if phase == "start":
            found.append(sum(len(gc.get_objects(young)) for young in range(about["generation"] + 1)))

    gc.collect()
    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)
    gc.set_threshold(*usual)


def test_within_a_unit_what_stays_is_looked_at_once(looks: list[int]) -> None:
    cycles.begin()
    rows: list[list[int]] = [[] for _ in range(3 * WITHIN)]
    assert 2 * WITHIN < sum(looks) < 1.2 * len(rows)
    assert max(looks) < 1.2 * WITHIN


def test_after_a_unit_it_is_looked_at_once_there_are_some(looks: list[int]) -> None:
    cycles.begin()
    kept: list[list[int]] = []
    for unit in range(1, 9):
        made: list[list[int]] = [[] for _ in range(cycles.NEW)]
        kept += made[:cycles.NEW // 2 + 100]
        del made
        cycles.look()
        assert len(looks) == unit // 2
    assert max(looks) < 1.2 * cycles.NEW


def test_a_cycle_is_found_after_the_unit_that_left_it(looks: list[int]) -> None:
    cycles.begin()
    left = weakref.ref(Knot())
    kept: list[list[int]] = [[] for _ in range(cycles.NEW)]
    assert left() is not None
    cycles.look()
    assert left() is None
    assert len(looks) == 1 < len(kept)


class Knot:
    def __init__(self) -> None:
        self.itself = self
