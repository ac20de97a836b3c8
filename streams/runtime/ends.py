"""Asks the broker, a few times a second, where the inputs of a worker's tasks end.

A consumer that reaches an end says so once; it does not say so while records keep coming, nor that it is still there
an hour later. So the ends are asked for, and a task that has read beyond one knows that nothing older than the question
is left. The same answers are the lag that is shown.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import TimeoutError as AnswerMissing
from typing import Any

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # untyped re-export

from streams.runtime.names import Names
from streams.runtime.settings import Settings
from streams.topology import INPUTS

INTERVAL = 0.25
ANSWER = 5.0


See = Callable[[int, dict[str, int], int], None]
"""A partition, where its inputs end, by topic, and when that was asked (ms)."""


class EndsWatch:
    """Tells of ends, from its own thread, while it has partitions to watch."""

    def __init__(self, settings: Settings, wall: Callable[[], int]) -> None:
        self._names = Names(settings)
        self._broker = settings.broker
        self._wall = wall
        self._latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        self._partitions: tuple[int, ...] = ()
        self._wake = threading.Event()
        self._is_stopping = False

    def start(self, see: See) -> None:
        """Begins the thread, which calls `see`."""
        self._see = see
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

    def _ask(self, admin: AdminClient, partitions: tuple[int, ...]) -> bool:
        """Asks for committed ends (the last stable offsets): beyond them a task could not read. False: no answer."""
        if not partitions:
            return True
        at = self._wall()
        wanted = {
            TopicPartition(self._names.on_cluster(topic.name), partition): self._latest
            for topic in INPUTS for partition in partitions
        }
        try:
            answers = admin.list_offsets(
                wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=ANSWER
            )
            found = {source: answer.result(ANSWER).offset for source, answer in answers.items()}
        except (KafkaException, AnswerMissing):
            return False
        self._report(found, at)
        return True

    def _report(self, found: dict[Any, int], at: int) -> None:
        ends: dict[int, dict[str, int]] = {}
        for source, offset in found.items():
            ends.setdefault(source.partition, {})[self._names.logical(source.topic)] = offset
        for partition, by_topic in ends.items():
            self._see(partition, by_topic, at)
