"""What the group says to a destination that writes down how far it is, without a broker."""
from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException, TopicPartition

from connectors.delivery.activation import as_json
from connectors.delivery.progress import from_text
from schemas import Codec
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
