"""The load for `Counting`, and the answer it must give: written without it, from the events alone."""
from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random

from confluent_kafka import KafkaError, Producer

from tests.kafka.counting import (
    CHANGES,
    COMMANDS,
    DEAD,
    DISPLAY,
    EVERY,
    HITS,
    INTERACTIONS,
    SETS_A_TIMER,
    TELLS_ANOTHER,
    Count,
    other,
    partition_of,
)
from tests.kafka.deployment import Deployment
from tests.kafka.observed import State, View, stored

KEYS = 1_000
POISON = b"this is no event"
OUTPUTS = (CHANGES, DISPLAY, COMMANDS, DEAD)


@dataclass(slots=True)
class Answer:
    """What must come out of the events sent so far, whatever was killed."""

    counts: dict[bytes, Count] = field(default_factory=lambda: defaultdict(Count))
    outputs: dict[str, Counter[tuple[bytes, bytes]]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, key: bytes, number: int, amount: int) -> None:
        count = self.counts[key]
        count.hits += 1
        count.total += amount
        if count.hits % EVERY == 0:
            self.outputs[CHANGES][key, b"%d" % count.hits] += 1
        if number % TELLS_ANOTHER == 0:
            to = other(key, number, KEYS)
            self.counts[to].told += 1
            self.outputs[COMMANDS][to, b'{"id": %d, "n": 0}' % number] += 1
        if number % SETS_A_TIMER == 0:
            count.fired += 1
            self.outputs[DISPLAY][key, b"%d" % number] += 1

    def refuse(self, key: bytes) -> None:
        self.outputs[DEAD][key, POISON] += 1

    @property
    def state(self) -> State:
        return {("profiles", key): count.encode() for key, count in self.counts.items()}


class Shop:
    """Sends events in the background, some of them poison."""

    def __init__(self, deployment: Deployment, seed: int) -> None:
        self.answer = Answer()
        self.sent = 0
        self.poison_only = False
        self._deployment = deployment
        self._random = Random(seed)
        # The job counts every record, so a broker that dies between write and answer must not get one twice.
        self._producer = Producer(
            {
                "bootstrap.servers": deployment.settings.broker,
                "enable.idempotence": True,
                "linger.ms": 5,
                "log_level": 0,
            }
        )
        self._lost: list[str] = []
        self._is_closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, rate: float) -> None:
        """Sends about so many events a second until `close`."""
        self._thread = threading.Thread(target=self._sell, args=(rate,), daemon=True)
        self._thread.start()

    def close(self, at_least: int = 0) -> None:
        """Sends what is missing to that many, and ends."""
        self._is_closing.set()
        if self._thread is not None:
            self._thread.join()
        self.send(max(0, at_least - self.sent))

    def send(self, count: int) -> None:
        """So many events, as fast as it goes; one that does not arrive fails the test here, not as a wrong answer."""
        for _ in range(count):
            self._send_one()
            self._producer.poll(0)
        assert self._producer.flush(60) == 0
        assert not self._lost, self._lost

    def _sell(self, rate: float) -> None:
        while not self._is_closing.is_set():
            self.send(max(1, int(rate / 20)))
            time.sleep(0.05)

    def _send_one(self) -> None:
        self.sent += 1
        number, key = self.sent, b"k%d" % self._random.randrange(KEYS)
        topic = HITS if self._random.random() < 0.8 else INTERACTIONS
        if self.poison_only or self._random.random() < 0.003:
            value = POISON
            self.answer.refuse(key)
        else:
            amount = number % 7
            value = b'{"id": %d, "n": %d}' % (number, amount)
            self.answer.add(key, number, amount)
        partitions = self._deployment.settings.partitions
        self._produce(self._deployment.names.on_cluster(topic), value, key, partition_of(key, partitions))

    def _delivered(self, error: KafkaError | None, _message: object) -> None:
        if error is not None:
            self._lost.append(str(error))

    def _produce(self, topic: str, value: bytes, key: bytes, partition: int) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, partition=partition, on_delivery=self._delivered)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return


def assert_exact(deployment: Deployment, answer: Answer, within: float = 60) -> None:
    """Topics and changelog become the answer and stay it; then all workers are stopped, and so is what they stored."""
    assert_settles(deployment, answer, within)
    for worker in deployment.workers:
        if worker.is_running:
            assert worker.stop() == 0
    assert stored(deployment, [worker.data for worker in deployment.workers]) == answer.state


def assert_settles(deployment: Deployment, answer: Answer, within: float = 60) -> None:
    """Topics and changelog become the answer and stay it, with whoever starts workers again where one ends."""
    view = View(deployment, OUTPUTS)
    deadline = time.monotonic() + within
    while _differences(view, answer) and time.monotonic() < deadline:
        view.refresh()
    while view.refresh():
        pass
    differences = _differences(view, answer)
    assert not differences, "\n".join(differences + [worker.last_words() for worker in deployment.workers])


def _differences(view: View, answer: Answer) -> list[str]:
    found = [
        f"{topic}: missing {list((wanted - seen).items())[:3]}, too many {list((seen - wanted).items())[:3]}"
        for topic in OUTPUTS
        if (seen := Counter(view.records[topic])) != (wanted := answer.outputs[topic])
    ]
    wrong = [key for key in answer.state.keys() | view.state.keys() if answer.state.get(key) != view.state.get(key)]
    return found + [f"state: {key} is {view.state.get(key)!r}, not {answer.state.get(key)!r}" for key in wrong[:3]]
