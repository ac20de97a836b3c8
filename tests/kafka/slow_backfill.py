"""The pipeline's own processor with a backfill in small slices, so that tests have time to hurt it in the middle."""
from __future__ import annotations

from collections.abc import Callable

from streams.runtime.processor import task_factory
from streams.runtime.settings import Settings
from streams.task import sweep
from streams.unit import Processor, Store

PROFILES_A_SLICE = 4


def factory(settings: Settings) -> Callable[[int, int, Store], Processor]:
    """For `tests.kafka.worker_main`, in a process of its own."""
    sweep.PROFILES_A_SLICE = PROFILES_A_SLICE
    return task_factory(settings)
