"""The topic `definitions` from the outside: what is in it, and how a revision gets in, in one transaction.

All of it is on partition 0, so that revisions have one order; the task that reads it hands each on to all others.
"""
from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from schemas.errors import Undecodable
from streams.core.errors import Misconfigured
from streams.core.press import Pressed
from streams.definitions.lists import is_part, parts_of
from streams.runtime.clock import wall_ms
from streams.runtime.kafka.errors import error_of, in_words, is_fenced
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.registry import codec_of
from streams.runtime.kafka.topics import check_topics
from streams.runtime.outside.reading import committed
from streams.runtime.settings import Settings
from streams.task.publishing import HEAD, Published, check_sizes, document_of, records
from streams.topology import topic

PATIENCE = 15.0
"""Seconds for a broker to begin, and to commit, the transaction of a revision."""
ATTEMPTS = 10
"""How often an edit is begun while others come in between."""
PAUSE = 1.0
"""The most seconds before the second attempt; more before each further one, so that each editor gets its turn."""
ROOM = 0.1
"""Seconds between two looks whether a full producer has room."""
SILENT = logging.getLogger(f"{__name__}.librdkafka")
"""What goes wrong is raised; librdkafka would write it to stderr as well."""
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False
LISTS_KEPT = 3
"""Versions of a definition whose long lists are kept; older ones are kept without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a definition as it was applied, at that instant (ms) with that revision."""

    version: int
    revision: int
    at: int
    document: Any


@dataclass(slots=True, kw_only=True)
class History:
    """All that stands in the topic: heads and versions by `kind/id`, versions ascending; the last revision."""

    heads: dict[str, Published] = field(default_factory=dict)
    versions: dict[str, dict[int, Version]] = field(default_factory=dict)
    revision: int = 0

    @property
    def documents(self) -> dict[str, Any]:
        """The documents of all definitions that are not deleted."""
        return {key: head.document for key, head in self.heads.items() if head.document is not None}

    def heads_of(self, kind: str) -> dict[str, Published]:
        """By id, including those that were deleted."""
        return {key.partition("/")[2]: head for key, head in sorted(self.heads.items()) if key.startswith(f"{kind}/")}

    def take(self, key: str, row: Mapping[str, Any]) -> None:
        """Take in one record of the topic, in the order of the topic."""
        name, at_version, _ = key.partition("@")
        document = document_of(row)
        if row["kind"] == HEAD:
            self.revision = row["revision"]
        elif at_version and document is not None:
            self.versions.setdefault(name, {})[row["version"]] = Version(
                version=row["version"], revision=row["revision"], at=row["at"], document=document)
        elif not at_version:
            press = Pressed(**row["press"]) if row["press"] else None
            self.heads[name] = Published(document=document, version=row["version"], state=row["state"], press=press)

    def forget(self, key: str) -> None:
        """A record without value: that version is no longer kept."""
        name, _, version = key.partition("@")
        if version.isdecimal():
            self.versions.get(name, {}).pop(int(version), None)

    def outlived(self, changed: Mapping[str, Published]) -> list[str]:
        """Keys of the parts of lists that this revision makes superfluous: afterwards no definition names them, nor any of
        its newest `LISTS_KEPT` versions. Otherwise a list that changes every day would grow the topic for ever."""
        heads = self.heads | dict(changed)
        named = {part for head in heads.values() if head.document is not None for part in parts_of(head.document)}
        for key, versions in self.versions.items():
            newest = sorted(versions)[-LISTS_KEPT:] if not is_part(key) else ()
            named.update(part for number in newest for part in parts_of(versions[number].document))
        return [f"{key}@{number}" for key, versions in self.versions.items() if is_part(key) and key not in named
                for number in versions]


def history(settings: Settings) -> History:
    """Every definition and every version of it, but for what is none, of which the pipeline has a dead letter. Misconfigured
    if no broker answers or topics are not as they should be."""
    check_topics(settings)
    found, codec = History(), codec_of(settings)
    for message in committed(settings, Names(settings).on_cluster("definitions"), [0]):
        key, value = message.key(), message.value()
        if key is not None and value is None:
            found.forget(key.decode(errors="replace"))
        elif key is not None and value is not None:
            try:
                found.take(key.decode(errors="replace"), codec.decode("definition", value))
            except Undecodable as fault:
                if fault.is_of_newer:
                    raise
    return found


Edit = Callable[[History], Mapping[str, Published]]
"""What is to be written, given the definitions in force."""


def edit(settings: Settings, change: Edit) -> tuple[History, Mapping[str, Published]]:
    """Writes what `change` returns as one revision, all of it or nothing, in force as of now: waiting records with an older
    time are handled before it. Returns what was there before and what was written, which may be nothing.

    Kafka lets one editor in at a time. A later one ends an edit that is under way or was killed, and the earlier editor
    begins anew with what is there then. So `change` may be called again, and nobody overwrites what they have not read.
    Misconfigured if it cannot be written, or if others came in between again and again.
    """
    check_topics(settings)
    for attempt in range(ATTEMPTS):
        producer = Producer({
            "bootstrap.servers": settings.broker, "transactional.id": f"{settings.application}-definitions",
            "transaction.timeout.ms": 60_000, "message.max.bytes": topic("definitions").max_bytes, "log_level": 0,
        }, logger=SILENT)
        try:
            producer.init_transactions(PATIENCE)
            found = history(settings)
            if changed := change(found):
                check_sizes(changed)
                _write(settings, producer, found, changed)
            return found, changed
        except KafkaException as fault:
            if not _is_overtaken(error_of(fault)):
                raise Misconfigured((f"the revision was not written to {settings.broker}: {in_words(error_of(fault))}; see "
                                     "that its brokers run, and try again",)) from fault
        time.sleep(random.uniform(0, PAUSE * (1 + attempt)))
    raise Misconfigured(("others changed definitions all the time, so that nothing was written; try again",))


def _write(settings: Settings, producer: Producer, found: History, changed: Mapping[str, Published]) -> None:
    """Misconfigured where it is not known whether it is written."""
    name, codec = Names(settings).on_cluster("definitions"), codec_of(settings)
    producer.begin_transaction()
    for key, record in records(changed, found.revision + 1, wall_ms()):
        _put(producer, name, key, codec.encode("definition", record))
    for key in found.outlived(changed):
        _put(producer, name, key, None)
    try:
        producer.commit_transaction(PATIENCE)
    except KafkaException as fault:
        if _is_overtaken(error_of(fault)):
            raise
        raise Misconfigured((
            f"{settings.broker} did not say whether it has the revision: {in_words(error_of(fault))}; give the command "
            "again, it changes nothing if all is as it says",)) from fault


def _put(producer: Producer, name: str, key: str, value: bytes | None) -> None:
    """Waits where the producer holds all that it may: a revision of 50,000 definitions is more."""
    while True:
        try:
            return producer.produce(name, value, key.encode(), partition=0)
        except BufferError:
            producer.poll(ROOM)


def _is_overtaken(error: KafkaError) -> bool:
    """By another editor. Kafka 4 answers UNKNOWN to a commit that meets the other's beginning, and does not commit it."""
    return is_fenced(error) or error.txn_requires_abort()
