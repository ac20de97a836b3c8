"""How far the pipeline is behind whoever sends, asked of Kafka in a thread: the answer takes a while when it matters."""
from __future__ import annotations

import threading
from types import TracebackType

from confluent_kafka import KafkaException

from streams.runtime.outside.observer import lag
from streams.runtime.settings import Settings

EVERY = 0.5


class Behind:
    """A context manager. events: as last heard; None until then. answers: how many there were."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="behind", daemon=True)
        self.events: int | None = None
        self.answers = 0

    def __enter__(self) -> Behind:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._ending.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._ending.wait(EVERY):
            try:
                self.events = lag(self._settings)
            except KafkaException:
                continue
            self.answers += 1
