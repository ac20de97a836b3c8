"""Laws L5 and L8 for a live edit on Kafka: killed, restored from nothing, or moved to another worker in the middle of its
backfill, it tells the difference once, and nothing else.

The answer needs no oracle: everybody has done A, every other one B as well, and all windows are a month.
"""
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams.runtime.outside.definitions_log import edit
from streams.runtime.outside.upstream import Upstream
from streams.task.publishing import revise
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment, Worker, wait_until
from tests.kafka.shop_oracle import Seeing, assert_state_is_changelog, not_by_turns

FACTORY = "tests.kafka.slow_backfill:factory"
PEOPLE = 2_400
ENTRIES = PEOPLE * 2 + PEOPLE // 2
"""Before the edit. A task may see events before the first definitions, which then reach them by a backfill."""
Json = dict[str, Any]
Told = Counter[tuple[str, str, str]]


def did(event: str) -> Json:
    return {"performed": {"event": event, "within": "30d"}}


def segments(**rules: Json) -> Json:
    return {f"segment/{name}": {"kind": "segment", "id": name, "rule": rule} for name, rule in rules.items()}


BEFORE = segments(kept=did("A"), narrowed=did("A"), deleted=did("B"))
AFTER = segments(kept=did("A"), narrowed=did("B"), added={"not": did("B")})


def who(*, did_b: bool) -> list[str]:
    return [f"cookie:c{number}" for number in range(PEOPLE) if (number % 2 == 0) is did_b]


def expected() -> Told:
    """What the life of these definitions has to say, each once."""
    a, b = who(did_b=False), who(did_b=True)
    lines = [(i, name, "entered") for i in a + b for name in ("kept", "narrowed")]
    lines += [(i, "deleted", change) for i in b for change in ("entered", "exited")]
    lines += [(i, "narrowed", "exited") for i in a] + [(i, "added", "entered") for i in a]
    return Counter(lines)


def send(deployment: Deployment, events: str, number: int = PEOPLE) -> None:
    """B for every other person; the names of hits are their own, so that none is a copy."""
    with Upstream(deployment.settings) as upstream:
        for place in range(number):
            for event in events if place % 2 == 0 else events.replace("B", ""):
                message = {"type": "track", "event": event, "anonymousId": f"c{place}", "messageId": f"{event}{place}"}
                upstream.send("events.hits", b"cookie:c%d" % place, json.dumps(message).encode())


def put_in_force(deployment: Deployment, documents: Json) -> None:
    edit(deployment.settings, lambda found: revise(found.heads, documents))


def progress(worker: Worker) -> tuple[bool, int, int]:
    """Whether it builds, profiles rebuilt, and all it has; of a worker that is ready."""
    wait_until(lambda: worker.get("/ready")[0] == 200, within=60, what=f"{worker.name} is ready")
    found = json.loads(worker.get("/?json")[1])["standing"]
    return found["is_building"], found["rebuilt"], found["profiles"]


def in_the_middle(worker: Worker) -> None:
    """Returns while part of the profiles are built and part are not."""

    def is_in_the_middle() -> bool:
        is_building, rebuilt, profiles = progress(worker)
        return is_building and 0 < rebuilt < profiles

    wait_until(is_in_the_middle, within=60, what="the backfill is in its middle")


def killed(deployment: Deployment, one: Worker) -> None:
    for loses_state in (False, True, False):
        in_the_middle(one)
        one.kill()
        if loses_state:
            one.lose_state()
        one.start()


def rebalanced(deployment: Deployment, one: Worker) -> None:
    two = deployment.worker("two")
    in_the_middle(one)
    two.start()
    wait_until(lambda: two.said("Tasks"), within=60, what="two has joined")
    in_the_middle(two)
    assert one.stop() == 0


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("hurt", "instance"), [(killed, "one"), (rebalanced, "")], ids=["killed", "rebalanced"])
def test_l5_l8_a_backfill_tells_the_difference_once(
    broker: Broker, tmp_path: Path, hurt: Callable[[Deployment, Worker], None], instance: str,
) -> None:
    """Who is killed keeps its place in the group: of one without a name the broker would await the end of the session."""
    with Deployment(broker.address, tmp_path, FACTORY) as deployment, Seeing(deployment) as seeing:
        put_in_force(deployment, BEFORE)
        one = deployment.worker("one", AUDIENCE_INSTANCE=instance)
        one.start()
        send(deployment, "AB")
        wait_until(lambda: len(seeing.rows["audiences.changes"]) == ENTRIES, within=60, what="all have entered")
        put_in_force(deployment, AFTER)
        in_the_middle(one)
        send(deployment, "C", PEOPLE // 8)
        hurt(deployment, one)
        last = next(worker for worker in reversed(deployment.workers) if worker.is_running)
        wait_until(lambda: not progress(last)[0], within=90, what="the backfill is over")
        seeing.wait_until_quiet(2)
        rows = seeing.rows["audiences.changes"]
        told = Counter((row["identifiers"][0], row["segment_id"], row["change"]) for row in rows)
        assert told == expected()
        assert not_by_turns(rows, ("profile_id", "segment_id")) == []
        assert last.stop() == 0
        assert_state_is_changelog(deployment)
