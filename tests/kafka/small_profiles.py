"""The pipeline's own processor with profiles of 40 KB at most, so that tests need no megabytes to come to the bound."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streams.core import bounds
from streams.runtime.processor import task_factory
from streams.runtime.settings import Settings
from streams.task import task
from streams.unit import Processor, Store

LARGEST = 40_000


def make_small(put: Callable[[Any, str, int], None] = setattr) -> None:
    """In this process."""
    for module in (bounds, task):
        put(module, "LARGEST", LARGEST)
    put(bounds, "AFTERWARDS", LARGEST * 3 // 4)


def factory(settings: Settings) -> Callable[[int, int, Store], Processor]:
    """For `tests.kafka.worker_main`, in a process of its own."""
    make_small()
    return task_factory(settings)
