"""When refused records end a worker."""
from __future__ import annotations

import pytest

from streams.runtime.exits import Exit, Stop
from streams.runtime.plugs.dead_letter_limit import LEAST, WINDOW, DeadLetterLimit
from streams.unit import Outcome


def unit(applied: int, rejected: int) -> Outcome:
    return Outcome([], [], applied, rejected)


def test_a_row_as_long_as_the_setting_ends_the_worker() -> None:
    limit = DeadLetterLimit(ratio=1, run=10)
    limit.count(unit(0, 9))
    with pytest.raises(Stop, match=r"10 in a row.*AUDIENCE_DEAD_LETTER_RUN") as end:
        limit.count(unit(0, 1))
    assert end.value.code is Exit.DEAD_LETTERS


def test_one_good_record_ends_the_row() -> None:
    limit = DeadLetterLimit(ratio=1, run=10)
    for _ in range(5):
        limit.count(unit(0, 9))
        limit.count(unit(1, 9))


def test_the_ratio_says_nothing_before_the_least_number_of_records() -> None:
    limit = DeadLetterLimit(ratio=0.1, run=0)
    limit.count(unit(1, LEAST - 2))
    with pytest.raises(Stop, match="AUDIENCE_DEAD_LETTER_RATIO"):
        limit.count(unit(1, 0))


def test_a_share_of_exactly_the_ratio_is_allowed() -> None:
    limit = DeadLetterLimit(ratio=0.5, run=0)
    limit.count(unit(LEAST, LEAST))
    with pytest.raises(Stop):
        limit.count(unit(0, 1))


def test_what_lies_before_the_window_is_forgotten() -> None:
    limit = DeadLetterLimit(ratio=0.5, run=0)
    limit.count(unit(LEAST, LEAST))
    limit.count(unit(WINDOW, 0))
    limit.count(unit(0, LEAST))


def test_one_and_zero_switch_the_limits_off() -> None:
    limit = DeadLetterLimit(ratio=1, run=0)
    limit.count(unit(0, 10 * WINDOW))


def test_units_without_records_are_not_kept() -> None:
    limit = DeadLetterLimit(ratio=1, run=10)
    for _ in range(100):
        limit.count(unit(0, 0))
    assert len(limit._units) == 0


def test_what_strangers_sent_neither_counts_nor_hides_what_does() -> None:
    limit = DeadLetterLimit(ratio=0.5, run=10)
    for _ in range(5):
        limit.count(Outcome([], [], 0, 2 * LEAST, strange=2 * LEAST))
    limit.count(Outcome([], [], 0, 2 * LEAST + 9, strange=2 * LEAST))
    with pytest.raises(Stop, match="10 in a row"):
        limit.count(Outcome([], [], 0, 2 * LEAST + 1, strange=2 * LEAST))


def test_the_ratio_is_that_of_the_last_records_and_not_of_all() -> None:
    limit = DeadLetterLimit(ratio=0.5, run=0)
    for _ in range(5):
        limit.count(unit(WINDOW, 0))
    limit.count(unit(0, WINDOW // 2))
    with pytest.raises(Stop, match="AUDIENCE_DEAD_LETTER_RATIO"):
        limit.count(unit(1, WINDOW // 2))
