"""What the declared stages say they write and keep is what tasks write and keep.

Of all stages together: what is sent to a key of the same partition is handled in the same unit, so that no record of a task
can be laid at the door of one stage. Dead letters excepted: what cannot be read is refused where it comes in.
"""
from __future__ import annotations

from collections.abc import Sequence

import pytest

from schemas.codec import Codec
from streams.memory import MemoryStore
from streams.task import Task, TaskSettings
from streams.testing import Pipeline
from streams.topology import INPUTS, STAGES, TOPICS, Topic
from streams.unit import TABLES, Inbound, Outcome
from tests.strategies import BEGINNING, EVERYTHING, MAIL

HOUR = 3_600_000
TEXTS = {"campaign/texts": {
    "kind": "campaign", "id": "texts", "segment": "carts", "trigger": "entered", "status": "live",
    "channels": {"sms": {"text": "still there?", "purpose": MAIL}}}}
WRITTEN_BY_TASKS = {each.name for each in TOPICS if "pipeline" in each.writers}


class Noting(Task):
    """A task that makes records, and what it has written to since it began."""

    topics: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()

    def run(
        self, batch: Sequence[Inbound], wall: int, timers_until: int, portion: float = 1.0, *, has_turn: bool = True,
    ) -> Outcome:
        outcome = super().run(batch, wall, timers_until, portion, has_turn=has_turn)
        self.topics |= {sent.topic for sent in outcome.sends}
        self.tables |= {change.table for change in outcome.changes}
        outcome.sends = [sent for sent in outcome.sends if sent.topic == "commands"]
        return outcome


def noting() -> tuple[Pipeline, list[Noting]]:
    pipeline, codec = Pipeline(None, 4), Codec()
    tasks = [Noting(number, 4, store, TaskSettings(profile_key="backtest"), codec)
             for number, store in enumerate(pipeline.stores)]
    pipeline.tasks[:] = tasks
    return pipeline, tasks


def test_together_the_stages_write_to_the_topics_and_tables_that_they_declare() -> None:
    pipeline, tasks = noting()
    pipeline.apply(EVERYTHING | TEXTS)
    for number, message in enumerate(BEGINNING):
        pipeline.send({**message, "type": "track", "messageId": f"c{number}"}, number)
    for number in range(3):
        pipeline.send({"type": "identify", "messageId": f"i{number}", "userId": "u1", "traits": {"phone": "+436601234567"}})
        pipeline.send({"type": "track", "event": "Product Added", "messageId": f"m{number}", "userId": "u1"})
        pipeline.advance(by=HOUR)
    pipeline.send(b"{")
    pipeline.ask()
    pipeline.request("erase", "customer_id:u2")
    topics = frozenset[str]().union(*(task.topics for task in tasks))
    assert topics == {name for stage in STAGES for name in stage.writes} == WRITTEN_BY_TASKS
    tables = frozenset[str]().union(*(task.tables for task in tasks))
    assert tables == {name for stage in STAGES for name in stage.tables} == {*TABLES}


@pytest.mark.parametrize("topic", INPUTS, ids=lambda topic: topic.name)
def test_what_cannot_be_read_is_a_dead_letter_and_each_stage_that_reads_the_topic_declares_so(topic: Topic) -> None:
    outcome = Task(0, 1, MemoryStore()).run([Inbound(topic.name, 0, 0, b"k", b"{", 0)], 0, 0)
    assert [sent.topic for sent in outcome.sends] == ["dead-letters"]
    assert [stage.name for stage in STAGES if topic.name in stage.reads and "dead-letters" not in stage.writes] == []
