"""What is known from a piece of feedback: an address, and why it is not to be written to any more."""
from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Reason(StrEnum):
    """As it stands in the suppression list, and therefore in the reasons of suppressed activations."""

    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    DO_NOT_CONTACT = "do-not-contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """`id` is the request's: told twice under the same id, it is done once."""

    id: str
    identifier: str
    reason: Reason
    source: str


Tell: TypeAlias = Callable[[Signal], Awaitable[None]]
"""Returns once the request is safe; Retryable if it could not be written: then the sender is to come again."""


def id_of(*parts: str | bytes) -> str:
    """An id that the same report has however often it is sent."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part.encode() if isinstance(part, str) else part).digest())
    return digest.hexdigest()[:32]
