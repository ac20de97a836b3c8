"""What changed on `audiences.memberships` since given positions, as committed at one moment: the content of a feed file.

Runs the follower of `audience serve` until its copy is complete, into a temporary store: only the newest row of each
identifier counts, there may be many millions, and they come out sorted. A delta has rows for deleted identifiers, as its
receiver has to delete them too.
"""
from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import orjson

from streams.core.errors import Misconfigured
from streams.runtime.kafka.calls import PATIENCE
from streams.runtime.kafka.topics import require_topic
from streams.runtime.memberships.follower import Follower
from streams.runtime.memberships.store import MembershipsStore
from streams.runtime.settings import Settings
from streams.runtime.state.memory import Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """`rows`: JSON `{identifier, segments, at}`, one for each identifier; in a delta `at` is null for the deleted.
    `positions`: where the next delta begins, on the topic with that id. `is_full`: read from the topic's beginning.
    `rejected`: records that were skipped."""

    rows: Iterator[bytes]
    positions: Mapping[int, int]
    topic_id: str
    is_full: bool
    rejected: int


@contextmanager
def changes(
    settings: Settings, folder: Path, positions: Mapping[int, int], topic_id: str, *, wall: int,
) -> Iterator[Changes]:
    """Reads into `folder`, which is emptied before and removed afterwards. From the beginning if there are no `positions`,
    the topic does not have them, or its id is not `topic_id` ("": not known). Misconfigured if there is no broker or topic,
    or it falls silent for a minute; Stop(DISK)."""
    require_topic(settings, "audiences.memberships")
    shutil.rmtree(folder, ignore_errors=True)
    store = MembershipsStore(folder, Memory(settings.memory), wall=wall)
    store.write({}, positions, wall)
    store.note_topic(topic_id)
    failures: list[BaseException] = []
    follower = Follower(
        settings, store, failures.append, lambda identifier: None if follower.is_anew else _row_of_gone(identifier))
    try:
        follower.start()
        try:
            _wait(follower, failures, settings)
        finally:
            follower.stop()
        yield Changes(rows=store.rows(), positions=store.positions(), topic_id=store.topic_id(), is_full=follower.is_anew,
                      rejected=follower.rejected)
    finally:
        store.close()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(follower: Follower, failures: list[BaseException], settings: Settings) -> None:
    seen, deadline = -1, monotonic() + PATIENCE
    while follower.current_as_of is None:
        if failures:
            raise failures[0]
        if follower.records != seen:
            seen, deadline = follower.records, monotonic() + PATIENCE
        if monotonic() > deadline:
            raise Misconfigured((f"audiences.memberships on {settings.broker} could not be read: nothing came for "
                                 f"{PATIENCE:.0f} s; is AUDIENCE_BROKER right, the broker running, AUDIENCE_PREFIX "
                                 "that of the workers?",))
        sleep(0.02)


def _row_of_gone(identifier: str) -> bytes:
    return orjson.dumps({"identifier": identifier, "segments": [], "at": None})
