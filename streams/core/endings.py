"""How the sequencer and a profile agree that the profile ends. Part of the unions of `messages`.

The profile asks and the sequencer answers, so whatever was decided about the profile meanwhile comes first."""
from __future__ import annotations

from dataclasses import dataclass

from streams.core.homes import ToIdentifier, ToProfile, ToSequencer


@dataclass(slots=True)
class Expire(ToSequencer):
    """To the sequencer: nothing came to this profile for too long. created, heard: as the profile has them, so that no
    decision that is still on its way to it is overlooked; at: the instant. is_known: it has an identifier that is not
    anonymous, and ends by the limit for those."""

    profile: str
    created: int
    heard: int
    at: int
    is_known: bool = False


@dataclass(slots=True)
class Keep(ToProfile):
    """To a profile that asked to end when it had heard `heard` decisions: another one is on its way to it, so it lives
    on."""

    profile: str
    heard: int = 0


@dataclass(slots=True)
class Forget(ToProfile):
    """To a profile: it is over; say so to the world and go. at: the instant from which that is true."""

    profile: str
    at: int


@dataclass(slots=True)
class Vacate(ToIdentifier):
    """To the home of an identifier that nobody has owned for long enough: delete what is kept about it. generations: how
    many profile keys have been named after it."""

    identifier: str
    generations: int = 0


@dataclass(slots=True)
class Bar(ToIdentifier):
    """To the home of an identifier: it was erased, see `barring`; if `is_lifted`, somebody may own it again."""

    identifier: str
    until: int
    is_lifted: bool


@dataclass(slots=True)
class Wipe(ToProfile):
    """To a profile: you are erased. receipt: where the sequencer keeps the answer."""

    profile: str
    receipt: str
    at: int


@dataclass(slots=True)
class Report(ToProfile):
    """To a profile: say what is kept of it. receipt: as in `Wipe`."""

    profile: str
    receipt: str


@dataclass(slots=True)
class Reported(ToSequencer):
    """To the sequencer: what a profile did for a request. places: where -> how many records were removed, or are there."""

    receipt: str
    places: dict[str, int]


@dataclass(slots=True)
class Redact(ToIdentifier):
    """To every task: nobody is this identifier any more, so take it out of what others said or did. is_guess: it is the
    cookie that an alias may have taken an erased customer id for, before that was seen as one."""

    identifier: str
    is_guess: bool = False
