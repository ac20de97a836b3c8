"""What the group says to a destination that writes down how far it is, without a broker."""
from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException, TopicPartition

from connectors.delivery import Delivered, Delivery
from connectors.delivery.activation import as_json
from connectors.delivery.progress import Mark, from_text
from schemas import Codec
from streams.core.errors import Retryable
from streams.runtime.beside import deliveries
from streams.runtime.beside.deliveries import KafkaActivations, Rebalanced
from streams.runtime.exits import Stop
from streams.runtime.settings import Settings
from tests.connectors.recording import activation

MARKS = {0: from_text(7, "")}


@pytest.fixture(autouse=True)
def _same_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "topic_id", lambda *_: "the first")


class Read:
    """A message, the 51st of its partition by default."""

    def __init__(self, content: str | None = None, offset: int = 50) -> None:
        self._offset = offset
        row = as_json(activation(1))
        self._row = row | {"content": content or orjson.dumps(row["content"]).decode()}

    def topic(self) -> str:
        return "activations.display"

    def error(self) -> None: ...

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes:
        return Codec().encode("activation", self._row)


class Refusing:
    """A consumer whose commits are refused, with a message at hand."""

    def __init__(self, code: int) -> None:
        self._code, self._messages = code, [Read()]

    def assignment(self) -> list[TopicPartition]:
        return []

    def poll(self, _: float) -> Read | None:
        return self._messages.pop() if self._messages else None

    def commit(self, **_: Any) -> None:
        raise KafkaException(KafkaError(self._code))


@pytest.mark.parametrize(("code", "failure"), [
    (KafkaError.UNKNOWN_MEMBER_ID, Rebalanced), (KafkaError.ILLEGAL_GENERATION, Rebalanced),
    (KafkaError.REBALANCE_IN_PROGRESS, Rebalanced), (KafkaError.GROUP_AUTHORIZATION_FAILED, Stop)])
def test_who_is_no_member_any_more_begins_again_and_who_may_not_write_fails(code: int, failure: type[Exception]) -> None:
    """A destination was down for 5 s after the group's coordinator had ended, with a traceback in the log."""
    activations = KafkaActivations(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), "gam", "display")
    activations._consumer = Refusing(code)  # type: ignore[assignment]
    with pytest.raises(failure):
        asyncio.run(activations.settle((), MARKS))


def test_who_is_no_member_any_more_takes_nothing_until_it_is_one_again() -> None:
    """What was read before and not delivered would be passed over."""
    activations = KafkaActivations(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), "gam", "display")
    activations._consumer = Refusing(KafkaError.UNKNOWN_MEMBER_ID)  # type: ignore[assignment]
    with pytest.raises(Rebalanced):
        asyncio.run(activations.settle((), MARKS))
    assert not asyncio.run(activations.take(10, 0))


class Forgotten(Refusing):
    """A consumer whose group has lost what was committed, as Kafka deletes it with the topic."""

    def commit(self, **_: Any) -> None: ...

    def assign(self, _: list[TopicPartition]) -> None: ...

    def committed(self, places: list[TopicPartition], _: float) -> list[TopicPartition]:
        return [TopicPartition(each.topic, each.partition, OFFSET_INVALID) for each in places]


def test_what_was_done_of_a_topic_that_is_gone_says_nothing_of_the_one_made_in_its_place() -> None:
    activations = KafkaActivations(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), "gam", "display")
    activations._consumer = consumer = Forgotten(0)  # type: ignore[assignment]
    asyncio.run(activations.settle((), {0: from_text(100, "")}))
    assert not asyncio.run(activations.take(10, 0)), "it is done"
    activations._assigned(consumer, [TopicPartition("activations.display", 0)])  # type: ignore[arg-type]
    consumer._messages = [Read()]
    assert len(asyncio.run(activations.take(10, 0))) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '"x"', "null", '{"destinations": 5}', '{"destinations": "gam"}'])
