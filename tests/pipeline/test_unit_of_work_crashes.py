"""Laws L8 and the order of steps: a crash between any two calls of a unit of work changes nothing in the end.

Exhaustive: the worker is killed at every point of its life, and so is its successor. Swap two steps of
`streams.runtime.work.unit_of_work`, and one of these fails.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

import pytest

from streams.runtime.exits import Exit, Stop
from streams.runtime.state.marks import mark_of
from streams.runtime.state.store import STATE_VERSION, VERSION_KEY
from streams.runtime.work import unit_of_work
from streams.runtime.work.unit_of_work import Batch
from streams.unit import Change, Inbound, Outcome
from tests.kafka.counting import HITS, Counting
from tests.kafka.shop import POISON, Answer
from tests.pipeline.crashing import PARTITION, Crashed, Scissors, World, live, step, unit_of

KEYS = (b"k1", b"k2", b"k3")


def history(events: int = 12) -> tuple[World, Answer]:
    """Records in which every key comes often enough to speak, with a timer and poison among them."""
    answer, records = Answer(), []
    for number in range(1, events + 1):
        key = KEYS[number % 2]
        value = POISON if number == 7 else b'{"id": %d, "n": %d}' % (number, number)
        if number == 7:
            answer.refuse(key)
        else:
            answer.add(key, number, number)
        records.append(Inbound(HITS, 0, number - 1, key, value, number))
    return World(records), answer


def assert_exact(world: World, answer: Answer) -> None:
    assert world.state() == answer.state
    assert world.logged() == answer.state
    found = sorted((each.topic, each.key, each.value) for each in world.topics)
    assert found == sorted((topic, *key) for topic, counter in answer.outputs.items() for key in counter.elements())
    assert world.offsets == {HITS: len(world.records)}


def test_without_a_crash_the_answer_is_right() -> None:
    world, answer = history()
    live(world, Scissors())
    assert_exact(world, answer)
    assert world.acknowledged == [3, 6, 9, 12]


@pytest.mark.parametrize("loses_disk", [False, True])
def test_l8_a_crash_between_any_two_calls_changes_nothing(*, loses_disk: bool) -> None:
    points = set()
    for at in count():
        world, answer = history()
        try:
            live(world, Scissors(at))
            break
        except Crashed as crash:
            points.add(str(crash))
        if loses_disk:
            world.lose_disk()
        live(world, Scissors())
        assert_exact(world, answer)
    assert points >= {
        "fence", "restore", "committed", "begin", "produce", "commit", "committed to Kafka", "write", "written",
        "acknowledge",
    }


def test_l8_a_second_crash_while_recovering_from_the_first_changes_nothing() -> None:
    for first in range(0, 40, 3):
        for second in range(0, 40, 4):
            world, answer = history()
            for at in (first, second, None):
                try:
                    live(world, Scissors(at))
                except Crashed:
                    continue
            assert_exact(world, answer)


def test_l8_a_former_owner_that_commits_at_any_moment_of_a_takeover_changes_nothing() -> None:
    for moment in range(4):
        world, answer = history()
        former = unit_of(world, Scissors())
        former.take_over()
        step(world, former, size=3)
        world.meanwhile = _once_at(moment, partial(step, world, former, size=3))
        world.lose_disk()
        live(world, Scissors())
        assert_exact(world, answer)


def test_a_fenced_owner_cannot_commit_and_ends() -> None:
    world, _ = history()
    former, heir = unit_of(world, Scissors()), unit_of(world, Scissors())
    former.take_over()
    heir.take_over()
    with pytest.raises(Stop) as end:
        step(world, former, size=3)
    assert end.value.code is Exit.FENCED
    assert world.changelog == [] and world.state() == {}


def test_a_unit_that_kafka_asks_to_abort_is_done_again_by_a_new_processor() -> None:
    world, answer = history()
    world.aborts = 2
    live(world, Scissors())
    assert_exact(world, answer)


def test_a_unit_that_is_aborted_again_and_again_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work, "PATIENCE", 0.0)
    monkeypatch.setattr(unit_of_work, "PAUSE", 0.0)
    world, _ = history()
    world.aborts = 20
    with pytest.raises(Stop, match="The same batch was aborted for") as end:
        live(world, Scissors())
    assert end.value.code is Exit.BROKER
    assert world.changelog == [] and world.state() == {}


def test_a_state_without_offsets_is_not_taken_over_and_nothing_without_offsets_is() -> None:
    world, _ = history()
    world.offsets.clear()
    unit_of(world, Scissors()).take_over()
    world, _ = history()
    live(world, Scissors())
    world.offsets.clear()
    with pytest.raises(Stop, match="state without offsets"):
        unit_of(world, Scissors()).take_over()


def test_a_state_of_a_newer_version_is_not_taken_over() -> None:
    world, _ = history()
    live(world, Scissors())
    world.changelog.append(Change("meta", VERSION_KEY, bytes([STATE_VERSION + 1])))
    with pytest.raises(Stop, match="a newer one ran with") as end:
        unit_of(world, Scissors()).take_over()
    assert end.value.code is Exit.STATE


def test_what_moves_offsets_alone_leaves_the_position() -> None:
    world, _ = history()
    unit = unit_of(world, Scissors())
    unit.take_over()
    step(world, unit, 3)
    unit.run(Batch(offsets={HITS: 3}, acknowledge=lambda: None), world.wall, timers_until=-1)
    assert unit.state.position == world.disk.position == len(world.changelog) > 0


class Deaf(Counting):
    """To whom every record is a copy: nothing is to be written, and nothing told."""

    def run(
        self, batch: Sequence[Inbound], wall: int, timers_until: int, portion: float = 1.0, *, has_turn: bool = True,
    ) -> Outcome:
        return Outcome([], [])


def test_of_a_batch_that_changes_nothing_the_offsets_are_committed() -> None:
    world, _ = history()
    world.new_processor = lambda store: Deaf(PARTITION, 1, store)
    live(world, Scissors())
    assert world.offsets == {HITS: len(world.records)} and world.changelog == []


def _once_at(moment: int, action: Callable[[], object]) -> Callable[[], None]:
    moments = count()

    def meanwhile() -> None:
        if next(moments) == moment:
            try:
                action()
            except Stop:
                return

    return meanwhile


def test_a_state_is_marked_by_its_first_change_and_so_is_what_is_rebuilt_from_its_changelog() -> None:
    world, answer = history()
    unit = unit_of(world, Scissors(), mark_of("one"))
    unit.take_over()
    unit.run(Batch(offsets={HITS: 0}, acknowledge=lambda: None), world.wall, timers_until=-1)
    assert world.changelog == [], "offsets alone are no state"
    world.aborts = 1
    while step(world, unit, 3):
        pass
    assert world.changelog.count(mark_of("one")) == 1
    world.lose_disk()
    with pytest.raises(Stop, match="AUDIENCE_PROFILE_KEY is not the one") as end:
        unit_of(world, Scissors(), mark_of("two")).take_over()
    assert end.value.code is Exit.MISCONFIGURED
    unit_of(world, Scissors(), mark_of("one")).take_over()
    assert_exact(world, answer)


def test_a_state_from_before_there_were_marks_gets_one() -> None:
    world, answer = history()
    before = unit_of(world, Scissors())
    before.take_over()
    step(world, before, 3)
    after = unit_of(world, Scissors(), mark_of("one"))
    after.take_over()
    while step(world, after, 3):
        pass
    assert world.changelog.count(mark_of("one")) == 1
    assert_exact(world, answer)
