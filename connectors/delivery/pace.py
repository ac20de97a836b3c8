"""How fast a destination may be asked, and when to leave it alone: a token bucket, a breaker, a back-off. Pure.

`at` is epoch milliseconds everywhere; chance is an argument, a share from 0 to 1.
"""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """At most `burst` at once and `per_second` in the long run; `per_second` 0: no limit."""

    per_second: float
    burst: int
    _tokens: float = 0
    _filled_at: int | None = None

    def available(self, at: int) -> int:
        """How many may go now."""
        if not self.per_second:
            return self.burst
        since = self.burst * 1000 / self.per_second if self._filled_at is None else at - self._filled_at
        self._tokens = min(self.burst, self._tokens + max(0, since) * self.per_second / 1000)
        self._filled_at = at
        return int(self._tokens)

    def spend(self, number: int) -> None:
        self._tokens -= number

    def more_at(self, at: int) -> int:
        """When the next token is there."""
        missing = max(0.0, 1 - self._tokens)
        return at + int(missing * 1000 / self.per_second) + 1 if self.per_second else at


@dataclass(slots=True)
class Breaker:
    """Opens after `failures` calls that failed, none between that delivered anything; then lets one try, ever less often."""

    failures: int = 3
    shortest: int = 1_000
    longest: int = 60_000
    _failed: int = 0
    closed_at: int = 0

    def allowed(self, at: int, most: int) -> int:
        """How many may be tried now: all, one as a probe, or none."""
        if not self.is_open:
            return most
        return 1 if at >= self.closed_at else 0

    @property
    def is_open(self) -> bool:
        return self._failed >= self.failures

    def succeeded(self) -> None:
        self._failed = 0
        self.closed_at = 0

    def failed(self, at: int) -> None:
        self._failed += 1
        if self.is_open:
            self.closed_at = at + min(self.longest, self.shortest * 2 ** min(self._failed - self.failures, 30))


def back_off(attempt: int, *, shortest: int, longest: int, chance: float) -> int:
    """Milliseconds until the next attempt: doubling, with full jitter over the upper half, so that those who failed
    together do not come back together. `attempt` 1 is the first that failed."""
    ceiling = min(longest, shortest * 2 ** min(attempt - 1, 30))
    return int(ceiling * (0.5 + chance / 2))
