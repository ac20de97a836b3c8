"""What a task is told from outside."""
from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from streams.task.outputs import AGEING

DEVELOPMENT_KEY = "audience-streams-development"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSettings:
    """profile_key: the deployment's secret behind public profile ids. view_after: ms between two 360 views of a
    profile, None for no views. arrivals: gives the next arrival number at an instant; None for one per task. ageing: by
    topic, ms after which a record is gone."""

    profile_key: str = DEVELOPMENT_KEY
    view_after: int | None = 60_000
    arrivals: Callable[[int], int] | None = None
    ageing: Mapping[str, int] = field(default_factory=lambda: AGEING)
    profile_id: Callable[[str], str] = field(init=False)

    def __post_init__(self) -> None:
        keyed = hmac.new(self.profile_key.encode(), digestmod="sha256")

        @lru_cache(maxsize=4096)
        def profile_id(key: str) -> str:
            """Not `hmac.digest`: it lets go of the GIL, and a task then waits up to 5 ms for its turn again."""
            digest = keyed.copy()
            digest.update(key.encode())
            return digest.hexdigest()[:32]

        object.__setattr__(self, "profile_id", profile_id)
