"""Everything that tasks write and send while people come and go, in order: a line each, for processes to be compared.

    PYTHONHASHSEED=1 python -m tests.pipeline.written SEED
"""
from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from schemas.codec import Codec
from streams.demo.play import DEFINITIONS
from streams.demo.shop import generate
from streams.task import Task, TaskSettings
from streams.task.outputs import AvroSink
from streams.testing import Pipeline
from streams.unit import Inbound, Outcome
from tests.strategies import COOKIES, DEVICES, EMAILS, EVERYTHING, HOUR, LIMITS_TIGHT, USERS

START = 1_795_000_000_000
MINUTE = 60_000
Message = dict[str, Any]
TIMED: Message = {f"segment/within-{hours}h": {
    "kind": "segment", "id": f"within-{hours}h", "rule": {"performed": {"event": "*", "within": f"{hours}h"}}}
    for hours in (1, 2, 3, 4)}
"""The first event of anybody sets several timed conditions at once."""
RULES = EVERYTHING | TIMED | LIMITS_TIGHT


class Noting(Task):
    """A task that speaks in the schemas of the topics, and whose outcomes are printed."""

    def run(self, batch: list[Inbound], wall: int, timers_until: int) -> Outcome:
        outcome = super().run(batch, wall, timers_until)
        for table, key, value in outcome.changes:
            print(self.partition, table, key, value)
        for sent in outcome.sends:
            print(self.partition, sent.topic, sent.key, sent.value)
        outcome.sends = [sent for sent in outcome.sends if sent.topic == "commands"]
        return outcome


def noting(definitions: Path | Message) -> Pipeline:
    pipeline = Pipeline(None, 4, START)
    for number, store in enumerate(pipeline.stores):
        settings = TaskSettings(profile_key="backtest", view_after=MINUTE)
        pipeline.tasks[number] = Noting(number, 4, store, settings, Codec(), AvroSink(Codec(), "test"))
    pipeline.apply(definitions)
    return pipeline


def shop(seed: int) -> None:
    """The simulated shop."""
    pipeline = noting(DEFINITIONS)
    for sent in generate(1_000, seed, START, MINUTE):
        pipeline.send(sent.value, sent.received_at)
    pipeline.advance(by=MINUTE)


def crowd(seed: int) -> None:
    """A few people who share devices and are taken apart again, suppressed, forgotten and redefined."""
    chance = Random(seed)
    pipeline = noting(RULES)
    for step in steps(chance):
        pipeline.send(step, pipeline.now + chance.choice((0, 1, MINUTE, HOUR)))
        match chance.randrange(40):
            case 0 | 1:
                if held := sorted(max((p.identifiers for p in pipeline.profiles()), key=len)):
                    pipeline.split(held[0], *chance.sample(held, len(held) // 2))
            case 2:
                pipeline.request("suppress", f"email:{chance.choice(EMAILS)}", "asked")
            case 3:
                limits = {"cookie": {"limit": {"at_most": chance.randint(1, 9)}}}
                pipeline.apply(RULES | {"identity/one": LIMITS_TIGHT["identity/one"] | {"namespaces": limits}})
    pipeline.advance(by=400 * 24 * HOUR)


def steps(chance: Random) -> Iterator[Message]:
    for number in range(600):
        context = {"traits": {"email": chance.choice(EMAILS)}} if chance.random() < 0.2 else {}
        context |= {"device": {"id": chance.choice(DEVICES)}} if chance.random() < 0.3 else {}
        context |= {"consent": {"purposes": {"personalised-ads": True, "email-marketing": chance.random() < 0.8}}}
        who = {"anonymousId": chance.choice((*COOKIES, f"new{number}"))}
        who |= {"userId": chance.choice(USERS)} if chance.random() < 0.3 else {}
        event = chance.choice(("Product Added", "Order Completed", "Email Opened"))
        yield {"type": "track", "event": event, "messageId": f"m{number}", "context": context, **who,
               "properties": {"value": chance.randint(0, 3)}}


if __name__ == "__main__":
    shop(int(sys.argv[1]))
    crowd(int(sys.argv[1]))
