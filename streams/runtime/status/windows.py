"""Rates and percentiles of the last seconds, for the status page: Prometheus' counters and buckets cannot say "now"."""
from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from time import monotonic

from streams.web.status import Percentiles


class Rate:
    """Amounts per second over the last `seconds`. Safe from any thread."""

    def __init__(self, seconds: float = 10.0, clock: Callable[[], float] = monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._amounts: deque[tuple[float, int]] = deque()
        self._lock = threading.Lock()

    def add(self, amount: int) -> None:
        with self._lock:
            self._amounts.append((self._clock(), amount))
            self._drop()

    def per_second(self) -> float:
        with self._lock:
            self._drop()
            return sum(amount for _, amount in self._amounts) / self._seconds

    def _drop(self) -> None:
        oldest = self._clock() - self._seconds
        while self._amounts and self._amounts[0][0] < oldest:
            self._amounts.popleft()


class Latencies:
    """The newest `most` samples of the last `seconds`. Safe from any thread."""

    def __init__(self, seconds: float = 60.0, most: int = 20_000, clock: Callable[[], float] = monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._samples: deque[tuple[float, float]] = deque(maxlen=most)
        self._lock = threading.Lock()

    def add(self, samples: Iterable[float]) -> None:
        now = self._clock()
        with self._lock:
            self._samples.extend((now, sample) for sample in samples)

    def percentiles(self) -> Percentiles:
        oldest = self._clock() - self._seconds
        with self._lock:
            found = sorted(sample for at, sample in self._samples if at >= oldest)
        p50, p95, p99 = (found[int(len(found) * share)] if found else 0.0 for share in (0.5, 0.95, 0.99))
        return Percentiles(p50=p50, p95=p95, p99=p99, samples=len(found))
