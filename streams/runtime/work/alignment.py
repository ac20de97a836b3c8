"""How far the tasks of a pipeline may run ahead of one another.

Tasks tell each other of events: a cookie's hits may be at home in one partition and its person in another. So after an
outage a task that worked off its backlog faster would judge people, and let them leave, without the events of theirs that
still wait elsewhere. While any task is behind, all keep close to the one that is furthest back, and timers also wait until
what it sent has arrived. Not in step, which would cost a round of commits for every event: within a hundredth of the lag,
an hour's backlog takes a thousand rounds, and is exact to within seconds.

Knows no Kafka. Instants are ms; `reached` is up to when a task has handled everything.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic

from streams.core.intervals import BEGINNING, FOREVER

BEHIND = 1_000
"""ms; whoever is further back holds the others."""
LEAST_LEAD = BEHIND
LEADS = 100
"""The others may be ahead by this part of the lag, and by LEAST_LEAD ms at least: no closer than those who hold nobody. At a
quarter of it, with commits of 70 ms, tasks that had fallen seconds behind at 2,000 events/s never caught up again: every
unit was a fragment of the lead, and the lead was spent on waiting."""
LEAD_COMMITS = 8
"""Or by the time of so many commits: where one took half a second, on a loaded machine, tasks that were held within a second
of one another handled half of what came in."""
HOLD = 3.0
HOLD_COMMITS = 10
"""Seconds, or commits one after the other where these take longer, after which what a task said has certainly arrived,
through as many others as it may take."""
PATIENCE = 10.0
"""Seconds for which a task elsewhere may stand still before it is waited for no more: its worker may be restoring, and one
partition must not stop the others."""
GRAIN = 0.1
"""Seconds between two floors that are remembered."""


class Alignment:
    """One for each worker. Its own tasks report to it; other workers' are heard of through Kafka. Safe from any thread."""

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._wakes: Mapping[int, Callable[[], None]] = {}
        self._own: dict[int, int] = {}
        self._others: dict[int, tuple[int, float]] = {}
        """By partition, the instant that it has reached, and since when it stands there."""
        self._commits: dict[int, float] = {}
        self._floors: deque[tuple[float, int]] = deque()
        self._arrived = BEGINNING
        self._lock = Lock()

    def begin(self, wakes: Mapping[int, Callable[[], None]]) -> None:
        """From now on these tasks run here, each with what wakes it; nothing is known of them yet."""
        self._wakes = wakes
        self._own = dict.fromkeys(wakes, BEGINNING)
        self._others = {}
        self._commits = {}
        self._floors.clear()

    def report(self, partition: int, reached: int, wall: int, commit: float = 0.0) -> None:
        """How far a task here is, as committed, and how many seconds its last commit took. Tasks that waited for it are
        woken."""
        self._commits[partition] = commit
        before = self._own.get(partition)
        if before is None or before == reached:
            return
        is_awaited = before < wall - BEHIND and before <= self._floor()
        self._own[partition] = reached
        if is_awaited:
            self._wake(but=partition)

    def hear(self, reached: Mapping[int, int]) -> None:
        """How far the tasks of all other workers are."""
        now = self._seconds()
        standing_still = {
            partition: (instant, since) for partition, (instant, since) in self._others.items()
            if reached.get(partition) == instant}
        self._others = {partition: (instant, now) for partition, instant in reached.items()} | standing_still
        self._wake()

    def records_until(self, wall: int) -> int:
        """Records later than this must wait, for the tasks here only: two workers that waited for each other's commits would
        never begin."""
        floor = min(tuple(self._own.values()), default=FOREVER)
        lag = wall - floor
        if lag <= BEHIND:
            return FOREVER
        return floor + max(LEAST_LEAD, lag // LEADS, int(LEAD_COMMITS * self._commit() * 1_000))

    def timers_until(self, wall: int) -> int:
        """Timers later than this must wait: it is the floor of a while ago, until all tasks have caught up and what they
        said has arrived."""
        now, floor, floors = self._seconds(), self._floor(), self._floors
        hold = max(HOLD, HOLD_COMMITS * self._commit())
        with self._lock:
            if floor < wall - BEHIND:
                if not floors:
                    self._arrived = floor
                last, _ = floors[-1] if floors else (None, floor)
                if last is None or now - last >= GRAIN:
                    floors.append((now, floor))
            while floors:
                noted, past = floors[0]
                if now - noted <= hold:
                    break
                floors.popleft()
                self._arrived = past
            return self._arrived if floors else FOREVER

    def _commit(self) -> float:
        """Seconds of the slowest of the tasks' last commits."""
        return max(tuple(self._commits.values()), default=0.0)

    def _floor(self) -> int:
        late = self._seconds() - PATIENCE
        others = (instant for instant, since in tuple(self._others.values()) if since > late)
        return min((*tuple(self._own.values()), *others), default=FOREVER)

    def _wake(self, but: int | None = None) -> None:
        for partition, wake in self._wakes.items():
            if partition != but:
                wake()
