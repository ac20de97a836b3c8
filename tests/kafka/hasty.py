"""The pipeline's own processor with a week of two seconds and a day of one: what waits for nothing to be under way any
more need not be waited for by tests."""
from __future__ import annotations

from collections.abc import Callable

from streams.core import vacating
from streams.runtime.processor import task_factory
from streams.runtime.settings import Settings
from streams.task import redactions
from streams.unit import Processor, Store


def factory(settings: Settings) -> Callable[[int, int, Store], Processor]:
    """For `tests.kafka.worker_main`, in a process of its own."""
    vacating.UNDER_WAY, redactions.WATCHED_FOR = 2_000, 1_000
    return task_factory(settings)
