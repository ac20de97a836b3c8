"""Puts a request on `privacy.requests`, and waits for its receipt, as anybody outside could."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.codec import Codec
from streams.runtime.kafka.registry import codec_of
from streams.runtime.kafka.topics import check_topics
from streams.runtime.outside.reading import answers, awaiting
from streams.runtime.outside.upstream import Upstream
from streams.runtime.settings import Settings

REQUESTS, RECEIPTS = "privacy.requests", "privacy.receipts"


def record(codec: Codec, request: Mapping[str, Any]) -> tuple[str, bytes, bytes]:
    """Topic, key and value of a request as `requesting` makes it."""
    return REQUESTS, request["identifier"].encode(), codec.encode("privacy_request", request)


def submit(settings: Settings, request: Mapping[str, Any], within: float) -> dict[str, Any] | None:
    """The receipt, with the topic's fields; None if it did not come `within` so many seconds, 0 to wait for none. The
    request is on its topic when this returns. Misconfigured if there is no broker, or the topics are not as they should
    be."""
    check_topics(settings)
    codec = codec_of(settings)
    with awaiting(settings, RECEIPTS) as consumer:
        with Upstream(settings) as upstream:
            upstream.send(*record(codec, request))
        receipt = next(answers(consumer, request["request_id"], within), None)
    return None if receipt is None else dict(codec.decode("privacy_receipt", receipt))
