"""After an hour without workers nobody leaves, and nobody is written to, but who would have been anyhow."""
from __future__ import annotations

from collections.abc import Iterable
from random import Random

import orjson
import pytest

from streams.core.values import Json
from streams.runtime.work.alignment import FOREVER, Alignment
from streams.testing import Pipeline
from streams.unit import Inbound
from tests.pipeline.outage import ComingBack

MINUTE = 60_000
HOUR = 60 * MINUTE
PARTITIONS = 4
SHORT, LONG = (3 * MINUTE, 8 * MINUTE), (12 * MINUTE, 25 * MINUTE)
"""Between two events of a person. The window is ten minutes: after none of them is it a matter of seconds."""
DEFINITIONS: dict[str, Json] = {
    "segment/active": {
        "kind": "segment", "id": "active", "rule": {"performed": {"event": "Product Viewed", "within": "10m"}}},
    "campaign/come-back": {
        "kind": "campaign", "id": "come-back", "segment": "active", "trigger": "exited",
        "channels": {"sms": {"text": "Where are you?", "purpose": "sms-marketing"}}},
}


def people(start: int) -> list[Json]:
    """Sixty people, known on three devices each."""
    return [
        {"type": "identify", "messageId": f"i{person}-{device}", "anonymousId": f"c{person}-{device}",
         "userId": f"u{person}", "receivedAt": start, "traits": {"phone": f"+4930901820{person:02}"},
         "context": {"consent": {"purposes": {"sms-marketing": True}}}}
        for person in range(60) for device in range(3)
    ]


def views(random: Random, start: int, until: int) -> list[Json]:
    """What they look at, now on this device, now on that."""
    found = []
    for person in range(60):
        at = start + random.randrange(MINUTE)
        while at < until:
            found.append({
                "type": "track", "event": "Product Viewed", "messageId": f"v{person}-{at}",
                "receivedAt": at, "timestamp": at, "anonymousId": f"c{person}-{random.randrange(3)}"})
            at += random.randrange(*random.choice((SHORT, LONG)))
    return sorted(found, key=lambda view: view["receivedAt"])


def ready(start: int, history: Iterable[Json]) -> Pipeline:
    pipeline = Pipeline(DEFINITIONS, PARTITIONS, start=start)
    pipeline.activate("come-back")
    for message in history:
        pipeline.send(message, at=message["receivedAt"])
    return pipeline


def on_partitions(waiting: Iterable[Json], random: Random) -> list[list[Inbound]]:
    found: list[list[Inbound]] = [[] for _ in range(PARTITIONS)]
    for message in waiting:
        here = found[random.randrange(PARTITIONS)]
        here.append(Inbound("events.hits", 0, len(here), None, orjson.dumps(message), message["receivedAt"]))
    return found


def said(pipeline: Pipeline) -> tuple[list[Json], list[Json]]:
    """Who left by time alone, and who was written to; each with the instant."""
    left = [(min(each.identifiers), each.at) for each in pipeline.memberships if each.cause == "time"]
    return sorted(left), sorted((each.identifier, each.at) for each in pipeline.activations("sms"))


def both(seed: int) -> tuple[tuple[list[Json], list[Json]], tuple[list[Json], list[Json]]]:
    random, start = Random(seed), 100 * HOUR
    history, down = people(start) + views(random, start + 1, start + 80 * MINUTE), start + 20 * MINUTE
    before = [message for message in history if message["receivedAt"] < down]
    during = history[len(before):]
    end = start + 2 * HOUR
    running, stopped = ready(start, before), ready(start, before)
    for message in during:
        running.send(message, at=message["receivedAt"])
    running.advance(to=end)
    ComingBack(stopped, on_partitions(during, random), start + 80 * MINUTE, seed).run(end)
    return said(running), said(stopped)


@pytest.mark.parametrize("seed", range(4))
def test_l8_an_hour_of_waiting_makes_nobody_leave_and_sends_nothing(seed: int) -> None:
    expected, found = both(seed)
    assert len(expected[0]) > 100
    assert found == expected


def test_tasks_that_do_not_wait_for_one_another_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Alignment, "records_until", lambda *_: FOREVER)
    expected, found = both(seed=0)
    assert found != expected
