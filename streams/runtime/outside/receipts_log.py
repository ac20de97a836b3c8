"""Puts a request on `privacy.requests` and waits for its receipt, as anybody outside could."""
from __future__ import annotations

import time
from typing import Any

from confluent_kafka import Consumer, KafkaException

from streams.core.errors import Misconfigured
from streams.runtime.kafka.registry import codec_of
from streams.runtime.kafka.topics import check_topics
from streams.runtime.outside.asking import ends
from streams.runtime.outside.upstream import Upstream
from streams.runtime.settings import Settings

REQUESTS, RECEIPTS = "privacy.requests", "privacy.receipts"


def ask(settings: Settings, request: dict[str, Any], within: float) -> dict[str, Any] | None:
    """The receipt, fields as the topic has them; None if it did not come `within` so many seconds. With 0 nobody waits.

    Once this returns the request is safe on its topic. Misconfigured if there is no broker, or the topics are not as they
    should be."""
    check_topics(settings)
    consumer = Consumer({
        "bootstrap.servers": settings.broker, "group.id": f"{settings.application}-asking", "enable.auto.commit": False,
        "isolation.level": "read_committed", "fetch.wait.max.ms": 10, "log_level": 0})
    try:
        consumer.assign(ends(consumer, settings, RECEIPTS))
        with Upstream(settings) as upstream:
            upstream.send(REQUESTS, request["identifier"].encode(), codec_of(settings).encode("privacy_request", request))
        return _await(consumer, settings, request["request_id"], within)
    except KafkaException as fault:
        raise Misconfigured((
            f"the request was not taken by {settings.broker}: {fault.args[0].name()}; try again",)) from fault
    finally:
        consumer.close()


def _await(consumer: Consumer, settings: Settings, request_id: str, within: float) -> dict[str, Any] | None:
    codec, deadline = codec_of(settings), time.monotonic() + within
    while time.monotonic() < deadline:
        for message in consumer.consume(100, 0.05):
            value = message.value()
            if message.error() is None and value is not None and message.key() == request_id.encode():
                receipt: dict[str, Any] = codec.decode("privacy_receipt", value)
                return receipt
    return None
