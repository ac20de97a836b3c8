"""What the group says to a destination that writes down how far it is, without a broker."""
from __future__ import annotations

import asyncio
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from connectors.delivery.progress import from_text
from streams.runtime.beside.deliveries import KafkaActivations, Rebalanced
from streams.runtime.exits import Stop
from streams.runtime.settings import Settings

MARKS = {0: from_text(7, "")}


class Refusing:
    """A consumer whose commits are refused."""

    def __init__(self, code: int) -> None:
        self._code = code

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
