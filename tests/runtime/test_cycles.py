"""Python looks for cycles among what is new, once, and hardly ever at the rest."""
from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from streams.runtime import cycles

ROWS = 5 * cycles.LOOK_AFTER[0]


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


def test_what_stays_is_looked_at_once(looks: list[int]) -> None:
    cycles.begin()
    rows: list[list[int]] = [[] for _ in range(ROWS)]
    assert ROWS // 2 < sum(looks) < 1.2 * len(rows)
    assert max(looks) < 1.2 * cycles.LOOK_AFTER[0]
