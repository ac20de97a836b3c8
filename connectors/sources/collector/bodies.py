"""What SDKs of the Segment spec post, as messages of the event topics.

Every object is passed on: the pipeline says why it does not accept one, and keeps it.
"""
from __future__ import annotations

from typing import Any

import orjson

from schemas.errors import Undecodable
from schemas.messages import from_json
from streams.core.errors import Rejected
from streams.core.intake import KINDS

CALLS = {**{kind: kind for kind in KINDS}, **{kind[0]: kind for kind in KINDS}}
"""Last part of a path -> type; the SDK for browsers posts to the initials."""
BATCHES = frozenset({"batch", "import"})
INHERITED = ("context", "integrations", "sentAt")
"""Fields of a batch that its messages have too, unless they say otherwise."""
MOST = 10_000
"""Messages of a batch: 1 MiB could have 349,000, more than Kafka takes while whoever sent them waits."""
LARGEST_SHARE = 32 << 20
"""The most bytes that all messages of a batch inherit together: 1 MiB of body could expand to gigabytes."""
Message = dict[str, Any]


class TooLarge(Rejected):
    """The batch has to be sent in smaller ones."""


def read_body(data: bytes) -> Message:
    """Raises Rejected if it is no JSON object, or nested deeper than the pipeline takes."""
    try:
        return from_json(data, "the body")
    except Undecodable as fault:
        raise Rejected(fault.reason) from None


def messages_of(call: str, body: Message, at: int) -> list[Message]:
    """The messages of a body posted to `call`, received at that instant (ms). Raises Rejected for a malformed batch, or
    TooLarge."""
    if call not in BATCHES:
        return [_received({**body, "type": CALLS[call]}, at)]
    batch = body.get("batch")
    if not isinstance(batch, list) or not all(isinstance(message, dict) for message in batch):
        raise Rejected("batch is no list of objects; expected {\"batch\": [{\"type\": \"track\", …}, …]}")
    if len(batch) > MOST:
        raise TooLarge(f"the batch has {len(batch):,} messages, {MOST:,} are taken at most; send smaller batches")
    common = {name: body[name] for name in INHERITED if name in body}
    share = len(orjson.dumps(common))
    if share * len(batch) > LARGEST_SHARE:
        raise TooLarge(f"the batch is too large: {len(batch):,} messages have {share:,} bytes each of what stands beside "
                       f"them, {LARGEST_SHARE:,} are taken at most; send smaller batches")
    return [_received(_inheriting(common, message), at) for message in batch]


def _inheriting(common: Message, message: Message) -> Message:
    both = {**common, **message}
    for name, value in common.items():
        own = message.get(name)
        if isinstance(value, dict) and isinstance(own, dict):
            both[name] = {**value, **own}
    return both


def _received(message: Message, at: int) -> Message:
    """Stamped. `timestamp` is the sender's clock where `sentAt` is too, and becomes `originalTimestamp`, by which the
    pipeline corrects its skew."""
    message.pop("writeKey", None)
    message["receivedAt"] = at
    if "sentAt" in message and "timestamp" in message:
        said = message.pop("timestamp")
        message.setdefault("originalTimestamp", said)
    return message
