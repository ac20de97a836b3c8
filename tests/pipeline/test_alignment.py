"""How far tasks may run ahead of one another: pure rules, on a clock of the test's own."""
from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest

from streams.runtime.work.alignment import (
    BEHIND,
    FOREVER,
    HOLD,
    HOLD_COMMITS,
    LEAD_COMMITS,
    LEADS,
    LEAST_LEAD,
    PATIENCE,
    Alignment,
)

HOUR = 3_600_000
NOW = 10 * HOUR


@dataclass(slots=True)
class Worker:
    """Tasks 0 and 1 are here, 2 is another worker's."""

    seconds: float = 0.0
    woken: list[int] = field(default_factory=list)
    alignment: Alignment = field(init=False)

    def __post_init__(self) -> None:
        self.alignment = Alignment(lambda: self.seconds)
        self.alignment.begin({0: lambda: self.woken.append(0), 1: lambda: self.woken.append(1)})

    def reach(self, zero: int, one: int) -> None:
        self.alignment.report(0, zero, NOW)
        self.alignment.report(1, one, NOW)

    def timers(self, seconds: float) -> int:
        self.seconds += seconds
        return self.alignment.timers_until(NOW)


def test_nothing_is_held_while_all_are_about_at_the_wall_clock() -> None:
    worker = Worker()
    worker.reach(NOW - BEHIND, NOW)
    assert worker.alignment.records_until(NOW) == FOREVER
    assert worker.timers(0) == FOREVER


def test_the_first_may_be_ahead_of_the_last_by_a_part_of_the_lag() -> None:
    worker = Worker()
    worker.reach(NOW - HOUR, NOW - HOUR // 2)
    assert worker.alignment.records_until(NOW) == NOW - HOUR + HOUR // LEADS
    worker.reach(NOW - BEHIND - 1, NOW)
    assert worker.alignment.records_until(NOW) == NOW - BEHIND - 1 + LEAST_LEAD


def test_until_every_task_has_said_how_far_it_is_nothing_is_handled() -> None:
    worker = Worker()
    worker.alignment.report(0, NOW, NOW)
    assert worker.alignment.records_until(NOW) < 0
    assert worker.timers(0) < 0


def test_a_task_of_another_worker_holds_timers_but_no_records() -> None:
    worker = Worker()
    worker.reach(NOW, NOW)
    worker.alignment.hear({2: NOW - HOUR})
    assert worker.alignment.records_until(NOW) == FOREVER
    assert worker.timers(0) == NOW - HOUR


def test_timers_wait_until_what_the_last_one_said_has_arrived() -> None:
    worker = Worker()
    worker.reach(NOW - HOUR, NOW)
    assert worker.timers(0) == NOW - HOUR
    worker.reach(NOW - 10 * BEHIND, NOW)
    assert worker.timers(HOLD / 2) == NOW - HOUR
    worker.reach(NOW, NOW)
    assert worker.timers(HOLD * 0.6) == NOW - HOUR
    assert worker.timers(HOLD * 0.6) == FOREVER


def test_a_task_elsewhere_that_stands_still_is_not_waited_for_without_end() -> None:
    worker = Worker()
    worker.reach(NOW, NOW)
    worker.alignment.hear({2: NOW - HOUR})
    assert worker.timers(0) == NOW - HOUR
    worker.seconds += PATIENCE + 1
    worker.alignment.hear({2: NOW - HOUR})
    assert worker.timers(HOLD + 1) == FOREVER
    worker.alignment.hear({2: NOW - HOUR + 1})
    assert worker.timers(0) == NOW - HOUR + 1


def test_where_commits_are_slow_the_first_may_lead_by_more_and_timers_wait_longer() -> None:
    worker = Worker()
    worker.reach(NOW - 10 * BEHIND, NOW)
    worker.alignment.report(1, NOW, NOW, 0.5)
    assert worker.alignment.records_until(NOW) == NOW - 10 * BEHIND + 500 * LEAD_COMMITS
    assert worker.timers(0) == NOW - 10 * BEHIND
    worker.alignment.report(0, NOW, NOW)
    assert worker.timers(0.5 * HOLD_COMMITS - 0.1) == NOW - 10 * BEHIND
    assert worker.timers(0.2) == FOREVER


def test_progress_of_the_last_one_wakes_the_others_and_only_that() -> None:
    worker = Worker()
    worker.reach(NOW - HOUR, NOW)
    worker.woken.clear()
    worker.alignment.report(0, NOW - HOUR + 1, NOW)
    assert worker.woken == [1]
    worker.reach(NOW, NOW)
    worker.woken.clear()
    worker.reach(NOW + 1, NOW + 1)
    assert worker.woken == []


def test_what_an_earlier_assignment_knew_is_forgotten() -> None:
    worker = Worker()
    worker.reach(NOW, NOW)
    worker.alignment.begin({1: lambda: None})
    worker.alignment.report(0, NOW, NOW)
    assert worker.alignment.records_until(NOW) < 0
    worker.alignment.report(1, NOW, NOW)
    assert worker.alignment.records_until(NOW) == FOREVER


@pytest.mark.parametrize("commit", [0.1, 0.6])
def test_tasks_that_are_seconds_behind_catch_up_though_every_unit_waits_for_a_slow_commit(commit: float) -> None:
    """Four tasks whose units take about so many seconds, of which handling is nothing: each is worth what it may take."""
    worker, random = Worker(), Random(3)
    worker.alignment.begin(dict.fromkeys(range(4), lambda: None))
    reached, free_at = dict.fromkeys(range(4), NOW - 5 * BEHIND), dict.fromkeys(range(4), 0.0)
    while min(reached.values()) < NOW + int(worker.seconds * 1_000) - BEHIND and worker.seconds < 10:
        task = min(free_at, key=lambda each: free_at[each])
        worker.seconds = free_at[task]
        wall = NOW + int(worker.seconds * 1_000)
        worker.alignment.report(task, reached[task], wall, commit)
        reached[task] = max(reached[task], min(wall, worker.alignment.records_until(wall)))
        free_at[task] += random.uniform(0.8, 1.2) * commit
    assert worker.seconds < 10, f"still {NOW + 10_000 - min(reached.values())} ms behind"
