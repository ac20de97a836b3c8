"""The audit log from the outside: every line of `identity.changes` that its retention has left.

Lines are keyed by profile, and the question is whose profile an identifier was: so all of the topic is read, the decisions
of the last 90 days.
"""
from __future__ import annotations

from collections.abc import Iterator

from streams.core.outputs import IdentityChanged
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.registry import codec_of
from streams.runtime.kafka.topics import check_topics
from streams.runtime.outside.reading import committed
from streams.runtime.settings import Settings


def identity_changes(settings: Settings) -> Iterator[IdentityChanged]:
    """Lines as committed now, those of each profile in order. Misconfigured where the broker or the topic cannot be had."""
    check_topics(settings)
    codec = codec_of(settings)
    for message in committed(settings, Names(settings).on_cluster("identity.changes"), range(settings.partitions)):
        value = message.value()
        if value is not None:
            row = codec.decode("identity_change", value)
            yield IdentityChanged(**row | {"event_id": row["event_id"] or "", "reason": row["reason"] or ""})
