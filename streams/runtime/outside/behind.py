"""How far the pipeline is behind whoever sends, asked of Kafka in a thread: the answer takes a while when it matters."""
from __future__ import annotations

from confluent_kafka import KafkaException

from streams.runtime.outside.observer import lag
from streams.runtime.outside.watcher import Watcher
from streams.runtime.settings import Settings

EVERY = 0.5


class Behind(Watcher):
    """A context manager. events: as last heard; None until then. answers: how many there were."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("behind")
        self._settings = settings
        self.events: int | None = None
        self.answers = 0

    def _follow(self) -> None:
        while not self._ending.wait(EVERY):
            try:
                self.events = lag(self._settings)
            except KafkaException:
                continue
            self.answers += 1
