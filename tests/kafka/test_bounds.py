"""Laws L8 and L10: what the bound of a profile takes away is what it takes in an undisturbed run, and is told once, though
the disk fills up meanwhile, and the worker is killed, half of the times with its state lost.

Everything sent is large: what `Pipeline` keeps of a row beside values differs by a few bytes, which must decide nothing.
"""
from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from streams.core.profile import Profile
from streams.runtime.clock import wall_ms
from streams.runtime.exits import Exit
from streams.runtime.outside.definitions_log import edit
from streams.runtime.outside.state_reader import read_state
from streams.runtime.outside.upstream import Upstream
from streams.task.publishing import revise
from streams.task.rows import PROFILE
from streams.task.settings import DEVELOPMENT_KEY
from streams.testing import Pipeline
from streams.unit import Store
from tests.kafka.conftest import Broker
from tests.kafka.crowd import wait_until_handled
from tests.kafka.deployment import Deployment, Worker
from tests.kafka.faults import FaultPlan, makes_progress
from tests.kafka.shop_oracle import Seeing, assert_state_is_changelog
from tests.kafka.small_profiles import make_small

SEED = int(os.environ.get("FAULT_SEED", "0")) or int(time.time())
PEOPLE, A_ROUND, KILLS = 12, 480, int(os.environ.get("FAULT_KILLS", "2"))
LONG = "x" * 900
RULES = {
    "segment/essayists": {"kind": "segment", "id": "essayists", "rule": {"trait": {"name": "essay", "exists": True}}},
    "computed-trait/words": {
        "kind": "computed-trait", "id": "words", "function": "distinct", "event": "A", "property": "word"}}
Message = dict[str, Any]


def message(number: int) -> Message:
    """One person after the other says what the round is about, and every one of them more than is kept."""
    round_of, now = number // PEOPLE, wall_ms()
    said: Message = {"type": "identify", "traits": {f"t{round_of}": LONG}}
    match round_of % 10:
        case 0:
            said = {"type": "identify", "traits": {"essay": LONG * 3}}
        case 1:
            said = {"type": "track", "event": "A", "properties": {"word": LONG + str(round_of)}}
        case 2:
            purposes = {f"p{round_of}-{n}-{LONG}": n % 2 == 0 for n in range(3)}
            said = {"type": "page", "context": {"consent": {"purposes": purposes}}}
    return {"anonymousId": f"c{number % PEOPLE}", "messageId": f"m{number}", "timestamp": now, "receivedAt": now, **said}


def kept(stores: Iterable[Store]) -> Any:
    """Of every profile, its key first; without the numbers of arrivals, which are a task's own."""
    rows = {key: PROFILE.decode(data) for store in stores for key, data in store.scan("profiles", b"\x01", b"\xff", 1 << 30)}
    return {key: [row.members, *(_plain([each.events, each.traits, each.consent, each.leaves, each.superseded])
                                 for each in row.fragments.values())]
            for key, row in rows.items() if isinstance(row, Profile)}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return 0 if isinstance(value, int) and value > 10**14 else value


def hurt(deployment: Deployment, worker: Worker, upstream: Upstream) -> list[Message]:
    """What was sent while the disk was full, and before and after each kill."""
    sent: list[Message] = []

    def send_a_round() -> None:
        for number in range(len(sent), len(sent) + A_ROUND):
            sent.append(message(number))
            upstream.send("events.hits", f"cookie:c{number % PEOPLE}".encode(), json.dumps(sent[-1]).encode())

    send_a_round()
    assert worker.wait(60) == Exit.DISK
    worker.start()
    for kill in FaultPlan(SEED).kills(KILLS):
        send_a_round()
        makes_progress(deployment)
        time.sleep(kill.after / 2)
        worker.kill()
        if kill.loses_state:
            worker.lose_state()
        worker.start()
    send_a_round()
    return sent


@pytest.mark.timeout(180)
def test_l8_l10_a_bound_takes_the_same_whatever_is_killed(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_small(monkeypatch.setattr)
    with (
        Deployment(broker.address, tmp_path, "tests.kafka.small_profiles:factory") as deployment,
        Seeing(deployment) as seeing, Upstream(deployment.settings) as upstream,
    ):
        worker = deployment.worker("one", AUDIENCE_INSTANCE="one")
        edit(deployment.settings, lambda found: revise(found.heads, RULES))
        worker.start(largest_file=100_000)
        wait_until_handled(deployment)  # so that the rules are in force everywhere
        sent = hurt(deployment, worker, upstream)
        wait_until_handled(deployment)
        seeing.wait_until_quiet(1.5)
        pipeline = Pipeline(RULES, deployment.settings.partitions, profile_key=DEVELOPMENT_KEY)
        for each in sent:
            pipeline.send(each, each["receivedAt"])
        assert kept(read_state(deployment.settings, number) for number in range(4)) == kept(pipeline.stores)
        letters = [(row["stage"], row["reason"], row["key"]) for row in seeing.rows["dead-letters"]]
        assert Counter(letters) == Counter(("bounds", reason, record.key) for record, reason in pipeline.rejected)
        told = [(row["profile_id"], row["change"], row["sequence"]) for row in seeing.rows["audiences.changes"]]
        assert Counter(told) == Counter((each.profile_id, each.change, each.sequence) for each in pipeline.memberships)
        assert len(letters) > PEOPLE and len(told) > PEOPLE
        assert worker.stop() == 0
        assert_state_is_changelog(deployment)
