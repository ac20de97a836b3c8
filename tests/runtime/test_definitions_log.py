"""A revision on its way to the topic `definitions`, without Kafka."""
from __future__ import annotations

from typing import Any

from streams.runtime.outside.definitions_log import History, _write
from streams.runtime.settings import Settings
from streams.task.publishing import Published

ROOM = 3


class Full:
    """A producer that holds `ROOM` records, and has room again once it is polled."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.held = 0
        self.is_committed = False

    def begin_transaction(self) -> None:
        pass

    def produce(self, _topic: str, _value: bytes | None, key: bytes, **_where: Any) -> None:
        if self.held == ROOM:
            raise BufferError("Local: Queue full")
        self.held += 1
        self.keys.append(key)

    def poll(self, _seconds: float) -> int:
        self.held = 0
        return 0

    def commit_transaction(self, _seconds: float) -> None:
        self.is_committed = True


def test_a_revision_that_is_more_than_the_producer_holds_is_written_whole() -> None:
    """50,000 definitions ended `apply` with a traceback."""
    producer = Full()
    changed = {f"segment/s{n}": Published(document={"id": f"s{n}"}, version=1, state=None) for n in range(10)}
    _write(Settings.read({}), producer, History(), changed)  # type: ignore[arg-type]
    assert producer.is_committed
    heads = [key for key in producer.keys if b"@" not in key and key.startswith(b"segment/")]
    assert heads == [key.encode() for key in changed]
    assert len(producer.keys) == 2 * len(changed) + 1
