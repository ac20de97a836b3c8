"""Asks the broker, a few times a second, where the inputs of all tasks end, and how far those of other workers are.

A consumer that reaches an end says so once; it does not say so while records keep coming, nor that it is still there
an hour later. So the ends are asked for, and a task that has read beyond one knows that nothing older than the question
is left. The same answers are the lag that is shown. Of other workers' tasks it is asked what they committed: with its
offsets each commits the instant that it has reached.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import TimeoutError as AnswerMissing
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # untyped re-export

from streams.core.intervals import BEGINNING
from streams.runtime.kafka.names import Names
from streams.runtime.settings import Settings
from streams.topology import INPUTS

INTERVAL = 0.25
ANSWER = 5.0

See = Callable[[int, dict[str, int], int], None]
"""A partition, where its inputs end, by topic, and when that was asked (ms)."""
Hear = Callable[[dict[int, int]], None]
"""By partition, the instant (ms) that the tasks of other workers have reached."""


class EndsWatch:
    """Tells of ends, from its own thread, while it has partitions to watch."""

    def __init__(self, settings: Settings, wall: Callable[[], int]) -> None:
        self._names = Names(settings)
        self._broker, self._all = settings.broker, range(settings.partitions)
        self._wall = wall
        self._latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        self._partitions: tuple[int, ...] = ()
        self._wake = threading.Event()
        self._is_stopping = False

    def start(self, see: See, hear: Hear) -> None:
        """Begins the thread, which calls `see` and `hear`."""
        self._see, self._hear = see, hear
        threading.Thread(target=self._live, name="ends", daemon=True).start()

    def watch(self, partitions: Iterable[int]) -> None:
        """From now on these, and at once."""
        self._partitions = tuple(partitions)
        self._wake.set()

    def stop(self) -> None:
        """Ends the thread; returns at once."""
        self._is_stopping = True
        self._wake.set()

    def _live(self) -> None:
        admin = self._connect()
        while not self._is_stopping:
            if not self._ask(admin, self._partitions):
                admin = self._connect()
            self._wake.wait(INTERVAL)
            self._wake.clear()

    def _connect(self) -> AdminClient:
        """After each failure anew: a client may take minutes to forget who led before a broker restarted."""
        options: dict[str, Any] = {"bootstrap.servers": self._broker, "log_level": 0, "error_cb": lambda _: None}
        return AdminClient(options)

    def _ask(self, admin: AdminClient, here: tuple[int, ...]) -> bool:
        """Asks for committed ends (the last stable offsets): beyond them a task could not read. False: no answer."""
        if not here:
            return True
        at = self._wall()
        try:
            ends = self._ends(admin)
            for partition in here:
                self._see(partition, ends[partition], at)
            if elsewhere := [partition for partition in self._all if partition not in here]:
                self._hear(self._reached(admin, elsewhere, ends, at))
        except (KafkaException, AnswerMissing):
            return False
        return True

    def _ends(self, admin: AdminClient) -> dict[int, dict[str, int]]:
        wanted = dict.fromkeys(self._inputs(self._all), self._latest)
        answers = admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=ANSWER)
        found: dict[int, dict[str, int]] = {}
        for source, answer in answers.items():
            found.setdefault(source.partition, {})[self._names.logical(source.topic)] = answer.result(ANSWER).offset
        return found

    def _reached(
        self, admin: AdminClient, elsewhere: list[int], ends: dict[int, dict[str, int]], at: int,
    ) -> dict[int, int]:
        """Who has committed all that was there `at` has reached that instant; else what it said itself counts."""
        asked = ConsumerGroupTopicPartitions(self._names.group, self._inputs(elsewhere))
        (answer,) = admin.list_consumer_group_offsets([asked], request_timeout=ANSWER).values()
        found = dict.fromkeys(elsewhere, at)
        said = dict.fromkeys(elsewhere, BEGINNING)
        for each in answer.result(ANSWER).topic_partitions:
            if str(each.metadata).lstrip("-").isdecimal():
                said[each.partition] = max(said[each.partition], int(each.metadata))
            if max(0, each.offset) < ends[each.partition][self._names.logical(each.topic)]:
                found[each.partition] = BEGINNING
        return {partition: max(found[partition], said[partition]) for partition in elsewhere}

    def _inputs(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._names.on_cluster(topic.name), number) for topic in INPUTS for number in partitions]
