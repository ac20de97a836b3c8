"""Asks the broker, a few times a second, where the inputs of all tasks end, and how far other workers' tasks are.

A consumer that reaches an end says so once, but not while records keep coming, nor that it is still there an hour later. So
the ends are asked for, and a task that has read beyond one knows that nothing older than the question is left. The same
answers give the lag. How far other workers' tasks are is in what they committed: offsets, and the instant each has reached.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from confluent_kafka import TopicPartition

from streams.core.intervals import BEGINNING
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.offsets import EndOffsets, GroupOffsets
from streams.runtime.settings import Settings
from streams.topology import INPUTS

INPUT_NAMES = tuple(topic.name for topic in INPUTS)
INTERVAL = 0.25
ANSWER = 5.0
"""Seconds between two questions, and for an answer."""

See = Callable[[int, dict[str, int], int], None]
"""A partition, where its inputs end, by topic, and when that was asked (ms)."""
Hear = Callable[[dict[int, int]], None]
"""By partition, the instant (ms) that the tasks of other workers have reached."""


class EndsWatch:
    """Reports ends from a thread of its own, while it has partitions to watch."""

    def __init__(self, settings: Settings, wall: Callable[[], int]) -> None:
        self._names = Names(settings)
        self._settings, self._all = settings, range(settings.partitions)
        self._wall = wall
        self._partitions: tuple[int, ...] = ()
        self._wake = threading.Event()
        self._is_stopping = False

    def start(self, see: See, hear: Hear, fail: Callable[[BaseException], None]) -> None:
        """Begins the thread, which calls `see` and `hear`, and `fail` when it ends by itself."""
        self._see, self._hear, self._fail = see, hear, fail
        self._ends = EndOffsets(self._settings.broker, ANSWER)
        self._committed = GroupOffsets(self._settings, self._names.group, ANSWER)
        threading.Thread(target=self._live, name="ends", daemon=True).start()

    def watch(self, partitions: Iterable[int]) -> None:
        """Watch these partitions from now on; the first look is at once."""
        self._partitions = tuple(partitions)
        self._wake.set()

    def stop(self) -> None:
        """Ends the thread; returns at once."""
        self._is_stopping = True
        self._wake.set()

    def _live(self) -> None:
        try:
            while not self._is_stopping:
                if here := self._partitions:
                    self._ask(here)
                self._wake.wait(INTERVAL)
                self._wake.clear()
        except BaseException as failure:
            self._fail(failure)

    def _ask(self, here: tuple[int, ...]) -> None:
        """For committed ends (the last stable offsets): beyond them a task could not read."""
        at = self._wall()
        ends = self._ends.now(self._inputs(self._all))
        if ends is None:
            return
        for partition in here:
            self._see(partition, {topic: ends[self._names.on_cluster(topic), partition] for topic in INPUT_NAMES}, at)
        elsewhere = [partition for partition in self._all if partition not in here]
        if elsewhere and (reached := self._reached(elsewhere, ends, at)) is not None:
            self._hear(reached)

    def _reached(self, elsewhere: list[int], ends: Mapping[tuple[str, int], int], at: int) -> dict[int, int] | None:
        """A task that has committed everything that was there `at` has reached that instant; otherwise what it said itself
        counts."""
        committed = self._committed.now(self._inputs(elsewhere))
        if committed is None:
            return None
        found = dict.fromkeys(elsewhere, at)
        said = dict.fromkeys(elsewhere, BEGINNING)
        for each in committed:
            metadata = str(each.metadata)
            if metadata.lstrip("-").isdecimal():
                said[each.partition] = max(said[each.partition], int(metadata))
            if max(0, each.offset) < ends[each.topic, each.partition]:
                found[each.partition] = BEGINNING
        return {partition: max(found[partition], said[partition]) for partition in elsewhere}

    def _inputs(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._names.on_cluster(topic), number) for topic in INPUT_NAMES for number in partitions]