def test_what_is_no_activation_stops_no_destination(content: str) -> None:
    """It began anew every five seconds, for ever, and met the same record."""
    activations = KafkaActivations(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), "gam", "display")
    activations._consumer = consumer = Refusing(0)  # type: ignore[assignment]
    consumer._messages = [Read(offset=51), Read(content or " ")]
    assert len(asyncio.run(activations.take(10, 0))) == 1


class Committing(Refusing):
    """A consumer and a producer whose calls are noted. The producer answers with `error` at every second flush."""

    def __init__(self, error: KafkaError | None = None) -> None:
        self.calls: list[str] = []
        self._error, self._waiting = error, list[Callable[[KafkaError | None, None], None]]()

    def produce(self, _topic: str, _value: bytes, _key: str, on_delivery: Callable[[KafkaError | None, None], None]) -> None:
        self._waiting.append(on_delivery)

    def flush(self, _within: float) -> int:
        self.calls.append("flush")
        if self.calls.count("flush") % 2 == 0:
            for tell in self._waiting:
                tell(self._error, None)
            self._waiting = []
        return len(self._waiting)

    def commit(self, **what: Any) -> None:
        self.calls += [f"commit {each.offset}" for each in what["offsets"]]


def written(noting: Committing, *marks: Mark) -> list[str]:
    """What is called when one outcome, and these marks one after the other, are written down."""
    activations = KafkaActivations(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), "gam", "display")
    activations._consumer = activations._producer = noting  # type: ignore[assignment]
    outcome = Delivery(activation=activation(1), destination="gam", attempt=1, outcome=Delivered(), at=1, retry_at=None)
    for mark in marks:
        asyncio.run(activations.settle([outcome], {0: mark}))
    return noting.calls


def test_offsets_are_committed_once_every_outcome_is_on_its_topic_and_never_without() -> None:
    assert written(Committing(), from_text(7, "")) == ["flush", "flush", "commit 7"]
    lost = Committing(KafkaError(KafkaError._MSG_TIMED_OUT))
    with pytest.raises(Retryable, match="1 outcomes could not be written; the offsets stay"):
        written(lost, from_text(7, ""))
    assert lost.calls == ["flush", "flush"]


def test_what_was_done_once_is_not_taken_back_by_an_engine_that_began_before_it() -> None:
    assert written(Committing(), from_text(100, ""), from_text(50, ""))[-1] == "commit 100"


def test_after_partitions_were_taken_away_the_engine_hears_of_it_once() -> None:
    activations = KafkaActivations(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), "gam", "display")
    activations._consumer = consumer = Refusing(0)  # type: ignore[assignment]
    activations._revoked(consumer, [])  # type: ignore[arg-type]
    with pytest.raises(Rebalanced):
        asyncio.run(activations.take(10, 0))
    assert len(asyncio.run(activations.take(10, 0))) == 1, "what was read meanwhile is of the new assignment"


class OfNewer(Read):
    def value(self) -> bytes:
        return super().value()[:2] + b"12345678" + super().value()[10:]


def test_what_a_newer_version_wrote_waits_and_is_not_passed_over() -> None:
    activations = KafkaActivations(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), "gam", "display")
    activations._consumer = consumer = Refusing(0)  # type: ignore[assignment]
    consumer._messages = [OfNewer()]
    with pytest.raises(Retryable, match=r"unknown-fingerprint.*it waits"):
        asyncio.run(activations.take(10, 0))


class Pausing(Refusing):
    def __init__(self) -> None:
        super().__init__(0)
        self.is_paused = False

    def pause(self, _: list[TopicPartition]) -> None:
        self.is_paused = True

    def resume(self, _: list[TopicPartition]) -> None:
        self.is_paused = False

    def poll(self, within: float) -> Read | None:
        assert self.is_paused
        return super().poll(within)


def test_during_a_long_call_it_is_polled_without_being_read_and_goes_on_afterwards() -> None:
    activations = KafkaActivations(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9"}), "gam", "display")
    activations._consumer = consumer = Pausing()  # type: ignore[assignment]
    asyncio.run(activations.stay())
    assert not consumer.is_paused and not consumer._messages
    activations._consumer = Refusing(0)  # type: ignore[assignment]
    assert len(asyncio.run(activations.take(10, 0))) == 2, "what came all the same is kept"
