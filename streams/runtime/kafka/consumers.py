"""How we read topics: committed records only, from the first one that is left, and without committing offsets by itself."""
from __future__ import annotations

from typing import Any

from confluent_kafka import Message

from streams.runtime.exits import Exit, Stop
from streams.runtime.kafka.errors import in_words, is_end, is_passing
from streams.runtime.settings import Settings


def ignore(_: object) -> None:
    """As `error_cb`: connections come back by themselves, and what cannot succeed is reported where it was asked for."""


def committed_only(settings: Settings, group: str) -> dict[str, Any]:
    """Options of a consumer. librdkafka demands the name of a group even of one that joins none."""
    return {
        "bootstrap.servers": settings.broker, "group.id": group, "isolation.level": "read_committed",
        "enable.auto.commit": False, "auto.offset.reset": "earliest", "log_level": 0, "error_cb": ignore}


def onlooker(settings: Settings, group: str) -> dict[str, Any]:
    """Options of a consumer that never joins the group, only asks what it has committed. Read uncommitted, as the answer
    would otherwise wait for open transactions.

    Not an AdminClient: in librdkafka 2.16 its `list_consumer_group_offsets` crashes the process (SIGSEGV) once the group's
    coordinator has moved, because an AdminClient has no group of its own to look up."""
    return committed_only(settings, group) | {"isolation.level": "read_uncommitted"}


def at_end(message: Message) -> bool:
    """For something polled that is no record: True if its partition was read to the end, False for an error that passes by
    itself. Stop if the topic cannot be read."""
    error = message.error()
    assert error is not None, "not of a record"
    if is_end(error):
        return True
    if is_passing(error):
        return False
    raise Stop(Exit.BROKER, f"{message.topic()}[{message.partition()}] cannot be read: {in_words(error)}")
