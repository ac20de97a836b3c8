"""The processor that a worker runs: `Task`, with the deployment's settings."""
from __future__ import annotations

from collections.abc import Callable
from functools import cache

from streams.runtime.kafka.registry import codec_of
from streams.runtime.kafka.topics import gone_after
from streams.runtime.settings import Settings
from streams.task import Task, TaskSettings
from streams.task.outputs import AGEING
from streams.task.settings import DEVELOPMENT_KEY
from streams.unit import Processor, Store


def profile_key(settings: Settings) -> str:
    """What public profile ids are derived from; a deployment that sets none has everybody's."""
    return settings.profile_key or DEVELOPMENT_KEY


def task_factory(settings: Settings) -> Callable[[int, int, Store], Processor]:
    """Makes the processor of a partition, given how many there are and its store."""
    @cache
    def chosen() -> TaskSettings:
        return TaskSettings(
            profile_key=profile_key(settings), view_after=int(settings.profile_interval * 1000),
            ageing=AGEING | gone_after(settings, AGEING))

    def make(partition: int, partitions: int, store: Store) -> Processor:
        return Task(partition, partitions, store, chosen(), codec_of(settings))

    return make
