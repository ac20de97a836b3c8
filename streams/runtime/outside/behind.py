"""How far the pipeline is behind its senders. Asked of Kafka in a thread, as the answer takes a while just when it
matters."""
from __future__ import annotations

from confluent_kafka import KafkaException

from streams.runtime.outside.observer import ALL_INPUTS, lags
from streams.runtime.outside.watcher import Watcher
from streams.runtime.settings import Settings
from streams.task.reading import EVENT_TOPICS

EVERY = 0.5
"""Seconds between two questions."""


class Behind(Watcher):
    """A context manager. events: as last heard; None until then. messages: those between tasks counted too. answers: how
    many there were."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("behind")
        self._settings = settings
        self.events: int | None = None
        self.messages: int | None = None
        self.answers = 0

    def _follow(self) -> None:
        while not self._ending.wait(EVERY):
            try:
                found = lags(self._settings, ALL_INPUTS)
            except KafkaException:
                continue
            self.events, self.messages = sum(found[name] for name in EVENT_TOPICS), sum(found.values())
            self.answers += 1
