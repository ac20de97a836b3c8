"""What is asked on `privacy.requests`, on its way through the tasks, and the receipt. Part of the unions of `messages`."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from streams.core.homes import ToIdentifier, ToProfile, ToSequencer

NO_IDENTIFIER = ("it names no identifier that anybody could have; expected namespace:value and no blocked value, such as "
                 "email:jane@example.com or, with its country, phone:+31612345678")


@dataclass(slots=True)
class Asked(ToIdentifier):
    """A record of `privacy.requests`, to the home of its identifier. identifier: as messages give it; empty where no message
    could."""

    request_id: str
    action: str
    identifier: str
    reason: str | None


@dataclass(slots=True)
class Request(ToSequencer):
    """About whoever has the identifier. created: when the lone profile that it is was created; None if it is none."""

    request_id: str
    action: str
    identifier: str
    reason: str | None
    created: int | None

    @property
    def question(self) -> tuple[str, ...]:
        """Requests are repetitions of each other if this is equal, see `receipts`."""
        return self.action, self.request_id, self.identifier


@dataclass(slots=True)
class Suppress(Request):
    """`suppress` or `unsuppress`: whether they are written to."""


@dataclass(slots=True)
class Petition(Request):
    """`erase` or `export`: about the whole person."""


@dataclass(slots=True)
class Suppressing(ToProfile):
    """To a profile: one of its identifiers is suppressed, or no longer. row: as `Node.suppressed`."""

    profile: str
    identifier: str
    row: list[Any]


@dataclass(slots=True)
class Split(ToSequencer):
    """A request, to the sequencer: `split_off`, of whoever has `identifier`, are a person of their own."""

    request_id: str
    identifier: str
    split_off: tuple[str, ...]

    @property
    def question(self) -> tuple[str, ...]:
        """As `Request.question`."""
        return "split", self.request_id, self.identifier, *sorted(self.split_off)


@dataclass(slots=True)
class Announce(ToProfile):
    """To the profile that a split begins, before anything else: what it is given, and from which sources."""

    profile: str
    created: int
    gained: dict[str, list[int]]
    expects: tuple[str, ...]
    suppressed: dict[str, list[Any]]


@dataclass(slots=True)
class Receipt:
    """Output `privacy.receipts`: done, or refused and why. places: where -> how many records."""

    request_id: str
    action: str
    profile_id: str | None
    places: dict[str, int]
    at: int
    outcome: str = "done"
    reason: str | None = None


def refused(request_id: str, action: str, at: int, reason: str) -> Receipt:
    """Nothing was done, and why."""
    return Receipt(request_id, action, None, {}, at, outcome="refused", reason=reason)
