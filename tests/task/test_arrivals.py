"""Numbers of arrival tell the events of a task apart, and which came first, for good."""
from __future__ import annotations

import orjson

from streams.memory import MemoryStore
from streams.task import Task, TaskSettings
from streams.unit import Inbound


def test_they_go_on_rising_after_a_restart_within_the_same_millisecond() -> None:
    store = MemoryStore()
    for number in range(3):
        task = Task(0, 1, store, TaskSettings())
        message = {"type": "page", "messageId": f"m{number}", "anonymousId": "c", "timestamp": 1_000}
        record = Inbound("events.hits", 0, number, b"cookie:c", orjson.dumps(message), 1_000)
        store.write(task.run([record], 1_000, -1).changes)
    entries = Task(0, 1, store, TaskSettings()).state.timeline.entries("cookie:c")
    assert [orjson.loads(entry.raw)["messageId"] for entry in entries] == ["m0", "m1", "m2"]
    assert len({entry.arrival for entry in entries}) == 3
