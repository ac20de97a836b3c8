"""Brings a store up to the end of its changelog, in bulk.

Called after fencing, so the end stands still: the former owner's last transaction is settled, and nobody else may begin
one. Records go straight from librdkafka into WriteBatches, thousands at a time; Faust's own recovery, with a Python message
for each, does 4,000 records/s.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from streams.runtime.exits import Exit, Stop
from streams.runtime.kafka.calls import CALL, persistently
from streams.runtime.kafka.consumers import at_end
from streams.runtime.state.changelog import NAMES
from streams.runtime.state.marks import begin_anew
from streams.runtime.state.store import TaskStore
from streams.unit import Change

CHUNK = 2_000
"""Records in a WriteBatch. More are not faster, and each task of a worker has them in memory three times over."""
WAIT = 0.03
"""Seconds `consume` may wait to fill a chunk; it is spent once at every end, by every task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreProgress:
    """How far a restore is, as offsets of the changelog."""

    position: int
    end: int


class Superseded(Exception):
    """The restore was called off: the partition may belong to somebody else by now."""


def restore(
    store: TaskStore, consumer: Consumer, changelog: TopicPartition, *, wall: Callable[[], int],
    is_called_off: Callable[[], bool], report: Callable[[RestoreProgress], None],
) -> int:
    """Replays the changelog from the store's position to its end; returns the number of records.

    `consumer` is read_committed, with PARTITION_EOF events, and used by nobody else meanwhile. Until the end is reached the
    store is not marked as more current: what is missing may hold tombstones.
    """
    first, end = persistently("changelog", lambda: consumer.get_watermark_offsets(changelog, timeout=CALL))
    if store.position > end:
        raise Stop(Exit.STATE, _shorter(store, changelog, end))
    if 0 < store.position < first:
        begin_anew(store)
    current_at = store.current_at if store.position else wall()
    consumer.assign([TopicPartition(changelog.topic, changelog.partition, max(store.position, first))])
    count, is_at_end = 0, False
    while not is_at_end:
        if is_called_off():
            raise Superseded
        changes, position, is_at_end = _read(consumer)
        if position is not None:
            store.write(changes, position, wall() if is_at_end else current_at)
            count += len(changes)
            report(RestoreProgress(position=position, end=max(end, position)))
    consumer.unassign()
    return count


def _read(consumer: Consumer) -> tuple[list[Change], int | None, bool]:
    """Changes, the offset behind them (None: nothing came), and whether that is the end."""
    changes: list[Change] = []
    append, names = changes.append, NAMES
    position, is_at_end = None, False
    message: Any
    for message in consumer.consume(CHUNK, WAIT):
        if message.error() is not None:
            if at_end(message):
                position, is_at_end = message.offset(), True
            continue
        key = message.key()
        append(Change(names[key[0]], key[1:], message.value()))
        position = message.offset() + 1
    return changes, position, is_at_end


def _shorter(store: TaskStore, changelog: TopicPartition, end: int) -> str:
    return (f"The state in {store.folder} is at position {store.position} of {changelog.topic}"
            f"[{changelog.partition}], which ends at {end}: was the topic deleted or the cluster replaced? Bring "
            "the topic back; or delete the folder and choose another AUDIENCE_APP, which rebuilds all state from "
            "the source topics")
