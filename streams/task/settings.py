"""What a task is told from outside."""
from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

DEVELOPMENT_KEY = "audience-streams-development"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSettings:
    """profile_key: the deployment's secret behind public profile ids. view_after: ms between two 360 views of a
    profile, None for no views. arrivals: gives the next arrival number at an instant; None for one per task."""

    profile_key: str = DEVELOPMENT_KEY
    view_after: int | None = 60_000
    arrivals: Callable[[int], int] | None = None
    version: str = "0.1.0"
    profile_id: Callable[[str], str] = field(init=False)

    def __post_init__(self) -> None:
        secret = self.profile_key.encode()

        @lru_cache(maxsize=4096)
        def profile_id(key: str) -> str:
            return hmac.digest(secret, key.encode(), "sha256").hex()[:32]

        object.__setattr__(self, "profile_id", profile_id)
