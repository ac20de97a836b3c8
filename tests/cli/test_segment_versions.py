"""Versions are kept, and any of them can come back: as a new version, telling only the difference."""
from __future__ import annotations

import pytest

from schemas.codec import Codec
from streams.cli.versions import rolled_back, versions_of
from streams.core.errors import Misconfigured
from streams.core.values import Json
from streams.runtime.outside.definitions_log import History
from streams.task.publishing import records, revise
from streams.testing import Pipeline


def within(duration: str, segment: str = "carts", **fields: str) -> dict[str, Json]:
    rule = {"performed": {"event": "Product Added", "within": duration}}
    return {f"segment/{segment}": {"kind": "segment", "id": segment, "rule": rule, **fields}}


class Applied:
    """A topic `definitions` in memory, and a pipeline that reads it."""

    def __init__(self) -> None:
        self.history, self.pipeline, self._codec = History(), Pipeline(partitions=2), Codec()

    def apply(self, documents: dict[str, Json]) -> int:
        return self.publish(revise(self.history.heads, documents))

    def roll_back(self, segment: str = "carts", to: int | None = None) -> int:
        return self.publish(rolled_back(self.history, segment, to))

    def publish(self, changed: dict[str, Json]) -> int:
        if changed:
            forgotten = self.history.outlived(changed)
            for key, record in records(changed, self.history.revision + 1, self.pipeline.now):
                self.history.take(key, self._codec.decode("definition", self._codec.encode("definition", record)))
            for key in forgotten:
                self.history.forget(key)
            self.pipeline._publish(changed)
        return len(changed)

    def told(self) -> list[tuple[str, str, int, str]]:
        found = [(each.change, each.identifiers[0], each.segment_version, each.cause) for each in self.pipeline.memberships]
        self.pipeline.collected.outputs.clear()
        return sorted(found)


@pytest.fixture
def applied() -> Applied:
    """Version 1 holds a day, version 2 two hours; one has added three hours ago, one just now."""
    applied = Applied()
    applied.apply(within("1d"))
    for name, at in (("early", 0), ("late", 10_800_000)):
        applied.pipeline.send({"type": "track", "event": "Product Added", "anonymousId": name, "messageId": name}, at)
    applied.apply(within("2h"))
    applied.told()
    return applied


def test_only_the_difference_is_told_and_the_version_rises(applied: Applied) -> None:
    assert applied.roll_back() == 1
    assert applied.told() == [("entered", "cookie:early", 3, "definition")]
    assert applied.history.heads["segment/carts"].version == 3
    assert applied.pipeline.members("carts") == {"cookie:early", "cookie:late"}


def test_apply_stays_idempotent_after_it(applied: Applied) -> None:
    applied.roll_back(to=1)
    assert applied.apply(within("1d")) == 0
    assert applied.apply(within("2h")) == 1
    assert applied.history.heads["segment/carts"].version == 4
    assert applied.told()[-1] == ("exited", "cookie:early", 4, "definition")


def test_back_to_what_is_in_force_changes_nothing(applied: Applied) -> None:
    assert applied.roll_back(to=2) == 0
    assert applied.told() == []


def test_a_deleted_segment_comes_back(applied: Applied) -> None:
    applied.apply({})
    assert applied.told() == [("exited", "cookie:late", 2, "definition")]
    applied.roll_back()
    assert applied.told() == [("entered", "cookie:late", 3, "definition")]
    applied.roll_back(to=1)
    assert applied.told() == [("entered", "cookie:early", 4, "definition")]


def test_the_history_names_every_version_and_what_is_the_same(applied: Applied) -> None:
    applied.roll_back()
    rows = versions_of(applied.history, "carts")
    assert [(row["version"], row["revision"], row["in_force"], row["same_as"]) for row in rows] == [
        (1, 1, False, None), (2, 2, False, None), (3, 3, True, 1)]
    assert rows[1]["document"]["rule"]["performed"]["within"] == "2h"
    assert rows[1]["applied_at"] == "1970-01-01T03:00:00.000Z"
    applied.apply({})
    assert not any(row["in_force"] for row in versions_of(applied.history, "carts"))


def test_what_there_is_not_is_refused_with_what_there_is(applied: Applied) -> None:
    with pytest.raises(Misconfigured, match="carts has no version 7; kept are: 1, 2"):
        applied.roll_back(to=7)
    with pytest.raises(Misconfigured, match="no segment cart; expected one of carts; did you mean carts"):
        applied.roll_back("cart")
    applied.apply(within("2h") | within("1h", "fresh"))
    with pytest.raises(Misconfigured, match="fresh has no earlier version; kept are: 1"):
        applied.roll_back("fresh")


def test_a_version_that_needs_what_is_gone_is_refused(applied: Applied) -> None:
    uses = {"segment/uses": {"kind": "segment", "id": "uses", "rule": {"in_segment": {"id": "carts"}}}}
    applied.apply(within("2h") | uses)
    applied.apply(within("2h", "uses"))
    with pytest.raises(Misconfigured, match='segment/uses: no segment "carts"'):
        applied.roll_back("uses")
