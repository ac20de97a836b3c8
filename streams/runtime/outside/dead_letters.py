"""Dead letters from the outside: what stands on the topic, and which of them would be accepted today."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import orjson

from schemas.errors import Undecodable
from streams.core.errors import Rejected
from streams.core.identifiers import Namespaces
from streams.core.intake import Intake, received
from streams.definitions import build
from streams.definitions.phones import phone_number
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.registry import codec_of
from streams.runtime.kafka.topics import check_topics
from streams.runtime.outside.definitions_log import history
from streams.runtime.outside.reading import committed
from streams.runtime.settings import Settings
from streams.task.reading import EVENT_TOPICS


class Letter(NamedTuple):
    """One dead letter. id: its place, PARTITION:OFFSET of `dead-letters`. topic, partition, offset: where the record came
    from, offset -1 for what was on no topic. at: epoch ms. key, value and headers are the record's, as they came."""

    id: str
    at: int
    reason: str
    stage: str
    version: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def dead_letters(settings: Settings) -> Iterator[Letter]:
    """As committed now, those of one key in order. Misconfigured where the broker or the topic cannot be had."""
    check_topics(settings)
    codec = codec_of(settings)
    for message in committed(settings, Names(settings).on_cluster("dead-letters"), range(settings.partitions)):
        row = codec.decode("dead_letter", message.value() or b"")
        headers = tuple((header["name"], header["value"]) for header in row.pop("headers"))
        yield Letter(id=f"{message.partition()}:{message.offset()}", headers=headers, **row)


def by_rules_in_force(settings: Settings) -> Callable[[Letter], bytes]:
    """Makes a function that reads a letter as a task would read it now, and returns the message to send, received when it
    first was. The function raises Rejected, with today's reason, if it would be a dead letter again or is no event."""
    definitions = build(history(settings).documents, 0, {})
    intake = Intake(Namespaces(definitions.namespaces, definitions.caps), phone_number)
    codec = codec_of(settings)

    def read(letter: Letter) -> bytes:
        if letter.topic not in EVENT_TOPICS or letter.offset < 0 or letter.value is None:
            raise Rejected(f"no event, but a record of {letter.topic}" if letter.value else "no bytes of it were kept")
        try:
            message = codec.decode_event(letter.value)
        except Undecodable as fault:
            raise Rejected(str(fault)) from fault
        at = received(message, letter.at)
        intake.read(message, letter.value, at, 0)
        return letter.value if "receivedAt" in message else orjson.dumps({**message, "receivedAt": at})

    return read
