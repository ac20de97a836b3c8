"""The numbered steps, as they are called: the pairs whose swap a crash alone would not show."""
from __future__ import annotations

from collections.abc import Sequence

from streams.unit import Inbound, Outcome, Processor
from tests.kafka.counting import Counting
from tests.pipeline.crashing import Scissors, step, unit_of
from tests.pipeline.test_unit_of_work_crashes import history


def test_a_takeover_fences_then_restores_then_reads_the_offsets() -> None:
    world, _ = history()
    scissors = Scissors()
    unit_of(world, scissors).take_over()
    assert [point for point in scissors.points if point in ("fence", "restore", "committed")] == [
        "fence", "restore", "committed",
    ]


def test_a_batch_is_handled_produced_committed_written_acknowledged() -> None:
    world, _ = history()
    scissors = Scissors()
    unit = unit_of(world, scissors)
    unit.take_over()
    scissors.points.clear()
    unit.processor = Watched(unit.processor, scissors)
    step(world, unit, 3, scissors)
    assert scissors.points == [
        "handle", "begin", "produce", "produced", "commit", "committed to Kafka", "write", "written", "acknowledge",
    ]


class Watched(Counting):
    """Says when it is asked."""

    def __init__(self, inner: Processor, scissors: Scissors) -> None:
        self._inner, self._scissors = inner, scissors

    def run(
        self, batch: Sequence[Inbound], wall: int, timers_until: int, portion: float = 1.0, *, has_turn: bool = True,
    ) -> Outcome:
        self._scissors.cut("handle")
        return self._inner.run(batch, wall, timers_until, portion, has_turn=has_turn)


def test_state_is_read_as_of_the_last_commit_not_ahead_of_it() -> None:
    world, _ = history()
    unit = unit_of(world, Scissors())
    unit.take_over()
    step(world, unit, 3)
    assert unit.state.position == len(world.changelog)
    assert unit.state.get("profiles", [b"k1"]) == world.disk.store.get("profiles", [b"k1"])
