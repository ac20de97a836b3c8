"""Timers are those of a plain set, whatever is in memory of them; and that is bounded (L10)."""
from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.memory import MemoryStore
from streams.task import wheel
from streams.task.wheel import Wheel

DUES, KEYS = st.integers(0, 12), st.sampled_from("abcd")
STEPS = st.one_of(
    st.tuples(st.just("move"), DUES, KEYS), st.tuples(st.just("take"), DUES, st.none()),
    st.tuples(st.just("look"), DUES, KEYS), st.tuples(st.sampled_from(("commit", "restart", "first")), st.none(), st.none()))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Come on at once, and stay."""
    with monkeypatch.context() as patched:
        patched.setattr(wheel, "LOAD", 2)
        yield


@pytest.mark.usefixtures("few")
@settings(max_examples=500, deadline=None)
@given(st.lists(STEPS, max_size=60))
def test_timers_are_those_of_a_set(steps: list[tuple[str, int, str]]) -> None:
    store = MemoryStore()
    timers, armed = Wheel(store), set[tuple[int, str, str]]()
    for step, due, key in steps:
        timer = (due, "cause", key)
        match step:
            case "move" if timer in armed:
                timers.disarm(*timer)
                armed.remove(timer)
            case "move":
                timers.arm(*timer)
                armed.add(timer)
            case "take":
                expected = min((each for each in armed if each[0] <= due), default=None)
                assert timers.take(due) == expected
                armed.discard(expected or timer)
            case "look":
                assert timers.is_armed(*timer) is (timer in armed)
            case "first":
                assert timers.first() == min(armed, default=None)
            case _:
                store.write(timers.changes())
                timers = Wheel(store) if step == "restart" else timers
    store.write(timers.changes())
    for found in (timers, Wheel(store)):
        assert [found.take(99) for _ in range(len(armed) + 1)] == [*sorted(armed), None]


def test_l10_of_many_timers_the_nearest_are_in_memory() -> None:
    """A task that began with none had every one on its heap, for as long as it lived."""
    store = MemoryStore()
    timers = Wheel(store)
    assert timers.first() is None
    for unit in range(40):
        for number in range(1_000):
            timers.arm(unit * 1_000 + number, "expiry", f"cookie:{unit}-{number}")
        store.write(timers.changes())
        assert len(timers._heap) <= 2 * wheel.LOAD
    assert [timer[0] for timer in iter(lambda: timers.take(39_000), None)] == list(range(39_001))


def test_l10_what_was_disarmed_is_not_remembered() -> None:
    timers = Wheel(MemoryStore())
    assert timers.first() is None
    for number in range(3 * wheel.LOAD):
        timers.disarm(1, "view", f"cookie:{number}")
        timers.changes()
    assert len(timers._gone) <= 2 * wheel.LOAD


def test_many_at_one_instant_all_come() -> None:
    store = MemoryStore()
    timers, number = Wheel(store), 3 * wheel.LOAD
    assert timers.first() is None
    for each in range(number):
        timers.arm(7 if each % 2 else 8, "rule", f"cookie:{each}")
    store.write(timers.changes())
    assert [timer[0] for timer in iter(lambda: timers.take(9), None)] == [7] * (number // 2) + [8] * (number // 2)
