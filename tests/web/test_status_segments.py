"""The status page and its JSON tell how segments stand, from one dataclass."""
from __future__ import annotations

import re

import pytest

from streams.standing import PressStanding, SegmentStanding, Standing
from streams.web.status import Percentiles, Phase, TaskStatus, WorkerStatus, as_json, as_page


def status(*standings: Standing | None) -> WorkerStatus:
    tasks = tuple(TaskStatus(partition=number, phase=Phase.RUNNING, standing=each) for number, each in enumerate(standings))
    return WorkerStatus(
        application="audience", version="0.1.0", started_at="2026-11-24T00:00:00+00:00", is_ready=True, tasks=tasks,
        records_per_second=0, units_per_second=0, records=0, dead_letters=0,
        latency=Percentiles(p50=0, p95=0, p99=0, samples=0), store_memory=0, sent={})


def of(members: int, rebuilt: int, *, is_building: bool, seconds_left: float | None = None) -> Standing:
    segments = {"carts": SegmentStanding(version=3, members=members, is_building=is_building)}
    return Standing(profiles=2_000, rebuilt=rebuilt, is_building=is_building, seconds_left=seconds_left, segments=segments)


def test_a_backfill_is_told_by_task_and_members_in_sum() -> None:
    told = status(of(1_200, 500, is_building=True, seconds_left=61.5), of(34, 2_000, is_building=False), None)
    page = as_page(told)
    assert "<td>25%, 62 s left</td>" in page and "<dt>backfill</dt><dd>62%, 62 s left</dd>" in page
    assert "<td>carts</td><td>3</td>" in page and "<td>building</td>" in page and "<td>1,234</td>" in page
    total = as_json(told)["standing"]
    assert (total["profiles"], total["rebuilt"], total["seconds_left"]) == (4_000, 2_500, 61.5)
    assert total["segments"]["carts"]["members"] == 1_234


def test_without_tasks_there_is_nothing_to_tell() -> None:
    page = as_page(status())
    assert "<dt>backfill</dt>" not in page
    assert '<td colspan="4">none</td>' in page and "this worker owns no partition now" in page


def pressed(revision: int, present: int, reached: int, *, is_over: bool = False, is_running: bool = True) -> Standing:
    press = PressStanding(revision=revision, present=present, reached=reached, activated=reached // 2, is_over=is_over,
                          is_running=is_running)
    return Standing(profiles=0, rebuilt=0, is_building=False, seconds_left=None, segments={}, presses={"club": press})


@pytest.mark.parametrize(("standings", "row"), [
    ((pressed(7, 100, 20), pressed(7, 300, 80, is_over=True, is_running=False)), ("25%", 400, 100, 50)),
    ((pressed(6, 9, 9, is_over=True), pressed(7, 0, 0), pressed(6, 9, 9)), ("0%", 0, 0, 0)),
    ((pressed(7, 4, 4, is_over=True), pressed(7, 4, 2, is_over=True)), ("over", 8, 6, 3)),
    ((pressed(7, 4, 2, is_running=False), pressed(7, 4, 4, is_over=True, is_running=False)), ("stopped", 8, 6, 3)),
])
def test_the_newest_press_of_a_button_is_told_in_sum(standings: tuple[Standing, ...], row: tuple[object, ...]) -> None:
    cells = re.findall(r"<td>(.*?)</td>", as_page(status(*standings)).partition("<td>club</td>")[2])
    assert cells[:4] == [str(each) for each in row]


def test_how_long_is_not_told_before_it_is_known() -> None:
    assert "<td>25%</td>" in as_page(status(of(1, 500, is_building=True)))
