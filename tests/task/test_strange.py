"""Dead letters of what strangers sent through the collector are told from those of upstream systems."""
from __future__ import annotations

import pytest

from streams.memory import MemoryStore
from streams.task import Task
from streams.task.reading import COLLECTED
from streams.unit import Inbound


@pytest.mark.parametrize(("headers", "strange"), [(((COLLECTED, b"1"),), 2), ((), 0), ((("trace", b"1"),), 0)])
def test_what_came_through_the_collector_is_counted_by_itself(headers: tuple[tuple[str, bytes], ...], strange: int) -> None:
    batch = [Inbound("events.hits", 0, number, b"cookie:c", b"{}", 1_000, headers) for number in range(2)]
    outcome = Task(0, 1, MemoryStore()).run(batch, 1_000, 0)
    assert (outcome.rejected, outcome.strange) == (2, strange)
    assert [each.topic for each in outcome.sends] == ["dead-letters"] * 2
