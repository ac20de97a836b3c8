"""A task that is let go is freed at once, not when Python looks for cycles among all that is cached: hardly ever."""
from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from functools import partial

import orjson
import pytest

from streams.memory import MemoryStore
from streams.task import Task
from streams.task.wire import Staged
from streams.unit import Inbound

SEGMENT = {"kind": "segment", "id": "seen", "rule": {"performed": {"event": "Seen", "within": "1h"}}}


@pytest.fixture(autouse=True)
def no_look_for_cycles() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def used_task() -> Task:
    task, record = Task(0, 1, MemoryStore()), partial(Inbound, "events.hits", 0)
    task.revisions.stage(Staged("segment/seen", SEGMENT, 1, None))
    task.revisions.put_in_force(1)
    message = {"type": "track", "event": "Seen", "anonymousId": "a", "messageId": "m"}
    task.run([record(0, b"cookie:a", orjson.dumps(message), 1_000), record(1, b"cookie:a", b"rubbish", 1_000)], 1_000, 1_000)
    return task


def test_a_task_and_its_rows_are_freed_with_it() -> None:
    task = used_task()
    parts = [weakref.ref(part) for part in (task, task.state.profiles, task.state.pointers)]
    del task
    assert [part() for part in parts] == [None] * len(parts)
