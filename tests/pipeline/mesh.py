"""Tasks with messages in flight: what Kafka may do to the order, and nothing that it may not.

Records from one sender to one receiver stay in order, everything else is up to chance: which task gets a turn, how
many records it takes, what is handed in meanwhile. `Pipeline` drains every message before the next; this is its
opposite. A crash throws a task away with the unit of work it did not commit, and begins anew over its store.
"""
from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

import orjson

from schemas.codec import Codec
from streams.core.consent.merging import ANNOUNCED
from streams.core.outputs import Output
from streams.core.profile import Profile
from streams.pipeline import NO_TIMERS, Pipeline
from streams.task import Task, TaskSettings
from streams.task.outputs import Collected
from streams.task.publishing import records, revise
from streams.task.requesting import request
from streams.unit import Inbound, Outcome

OUTSIDE = -1
LITTLE = 0.01
"""The portion of timers and background work that every other task does at once: as good as one by one."""
REQUESTS = frozenset({"split", "erase", "suppress", "unsuppress"})


class Mesh:
    """The tasks of a pipeline, each turn of which is chosen by `random`.

    crashes, timers: how likely a turn is to be lost before its commit, and to fire what is due, whatever still flies."""

    def __init__(self, pipeline: Pipeline, random: Random, crashes: float = 0.0, timers: float = 0.0) -> None:
        self.pipeline, self._random, self._crashes, self._timers = pipeline, random, crashes, timers
        self._flying: dict[tuple[int, int], deque[Inbound]] = defaultdict(deque)
        self._offset = 0
        self._codec = Codec()
        self.outputs: list[tuple[int, Output]] = []
        self._collected = [Collected() for _ in pipeline.tasks]
        for number in range(len(pipeline.tasks)):
            self._begin(number)

    def run(self, history: Iterable[Mapping[str, Any]], most_in_flight: int = 6) -> Mesh:
        """Hand in messages, requests (`type` is the action) and edits (`type: edit`), a few at a time, and let it come to
        rest."""
        for message in history:
            self._hand_in(message)
            while sum(map(len, self._flying.values())) > most_in_flight:
                self._turn()
        while any(self._flying.values()) or any(task.busy() for task in self.pipeline.tasks):
            self._turn()
        self.pipeline.advance(by=0)
        for number in range(len(self._collected)):
            self._said(number)
        return self

    def _hand_in(self, message: Mapping[str, Any]) -> None:
        self.pipeline.now = max(self.pipeline.now, message["receivedAt"])
        if message["type"] == "edit":
            self._edit(message["documents"])
            return
        receiver = self._random.randrange(len(self.pipeline.tasks))
        self._offset += 1
        topic, value = "events.hits", orjson.dumps(message)
        if message["type"] in REQUESTS:
            topic, value = "privacy.requests", self._codec.encode("privacy_request", request(
                message["type"], message["identifier"], request_id=message.get("messageId", f"split-{self._offset}"),
                source="mesh", at=self.pipeline.now, split_off=message.get("split_off", ())))
        self._flying[OUTSIDE, receiver].append(
            Inbound(topic, receiver, self._offset, None, value, self.pipeline.now))

    def _edit(self, documents: Mapping[str, Any]) -> None:
        """A revision on its way to the first task, which hands it on."""
        pipeline = self.pipeline
        changed = revise(pipeline._standing, documents)
        pipeline._standing |= changed
        pipeline._revision += 1
        for key, record in records(changed, pipeline._revision, pipeline.now):
            self._offset += 1
            value = self._codec.encode("definition", record)
            self._flying[OUTSIDE, 0].append(Inbound("definitions", 0, self._offset, key.encode(), value, pipeline.now))

    def _turn(self) -> None:
        """One unit of work of a task with waiting records, or of one with a backfill to go on with; chance may have it crash
        before its commit."""
        idle = [number for number, task in enumerate(self.pipeline.tasks) if task.busy()]
        ways = [*(way for way, flying in self._flying.items() if flying), *((OUTSIDE, number) for number in idle)]
        sender, receiver = self._random.choice(ways)
        flying = self._flying[sender, receiver]
        is_idle = receiver in idle and self._random.random() < 0.3
        batch = [] if is_idle or not flying else [
            flying.popleft() for _ in range(self._random.randint(1, len(flying)))]
        while self._random.random() < self._crashes:
            self._work(receiver, batch)
            self._begin(receiver)
        self._commit(receiver, self._work(receiver, batch))

    def _work(self, number: int, batch: list[Inbound]) -> Outcome:
        fires = self._timers and self._random.random() < self._timers
        timers_until = self.pipeline.now - 1 if fires else NO_TIMERS
        return self.pipeline.tasks[number].run(batch, self.pipeline.now, timers_until, LITTLE if number % 2 else 1.0)

    def _begin(self, number: int) -> None:
        """A task anew over what is committed: what it said without a commit was never said."""
        self._collected[number] = Collected()
        settings = TaskSettings(profile_key="backtest", view_after=None)
        pipeline = self.pipeline
        pipeline.tasks[number] = Task(
            number, len(pipeline.tasks), pipeline.stores[number], settings, sink=self._collected[number])

    def _commit(self, number: int, outcome: Outcome) -> None:
        self.pipeline.stores[number].write(outcome.changes)
        self._said(number)
        for sent in outcome.sends:
            assert sent.partition is not None
            self._offset += 1
            self._flying[number, sent.partition].append(Inbound(
                sent.topic, sent.partition, self._offset, sent.key, sent.value, self.pipeline.now))

    def _said(self, number: int) -> None:
        self.outputs += [(number, output) for output in self._collected[number].outputs]
        self._collected[number].outputs.clear()


def unsettled(pipeline: Pipeline) -> list[str]:
    """What should not be there once everything has come to rest."""
    found: list[str] = []
    decided = {key[1:].decode() for store in pipeline.stores for key in store.keys("identities") if key[:1] == b"i"}
    for task, store in zip(pipeline.tasks, pipeline.stores, strict=True):
        for key in store.keys("profiles"):
            row = task.state.profiles.get(key.decode())
            if isinstance(row, Profile) and row.handovers:
                found.append(f"{row.key} waits for {row.handovers}")
            if isinstance(row, Profile) and any(purpose.startswith(ANNOUNCED) for purpose in row.restrained):
                found.append(f"{row.key} waits for a denial")
        for key in store.keys("pointers"):
            if b"\x00seen" not in key:
                pointer = task.state.pointers.get(key.decode())
                if pointer is not None and not pointer.owners and key.decode() in decided:
                    found.append(f"{key.decode()} is undecided")
    return found
