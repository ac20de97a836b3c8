"""What is let go. A task is freed at once, not when Python looks for cycles among all that is cached: hardly ever. Rows do
not stay at hand in any number, nor of any size."""
from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from functools import partial

import orjson
import pytest

from streams.core.profile import Profile
from streams.memory import MemoryStore
from streams.task import Task, working
from streams.task.rows import PROFILE
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


def test_l10_few_large_rows_take_no_more_memory_than_many_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "BYTES", 1 << 20)
    store = MemoryStore()
    task = Task(0, 1, store)
    for number in range(200):
        who = f"c{number % 150}"
        message = {"type": "identify", "anonymousId": who, "messageId": f"m{number}", "traits": {f"t{number}": "x" * 30_000}}
        record = Inbound("events.hits", 0, number, f"cookie:{who}".encode(), orjson.dumps(message), 1_000)
        store.write(task.run([record], 1_000, 1_000).changes)
        at_hand = sum(len(PROFILE.encode(row)) for _, row in task.state.profiles.rows())
        assert at_hand <= 2 << 20
    profiles = [task.state.profiles.get(f"cookie:c{number}") for number in range(150)]
    assert sum(each.events for row in profiles if isinstance(row, Profile) for each in row.fragments.values()) == 200
