"""What a destination may answer. Closed: the engine matches all of it, and a connector has no fourth way out."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The destination has it. `reference` is its own id for it, if it gives one."""

    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Not now. `until` (epoch ms) is what the destination asked for; None leaves it to the back-off."""

    why: str
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Never: the destination will not take this one. `why` names nobody."""

    why: str


Outcome: TypeAlias = Delivered | Deferred | Refused
