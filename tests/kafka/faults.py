"""Faults at random points, from a seed that is printed, so that a failure can be played again."""
from __future__ import annotations

import random
import time
from dataclasses import dataclass

from streams.runtime.outside.observer import Watcher
from tests.kafka.deployment import Deployment, Worker, wait_until

TAKES_OVER_WITHIN = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """kill -9 this long after the worker was seen to make progress."""

    after: float
    loses_state: bool


class FaultPlan:
    """What happens to a deployment. Everything random comes from the seed."""

    def __init__(self, seed: int) -> None:
        print(f"FaultPlan seed {seed}")
        self.random = random.Random(seed)

    def kills(self, count: int) -> list[Kill]:
        """`count` kills, half of them with the state deleted."""
        loses = [number % 2 == 0 for number in range(count)]
        self.random.shuffle(loses)
        return [Kill(after=self.random.uniform(0, 1.2), loses_state=lost) for lost in loses]


def makes_progress(deployment: Deployment, within: float = TAKES_OVER_WITHIN) -> None:
    """Returns once something more is committed than at the call."""
    before = deployment.committed()
    wait_until(lambda: deployment.committed() > before, within=within, what="the workers commit something")


def apply_kills(deployment: Deployment, worker: Worker, kills: list[Kill]) -> None:
    """Kills and restarts a worker again and again, each time in the middle of its work."""
    for kill in kills:
        makes_progress(deployment)
        time.sleep(kill.after)
        worker.kill()
        if kill.loses_state:
            worker.lose_state()
        worker.start()
    makes_progress(deployment)


class Supervised(Watcher):
    """Starts workers again when they end by themselves, as an operator's supervisor does."""

    def __init__(self, *workers: Worker) -> None:
        super().__init__("supervisor")
        self.ends: list[tuple[str, int]] = []
        self._workers = workers

    def _follow(self) -> None:
        while not self._ending.wait(0.1):
            for worker in self._workers:
                if worker.exit_code is not None:
                    self.ends.append((worker.name, worker.exit_code))
                    worker.start()
