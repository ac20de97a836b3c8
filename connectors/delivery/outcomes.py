"""What a destination may answer. Closed: the engine matches all of it, and a connector has no fourth way out."""
from __future__ import annotations

from dataclasses import dataclass
from traceback import extract_tb
from typing import TypeAlias

LONGEST = 200
"""Characters of a reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The destination has it. `reference` is its own id for it; None where it gives none, or what is no short text."""

    reference: str | None = None

    def __post_init__(self) -> None:
        given: object = self.reference
        if not (isinstance(given, str) and given.isprintable() and len(given) <= LONGEST):
            object.__setattr__(self, "reference", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Not now. `until` (epoch ms) is what the destination asked for; None leaves it to the back-off. `to_mend`: not ever,
    until somebody mends the destination: address, credentials or list are wrong."""

    why: str
    until: int | None = None
    to_mend: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Never: the destination will not take this one. `why` names nobody."""

    why: str


def where(failure: Exception) -> str:
    """What failed and where, and not with which words: they may quote a person."""
    place = extract_tb(failure.__traceback__)[-1]
    return f"{type(failure).__name__} at {place.filename}:{place.lineno} in {place.name}"


Outcome: TypeAlias = Delivered | Deferred | Refused
