"""Looking for what must not be there: a byte search over everything that tasks keep and compacted topics hold."""
from __future__ import annotations

import re
from collections.abc import Iterable

from schemas.codec import Codec
from streams.core.outputs import MembershipsNow, Output, ProfileGone, ProfileSeen
from streams.task.outputs import AvroSink
from streams.testing import Pipeline
from streams.topology import topic
from streams.unit import TABLES

DAY = 86_400_000
STATED = 9 * DAY
"""After which nothing of an erased identifier is left (README): a week for what is under way, two days for the walk."""


def found_in(rows: Iterable[tuple[str, bytes, bytes]], values: Iterable[str]) -> list[tuple[str, bytes, bytes]]:
    """The rows (place, key, value) in which one of the values stands, in any case, as itself or between quotes."""
    sought = re.compile(b"|".join(re.escape(value.encode()) for value in values), re.IGNORECASE)
    return [(place, key, row) for place, key, row in rows if sought.search(key) or sought.search(row)]


def kept(pipeline: Pipeline, outputs: Iterable[Output] | None = None) -> list[tuple[str, bytes, bytes]]:
    """Every row of every table, and the newest record of every key on compacted topics, as `outputs` say."""
    rows = [(table, key, row) for store in pipeline.stores for table in TABLES
            for key, row in store.scan(table, b"", b"\xff\xff", 1 << 30)]
    newest = {}
    said = [o for o in outputs or pipeline.collected.outputs if isinstance(o, MembershipsNow | ProfileGone | ProfileSeen)]
    for record in AvroSink(Codec(), "test").records(said, pipeline.plan, pipeline.now):
        assert topic(record.topic).compacted
        newest[record.topic, record.key] = record.value
    return rows + [(place, key, value) for (place, key), value in newest.items() if value is not None]


def assert_end_is_told(pipeline: Pipeline, who: Iterable[str], said: Iterable[Output]) -> None:
    """That these identifiers, all of one person, have just left audiences and look-ups, and that their profile is gone:
    `said` is what its end gave."""
    named = set(who)
    out = {(a.identifier, a.change) for a in pipeline.activations("display") if a.at == pipeline.now}
    assert out == {(identifier, "exited") for identifier in named if not identifier.startswith("customer_id:")}
    records = {o.identifier: o.segments for o in pipeline.collected.outputs if isinstance(o, MembershipsNow)}
    assert records == dict.fromkeys(named)
    assert sum(isinstance(o, ProfileGone) for o in said) == 1
