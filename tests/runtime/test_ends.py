"""What is told of the ends of inputs, and of how far the tasks of other workers are."""
from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import TopicPartition

from streams.core.intervals import BEGINNING
from streams.runtime.settings import Settings
from streams.runtime.work.ends import INPUT_NAMES, EndsWatch

NOW = 50_000


class Ends:
    """Every input of every partition ends at 10."""

    def now(self, places: Iterable[TopicPartition]) -> dict[tuple[str, int], int]:
        return {(each.topic, each.partition): 10 for each in places}


class Committed:
    """By partition the offset and the metadata of every input."""

    def __init__(self, committed: dict[int, tuple[int, str]]) -> None:
        self._committed = committed

    def now(self, places: list[TopicPartition]) -> list[TopicPartition] | None:
        found = [(each, *self._committed[each.partition]) for each in places]
        return [TopicPartition(each.topic, each.partition, offset, metadata) for each, offset, metadata in found]


def heard(committed: dict[int, tuple[int, str]], here: tuple[int, ...] = (0,)) -> tuple[list[int], list[dict[int, int]]]:
    """The partitions whose ends were told, and what was heard of the others."""
    seen: list[int] = []
    reached: list[dict[int, int]] = []
    watch = EndsWatch(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), lambda: NOW)
    watch._ends, watch._committed = Ends(), Committed(committed)  # type: ignore[assignment]

    def see(partition: int, ends: dict[str, int], at: int) -> None:
        assert (ends, at) == (dict.fromkeys(INPUT_NAMES, 10), NOW)
        seen.append(partition)

    watch._see, watch._hear = see, reached.append
    watch._ask(here)
    return seen, reached


def test_a_task_elsewhere_has_reached_now_once_it_has_committed_all_there_is_and_else_what_it_said() -> None:
    seen, reached = heard({1: (10, "7000"), 2: (9, "7000"), 3: (-1001, "")})
    assert seen == [0]
    assert reached == [{1: NOW, 2: 7_000, 3: BEGINNING}]


def test_nothing_is_asked_of_others_where_all_tasks_are_here() -> None:
    assert heard({}, here=(0, 1, 2, 3)) == ([0, 1, 2, 3], [])
