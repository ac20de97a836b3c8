"""What whoever sent records is told of them, without a broker."""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import KafkaError

from streams.core.errors import Rejected, Retryable
from streams.runtime.beside.writer import Writer
from streams.runtime.settings import Settings

RECORDS = [("events.hits", b"k", b"1"), ("events.hits", b"k", b"2")]


class Producer:
    """Answers every second record with the fault; has no room for the first `full` calls."""

    def __init__(self, fault: int | None, full: int = 0) -> None:
        self._fault, self.full, self.taken = fault, full, 0

    def produce(self, *_: Any, on_delivery: Callable[[KafkaError | None, object], None], **__: Any) -> None:
        if self.full:
            self.full -= 1
            raise BufferError
        self.taken += 1
        on_delivery(KafkaError(self._fault) if self._fault is not None and self.taken % 2 == 0 else None, None)

    def poll(self, _: float) -> int:
        return 0

    def flush(self, _: float) -> int:
        return 0


@pytest.fixture
def writer() -> Iterator[Writer]:
    writer = Writer(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}))
    yield writer
    writer.close()


@pytest.mark.parametrize(("fault", "failure"), [
    (KafkaError.MSG_SIZE_TOO_LARGE, Rejected), (KafkaError._MSG_TIMED_OUT, Retryable)])
def test_one_record_that_is_not_there_fails_them_all_and_one_that_never_can_be_is_refused(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, fault: int, failure: type[Exception],
) -> None:
    monkeypatch.setattr(writer, "_producer", Producer(fault))
    with pytest.raises(failure):
        asyncio.run(writer.put(RECORDS))


def test_a_producer_that_is_full_is_waited_for(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    producer = Producer(None, full=2)
    monkeypatch.setattr(writer, "_producer", producer)
    asyncio.run(writer.put(RECORDS))
    assert (producer.taken, producer.full) == (2, 0)
